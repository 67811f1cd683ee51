//! A table's name, from that of its file or folder.

use super::classify;
pub(crate) use crate::nearest::did_you_mean;

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
}
