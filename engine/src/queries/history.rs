//! The statements that have ended last.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::QueryRecord;

/// Bytes that all records together take; the oldest make room.
const MOST_BYTES: usize = 32 << 20;

/// The newest records, in the order in which their statements ended.
#[derive(Debug)]
pub(crate) struct History {
    most: usize,
    most_bytes: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    records: VecDeque<Arc<QueryRecord>>,
    bytes: usize,
}

impl History {
    /// Keeps as many records, or fewer when they are large.
    pub(crate) fn of(most: usize) -> Self {
        Self::bounded(most, MOST_BYTES)
    }

    fn bounded(most: usize, most_bytes: usize) -> Self {
        Self {
            most,
            most_bytes,
            kept: Mutex::default(),
        }
    }

    pub(crate) fn add(&self, record: Arc<QueryRecord>) {
        if self.most == 0 {
            return;
        }
        let mut kept = self.lock();
        kept.bytes += record.size();
        kept.records.push_back(record);
        while kept.records.len() > self.most || kept.bytes > self.most_bytes {
            let Some(oldest) = kept.records.pop_front() else {
                return;
            };
            kept.bytes = kept.bytes.saturating_sub(oldest.size());
        }
    }

    /// All that are kept, oldest first.
    pub(crate) fn list(&self) -> Vec<Arc<QueryRecord>> {
        self.lock().records.iter().map(Arc::clone).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::queries::tests::info;

    fn record(number: u64, sql: &str) -> Arc<QueryRecord> {
        Arc::new(QueryRecord::of(&info(number, sql), None))
    }

    fn ids(history: &History) -> Vec<String> {
        let records = history.list();
        records.iter().map(|record| record.id.to_string()).collect()
    }

    #[test]
    fn the_oldest_make_room() {
        let history = History::of(2);
        for number in 1..=3 {
            history.add(record(number, "SELECT 1"));
        }
        assert_eq!(ids(&history), ["q2", "q3"]);
    }

    #[test]
    fn large_ones_leave_room_for_fewer() {
        let size = record(1, "SELECT 1").size();
        let history = History::bounded(100, 3 * size);
        for number in 1..=5 {
            history.add(record(number, "SELECT 1"));
        }
        assert_eq!(ids(&history), ["q3", "q4", "q5"]);
        history.add(record(6, &"x".repeat(size)));
        assert_eq!(ids(&history), ["q5", "q6"]);
        let left: usize = history.list().iter().map(|record| record.size()).sum();
        assert_eq!(history.lock().bytes, left);
    }

    #[test]
    fn none_are_kept_where_none_are_wanted() {
        let history = History::of(0);
        history.add(record(1, "SELECT 1"));
        assert!(history.list().is_empty());
    }
}
