//! The names that a session knows, among which the nearest to a misspelt one is found.

use datafusion::execution::SessionState;

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
