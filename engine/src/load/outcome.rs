//! What a load has come to.

/// What a load has come to.
///
/// The numbers add up: all rows that were read were inserted, updated, unchanged, dropped for a later
/// one of their key, or put into quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// The table, with its schema.
    pub table: String,
    /// The table of the rows that did not fit, if there were any.
    pub quarantine: Option<String>,
    /// What tells this load from others.
    pub id: String,
    /// The word of the mode.
    pub mode: &'static str,
    /// What became of the rows.
    pub counts: Counts,
    /// Columns that the load has added to the table.
    pub added_columns: Vec<String>,
    /// Whether the table had taken these files before, so that nothing was done.
    pub was_loaded: bool,
    /// Whether rows were not marked as deleted, since a row came whose key cannot be read.
    pub withheld_deletions: bool,
}

/// What became of rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows that the source had.
    pub read: u64,
    /// Those that are new in the table.
    pub inserted: u64,
    /// Those that changed a row of their key.
    pub updated: u64,
    /// Those that were in the table just so.
    pub unchanged: u64,
    /// Those that a later row of their key was taken for.
    pub duplicates: u64,
    /// Those that do not fit the table.
    pub quarantined: u64,
    /// Rows of the table that the source has no more, and that are marked so.
    pub marked_deleted: u64,
    /// Rows of the table that were replaced.
    pub removed: u64,
}

impl Counts {
    /// Whether every row that was read is accounted for.
    pub fn add_up(&self) -> bool {
        let parts = [
            self.inserted,
            self.updated,
            self.unchanged,
            self.duplicates,
            self.quarantined,
        ];
        parts.iter().sum::<u64>() == self.read
    }
}
