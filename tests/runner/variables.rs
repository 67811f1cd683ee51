//! The names that SQL in `.slt` files may use for folders.

use std::sync::Arc;

use tempfile::TempDir;

use crate::support::shipped;

/// Values of `$DATA`, `$SHIPPED` and `$TMP`; the last is removed with the last clone.
#[derive(Clone)]
pub(crate) struct Variables {
    temporary: Arc<TempDir>,
}

impl Variables {
    /// The values for one run of one file.
    pub(crate) fn fresh() -> Self {
        Self {
            temporary: Arc::new(TempDir::new().unwrap()),
        }
    }

    /// `sql` with each name replaced by its folder.
    pub(crate) fn substitute(&self, sql: &str) -> String {
        let data = std::env::var("COHORTQL_DATA").unwrap_or_default();
        sql.replace("$DATA", &data)
            .replace("$SHIPPED", &shipped().to_string_lossy())
            .replace("$TMP", &self.temporary.path().to_string_lossy())
    }
}
