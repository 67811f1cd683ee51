//! What is asked of a load.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

/// The column that marks deleted rows unless another is named.
pub const DELETED_COLUMN: &str = "_deleted";

/// Rows from a source, and the table that they go into.
#[derive(Debug, Clone)]
pub struct LoadRequest {
    /// Where the rows come from.
    pub source: LoadSource,
    /// The table's name, which may come with its schema: `shop.orders`.
    pub table: String,
    /// The folder of the table, if it is not to be where the project keeps its tables.
    pub location: Option<String>,
    /// What becomes of the rows that the table has.
    pub mode: LoadMode,
    /// Columns and types of a table to be made, as `CREATE TABLE` has them; those of the source when
    /// there are none.
    pub columns: Option<String>,
    /// Columns that have another name in the source: ours, and the source's.
    pub rename: BTreeMap<String, String>,
    /// Columns in which NULL does not fit, besides those of a key.
    pub not_null: Vec<String>,
    /// Add columns to the table that only the source has.
    pub add_columns: bool,
    /// How many rows may not fit before nothing is loaded.
    pub max_quarantined: Option<MaxQuarantined>,
    /// Take a source without rows for one that has none, rather than for a mistake.
    pub allow_empty: bool,
    /// Append files that the table has taken already.
    pub again: bool,
    /// What tells this load from others; found from the files when there is none.
    pub id: Option<String>,
}

impl LoadRequest {
    /// Rows of a source, added to a table.
    pub fn new(source: LoadSource, table: impl Into<String>) -> Self {
        Self {
            source,
            table: table.into(),
            location: None,
            mode: LoadMode::Append,
            columns: None,
            rename: BTreeMap::new(),
            not_null: Vec::new(),
            add_columns: false,
            max_quarantined: None,
            allow_empty: false,
            again: false,
            id: None,
        }
    }
}

/// Where rows come from.
#[derive(Debug, Clone)]
pub enum LoadSource {
    /// A file, a folder of files, a pattern, or a URL of these.
    Files {
        /// Where they are; relative paths count from the working directory.
        location: String,
        /// Their format, if their names do not tell.
        format: Option<String>,
        /// Options of the format.
        options: BTreeMap<String, String>,
    },
    /// A database of PostgreSQL's.
    Postgres {
        /// `postgres://user@host:port/database`.
        url: String,
        /// What to read there.
        relation: Relation,
    },
}

impl LoadSource {
    /// Files whose names tell their format.
    pub fn files(location: impl Into<String>) -> Self {
        Self::Files {
            location: location.into(),
            format: None,
            options: BTreeMap::new(),
        }
    }
}

/// What to read of a database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// A table or view, which may come with its schema.
    Table(String),
    /// The rows of a query, in the database's own SQL.
    Query(String),
}

/// What becomes of the rows that the table has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadMode {
    /// They stay, and others come.
    Append,
    /// They go.
    Replace,
    /// Those whose key comes are updated.
    Merge(Merge),
}

impl LoadMode {
    /// The mode as the command line has it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Append => "append",
            Self::Replace => "replace",
            Self::Merge(_) => "merge",
        }
    }
}

/// How rows are merged into those of a table.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merge {
    /// The columns that tell rows apart.
    pub key: Vec<String>,
    /// The column whose greatest value wins among rows of one key.
    pub order_by: Option<String>,
    /// The source has all rows there are: those that it has no more are marked in this column.
    pub deleted_column: Option<String>,
}

/// How many rows may not fit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum MaxQuarantined {
    /// So many.
    Rows(u64),
    /// So many of a hundred that were read.
    Percent(f64),
}

impl MaxQuarantined {
    /// Whether more did not fit.
    pub(super) fn is_exceeded(self, quarantined: u64, read: u64) -> bool {
        match self {
            Self::Rows(most) => quarantined > most,
            #[expect(
                clippy::cast_precision_loss,
                reason = "a share need not be exact beyond 2^53 rows"
            )]
            Self::Percent(most) => quarantined as f64 * 100.0 > most * read as f64,
        }
    }
}

impl FromStr for MaxQuarantined {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("expected a number of rows or a share such as 0.5%, got {text:?}");
        match text.strip_suffix('%') {
            None => text.parse().map(Self::Rows).map_err(|_| wrong()),
            Some(share) => match share.trim().parse() {
                Ok(share) if (0.0..=100.0).contains(&share) => Ok(Self::Percent(share)),
                _ => Err(wrong()),
            },
        }
    }
}

impl fmt::Display for MaxQuarantined {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rows(rows) => write!(formatter, "{rows}"),
            Self::Percent(share) => write!(formatter, "{share}%"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_rows_or_shares() {
        assert_eq!("12".parse(), Ok(MaxQuarantined::Rows(12)));
        assert_eq!("0.5%".parse(), Ok(MaxQuarantined::Percent(0.5)));
        for text in ["", "-1", "many", "101%", "NaN%", "1.5"] {
            let error = text.parse::<MaxQuarantined>().unwrap_err();
            assert!(error.starts_with("expected a number of rows"), "{error}");
        }
    }

    #[test]
    fn a_limit_holds_to_its_last_row() {
        assert!(!MaxQuarantined::Rows(2).is_exceeded(2, 10));
        assert!(MaxQuarantined::Rows(2).is_exceeded(3, 10));
        assert!(!MaxQuarantined::Percent(10.0).is_exceeded(1, 10));
        assert!(MaxQuarantined::Percent(10.0).is_exceeded(2, 10));
        assert!(!MaxQuarantined::Percent(0.0).is_exceeded(0, 0));
    }
}
