//! Names: a table's from its file's or folder's, and the nearest one to a typo.

use super::classify;

/// The table name for a file or folder: without the extensions of formats and
/// compressions, in lower case, every other character an underscore.
///
/// `my-orders 2024.csv.gz` is `my_orders_2024`; a leading digit gets an
/// underscore before it, so that the name needs no quotes.
pub(crate) fn table_name(file: &str) -> String {
    let stem = classify::strip_extensions(file.trim_end_matches('/'));
    let stem = stem.rsplit('/').next().unwrap_or(stem);
    let mut name = String::with_capacity(stem.len());
    for c in stem.trim().chars() {
        if c.is_alphanumeric() {
            name.extend(c.to_lowercase());
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_matches('_');
    match name.chars().next() {
        None => "data".to_string(),
        Some(c) if c.is_numeric() => format!("_{name}"),
        Some(_) => name.to_string(),
    }
}

/// The candidate most like `wanted`, when one is near enough to be meant.
pub(crate) fn nearest<'a>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let lower = wanted.to_lowercase();
    candidates
        .into_iter()
        .map(|c| (strsim::jaro_winkler(&lower, &c.to_lowercase()), c))
        .filter(|(score, _)| *score > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, c)| c)
}

/// `; did you mean "x"?`, or nothing when no candidate is near.
pub(crate) fn did_you_mean<'a>(
    wanted: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> String {
    nearest(wanted, candidates).map_or_else(String::new, |c| format!("; did you mean \"{c}\"?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_become_identifiers() {
        for (file, name) in [
            ("my-orders 2024.csv.gz", "my_orders_2024"),
            ("Orders.PARQUET", "orders"),
            ("2024.csv", "_2024"),
            ("sales/", "sales"),
            ("a.b.ndjson.zst", "a_b"),
            ("--.csv", "data"),
            ("größe.csv", "größe"),
        ] {
            assert_eq!(table_name(file), name, "{file}");
        }
    }

    #[test]
    fn only_near_names_are_offered() {
        assert_eq!(
            nearest("odrers.csv", ["orders.csv", "x.csv"]),
            Some("orders.csv")
        );
        assert_eq!(nearest("orders", ["zzz"]), None);
    }
}
