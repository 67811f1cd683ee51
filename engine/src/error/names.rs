//! The nearest name that exists, for messages about names that do not.

use datafusion::execution::SessionState;

/// The candidate that is most like `name`, when one is like it at all.
fn nearest<S: AsRef<str>>(name: &str, candidates: impl IntoIterator<Item = S>) -> Option<String> {
    let name = name.to_lowercase();
    let allowed = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| {
            let lower = candidate.as_ref().to_lowercase();
            (strsim::damerau_levenshtein(&name, &lower), candidate)
        })
        .filter(|(distance, _)| *distance <= allowed)
        .min_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.as_ref().cmp(y.as_ref())))
        .map(|(_, candidate)| candidate.as_ref().to_owned())
}

/// `; did you mean "orders"?` when a candidate is near, else nothing.
pub(super) fn hint<S: AsRef<str>>(name: &str, candidates: impl IntoIterator<Item = S>) -> String {
    match nearest(name, candidates) {
        Some(near) => format!("; did you mean {near:?}?"),
        None => String::new(),
    }
}

/// Tables and views of every schema: bare names in the session's own, `schema.name` elsewhere.
pub(super) fn tables(state: &SessionState) -> Vec<String> {
    let options = &state.config_options().catalog;
    let Some(catalog) = state.catalog_list().catalog(&options.default_catalog) else {
        return Vec::new();
    };
    let mut names = Vec::new();
    for schema_name in catalog.schema_names() {
        let Some(schema) = catalog.schema(&schema_name) else {
            continue;
        };
        for table in schema.table_names() {
            names.push(if schema_name == options.default_schema {
                table
            } else {
                format!("{schema_name}.{table}")
            });
        }
    }
    names
}

/// Every function that may be called, of any kind.
pub(super) fn functions(state: &SessionState) -> Vec<String> {
    let scalar = state.scalar_functions().keys();
    let aggregate = state.aggregate_functions().keys();
    let window = state.window_functions().keys();
    let table = state.table_functions().keys();
    scalar
        .chain(aggregate)
        .chain(window)
        .chain(table)
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_far_ones_are_not() {
        let tables = ["orders", "customers", "order_lines"];
        assert_eq!(nearest("ordrs", tables).as_deref(), Some("orders"));
        assert_eq!(nearest("CUSTOMER", tables).as_deref(), Some("customers"));
        assert_eq!(nearest("payments", tables), None);
        assert_eq!(nearest("x", ["y", "a_long_one"]).as_deref(), Some("y"));
    }
}
