//! How far a running query has come.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that a query moves while it runs; reading them is cheap.
#[derive(Debug, Default)]
pub struct Progress {
    rows_returned: AtomicU64,
}

impl Progress {
    /// Rows handed to the caller so far.
    pub fn rows_returned(&self) -> u64 {
        self.rows_returned.load(Ordering::Relaxed)
    }

    /// Rows read from tables so far.
    pub fn rows_read(&self) -> u64 {
        0
    }

    /// Bytes read from files so far.
    pub fn bytes_read(&self) -> u64 {
        0
    }

    /// Rows that will be read in all, where the tables know.
    pub fn total_rows(&self) -> Option<u64> {
        None
    }

    /// Bytes that will be read in all, where the files' sizes are known.
    pub fn total_bytes(&self) -> Option<u64> {
        None
    }

    pub(crate) fn returned(&self, rows: usize) {
        self.rows_returned
            .fetch_add(u64::try_from(rows).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}
