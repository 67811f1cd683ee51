//! Keeps what tickets and handles stand for: bounded in number and in bytes, and for a time.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::error::ServerError;

/// Counted for every entry beside its text.
const BASE_BYTES: usize = 16 << 10;

/// How much a shelf may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// What the entries are called in errors.
    pub(crate) what: &'static str,
    /// Entries at most.
    pub(crate) entries: usize,
    /// Bytes at most, by the sizes that [`Shelf::put`] is told.
    pub(crate) bytes: usize,
    /// How long an unused entry may stay once room is needed.
    pub(crate) idle: Duration,
}

/// Entries by id. Where room is needed, those idle for too long go first, then those that were
/// released, the oldest first; when all are in use, there is no room.
pub(crate) struct Shelf<T> {
    bounds: Bounds,
    entries: Mutex<HashMap<Uuid, Entry<T>>>,
}

struct Entry<T> {
    value: T,
    bytes: usize,
    used: Instant,
    released: bool,
}

impl<T: Clone> Shelf<T> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            entries: Mutex::new(HashMap::new()),
        }
    }

    /// Adds an entry whose text takes `bytes`, and returns its id.
    pub(crate) fn put(&self, value: T, bytes: usize) -> Result<Uuid, ServerError> {
        let bytes = bytes.saturating_add(BASE_BYTES);
        let mut entries = self.lock();
        if !self.has_room(&entries, bytes) {
            let idle = self.bounds.idle;
            entries.retain(|_, entry| entry.used.elapsed() < idle);
        }
        while !self.has_room(&entries, bytes) {
            let oldest = entries
                .iter()
                .filter(|(_, entry)| entry.released)
                .min_by_key(|(_, entry)| entry.used)
                .map(|(id, _)| *id);
            let Some(oldest) = oldest else {
                return Err(ServerError::Limit(format!(
                    "the server keeps at most {} {} or {} MiB of them, and all are in use; \
                     finish or close some",
                    self.bounds.entries,
                    self.bounds.what,
                    self.bounds.bytes >> 20
                )));
            };
            entries.remove(&oldest);
        }
        let id = Uuid::new_v4();
        let entry = Entry {
            value,
            bytes,
            used: Instant::now(),
            released: false,
        };
        entries.insert(id, entry);
        Ok(id)
    }

    /// The entry, which counts as used now.
    pub(crate) fn get(&self, id: Uuid) -> Option<T> {
        let mut entries = self.lock();
        let entry = entries.get_mut(&id)?;
        entry.used = Instant::now();
        Some(entry.value.clone())
    }

    /// Says that an entry has served: it stays for a second reading, but goes when room is needed.
    pub(crate) fn release(&self, id: Uuid) {
        if let Some(entry) = self.lock().get_mut(&id) {
            entry.released = true;
        }
    }

    /// Removes an entry.
    pub(crate) fn remove(&self, id: Uuid) -> Option<T> {
        self.lock().remove(&id).map(|entry| entry.value)
    }

    fn has_room(&self, entries: &HashMap<Uuid, Entry<T>>, bytes: usize) -> bool {
        let held: usize = entries.values().map(|entry| entry.bytes).sum();
        entries.len() < self.bounds.entries && held.saturating_add(bytes) <= self.bounds.bytes
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, Entry<T>>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(idle: Duration) -> Shelf<&'static str> {
        Shelf::new(Bounds {
            what: "open results",
            entries: 2,
            bytes: 1 << 20,
            idle,
        })
    }

    #[test]
    fn released_entries_make_room_oldest_first() {
        let shelf = shelf(Duration::from_secs(60));
        let first = shelf.put("a", 1).unwrap();
        let second = shelf.put("b", 1).unwrap();
        assert!(shelf.put("c", 1).is_err());
        shelf.release(first);
        shelf.release(second);
        assert_eq!(shelf.get(first), Some("a"));
        let third = shelf.put("c", 1).unwrap();
        assert_eq!(shelf.get(second), None);
        assert_eq!(shelf.get(first), Some("a"));
        assert_eq!(shelf.remove(third), Some("c"));
        assert_eq!(shelf.get(third), None);
    }

    #[test]
    fn idle_entries_make_room() {
        let shelf = shelf(Duration::ZERO);
        let first = shelf.put("a", 1).unwrap();
        shelf.put("b", 1).unwrap();
        shelf.put("c", 1).unwrap();
        assert_eq!(shelf.get(first), None);
    }

    #[test]
    fn bytes_are_bounded_too() {
        let shelf = shelf(Duration::from_secs(60));
        shelf.put("a", 900_000).unwrap();
        let error = shelf.put("b", 900_000).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the server keeps at most 2 open results or 1 MiB of them, and all are in use; \
             finish or close some"
        );
    }
}
