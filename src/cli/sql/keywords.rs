//! The words that are coloured and completed as keywords.
//!
//! Not all that the parser knows, which are some nine hundred: those that people
//! type in queries over tables of events and orders.

/// In alphabetical order, so that membership is a binary search.
#[rustfmt::skip]
const KEYWORDS: &[&str] = &[
    "ALL", "ANALYZE", "AND", "ANTI", "ANY", "AS", "ASC", "BETWEEN", "BIGINT", "BOOLEAN", "BY",
    "CASE", "CAST", "COPY", "CREATE", "CROSS", "CURRENT", "DATE", "DECIMAL", "DELETE", "DESC",
    "DESCRIBE", "DISTINCT", "DOUBLE", "DROP", "ELSE", "END", "EXCEPT", "EXCLUDE", "EXISTS",
    "EXPLAIN", "EXTERNAL", "EXTRACT", "FALSE", "FILTER", "FIRST", "FOLLOWING", "FROM", "FULL",
    "GROUP", "GROUPING", "HAVING", "IF", "ILIKE", "IN", "INNER", "INSERT", "INT", "INTERSECT",
    "INTERVAL", "INTO", "IS", "JOIN", "LAST", "LATERAL", "LEFT", "LIKE", "LIMIT", "LOCATION",
    "NATURAL", "NOT", "NULL", "NULLS", "OF", "OFFSET", "ON", "OPTIMIZE", "OPTIONS", "OR",
    "ORDER", "OUTER", "OVER", "PARTITION", "PARTITIONED", "PRECEDING", "QUALIFY", "RANGE",
    "RECURSIVE", "REPLACE", "RIGHT", "ROLLUP", "ROW", "ROWS", "SELECT", "SEMI", "SET", "SETS",
    "SHOW", "SIMILAR", "SMALLINT", "STORED", "TABLE", "TABLES", "THEN", "TIMESTAMP", "TO",
    "TRUE", "TRY_CAST", "UNBOUNDED", "UNION", "UNNEST", "UPDATE", "USING", "VACUUM", "VALUES",
    "VARCHAR", "VERSION", "VIEW", "WHEN", "WHERE", "WINDOW", "WITH", "WITHIN", "ZONE",
];

/// Whether `word` is a keyword, in whatever case.
pub(crate) fn is_keyword(word: &str) -> bool {
    let upper = word.to_ascii_uppercase();
    KEYWORDS.binary_search(&upper.as_str()).is_ok()
}

/// Every keyword, in upper case and alphabetical order.
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_found_in_any_case() {
        assert!(KEYWORDS.is_sorted());
        assert!(is_keyword("Select") && is_keyword("zone") && !is_keyword("cohort"));
    }
}
