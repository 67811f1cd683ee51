//! Keeps what tickets and handles stand for: bounded in number and in bytes, for each user and for
//! all, and for a time.

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
    /// For all users together.
    pub(crate) all: Room,
    /// For each user.
    pub(crate) user: Room,
    /// How long an unused entry may stay once room is needed, and how long when it is not.
    pub(crate) idle: Duration,
}

/// How much there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// Entries at most.
    pub(crate) entries: usize,
    /// Bytes at most, by the sizes that [`Shelf::put`] is told.
    pub(crate) bytes: usize,
}

/// Whose an entry is.
#[derive(Debug, Clone)]
pub(crate) struct Owner {
    /// The user.
    pub(crate) user: String,
    /// The session.
    pub(crate) session: Uuid,
}

/// Entries by id. Where room is needed, those idle for too long go first, then those that were
/// released, the oldest first; when all are in use, there is no room.
pub(crate) struct Shelf<T> {
    bounds: Bounds,
    held: Mutex<Held<T>>,
}

struct Held<T> {
    entries: HashMap<Uuid, Entry<T>>,
    all: Load,
    users: HashMap<String, Load>,
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default)]
struct Load {
    entries: usize,
    bytes: usize,
}

struct Entry<T> {
    value: T,
    owner: Owner,
    bytes: usize,
    used: Instant,
    released: bool,
}

impl<T: Clone> Shelf<T> {
    pub(crate) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            held: Mutex::new(Held {
                entries: HashMap::new(),
                all: Load::default(),
                users: HashMap::new(),
            }),
        }
    }

    /// Adds an entry whose text takes `bytes`, and returns its id.
    pub(crate) fn put(&self, owner: Owner, value: T, bytes: usize) -> Result<Uuid, ServerError> {
        let bytes = bytes.saturating_add(BASE_BYTES);
        let Bounds { all, user, .. } = self.bounds;
        let mut held = self.lock();
        let gone_of_user = self.make_room(&mut held, user, bytes, Some(&owner.user));
        let gone = self.make_room(&mut held, all, bytes, None);
        let (gone_of_user, mut gone) = (gone_of_user?, gone?);
        gone.extend(gone_of_user);
        let id = Uuid::new_v4();
        let entry = Entry {
            value,
            owner,
            bytes,
            used: Instant::now(),
            released: false,
        };
        held.insert(id, entry);
        // What goes may have much to drop.
        drop(held);
        drop(gone);
        Ok(id)
    }

    /// The entry, which counts as used now.
    pub(crate) fn get(&self, id: Uuid) -> Option<T> {
        let mut held = self.lock();
        let entry = held.entries.get_mut(&id)?;
        entry.used = Instant::now();
        Some(entry.value.clone())
    }

    /// Says that an entry has served: it stays for a second reading, but goes when room is needed.
    pub(crate) fn release(&self, id: Uuid) {
        if let Some(entry) = self.lock().entries.get_mut(&id) {
            entry.released = true;
        }
    }

    /// Says how much an entry takes from now on: its text of `bytes`, and what was added to it.
    pub(crate) fn resize(&self, id: Uuid, bytes: usize) -> Result<(), ServerError> {
        let bytes = bytes.saturating_add(BASE_BYTES);
        let mut held = self.lock();
        // The room is that of a new entry, without the old one.
        let Some(mut entry) = held.take(id) else {
            return Ok(());
        };
        let before = std::mem::replace(&mut entry.bytes, bytes);
        let Bounds { all, user, .. } = self.bounds;
        let owner = entry.owner.user.clone();
        let gone_of_user = self.make_room(&mut held, user, bytes, Some(&owner));
        let gone = self.make_room(&mut held, all, bytes, None);
        let outcome = match (&gone_of_user, &gone) {
            (Err(error), _) | (_, Err(error)) => {
                entry.bytes = before;
                Err(ServerError::Limit(error.to_string()))
            }
            _ => Ok(()),
        };
        held.insert(id, entry);
        drop(held);
        drop((gone_of_user, gone));
        outcome
    }

    /// Removes an entry.
    pub(crate) fn remove(&self, id: Uuid) -> Option<T> {
        self.lock().remove(id)
    }

    /// Removes all entries of a session.
    pub(crate) fn end(&self, session: Uuid) {
        self.sweep_where(|entry| entry.owner.session == session);
    }

    /// Removes entries that nobody has used for long.
    pub(crate) fn sweep(&self) {
        let idle = self.bounds.idle;
        self.sweep_where(|entry| entry.used.elapsed() >= idle);
    }

    /// The values of all entries.
    pub(crate) fn values(&self) -> Vec<T> {
        let held = self.lock();
        held.entries
            .values()
            .map(|entry| entry.value.clone())
            .collect()
    }

    fn sweep_where(&self, is_over: impl Fn(&Entry<T>) -> bool) {
        let gone = self.lock().remove_where(is_over);
        drop(gone);
    }

    /// Makes room for an entry of a user, or of all, and returns what went for it.
    fn make_room(
        &self,
        held: &mut Held<T>,
        room: Room,
        bytes: usize,
        user: Option<&str>,
    ) -> Result<Vec<T>, ServerError> {
        let concerns = |entry: &Entry<T>| user.is_none_or(|user| entry.owner.user == user);
        let mut gone = Vec::new();
        if !held.fits(room, bytes, user) {
            let idle = self.bounds.idle;
            gone = held.remove_where(|entry| concerns(entry) && entry.used.elapsed() >= idle);
        }
        while !held.fits(room, bytes, user) {
            let oldest = held
                .entries
                .iter()
                .filter(|(_, entry)| entry.released && concerns(entry))
                .min_by_key(|(_, entry)| entry.used)
                .map(|(id, _)| *id);
            let Some(oldest) = oldest else {
                let who = user.unwrap_or("the server");
                return Err(ServerError::Limit(format!(
                    "{who} may keep at most {} {} or {} MiB of them, and all are in use; \
                     finish or close some",
                    room.entries,
                    self.bounds.what,
                    room.bytes >> 20
                )));
            };
            gone.extend(held.remove(oldest));
        }
        Ok(gone)
    }

    fn lock(&self) -> MutexGuard<'_, Held<T>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Held<T> {
    fn insert(&mut self, id: Uuid, entry: Entry<T>) {
        let user = self.users.entry(entry.owner.user.clone()).or_default();
        for load in [&mut self.all, user] {
            load.entries += 1;
            load.bytes += entry.bytes;
        }
        self.entries.insert(id, entry);
    }

    fn remove(&mut self, id: Uuid) -> Option<T> {
        self.take(id).map(|entry| entry.value)
    }

    fn take(&mut self, id: Uuid) -> Option<Entry<T>> {
        let entry = self.entries.remove(&id)?;
        self.all.entries -= 1;
        self.all.bytes -= entry.bytes;
        if let Some(user) = self.users.get_mut(&entry.owner.user) {
            user.entries -= 1;
            user.bytes -= entry.bytes;
            if user.entries == 0 {
                self.users.remove(&entry.owner.user);
            }
        }
        Some(entry)
    }

    fn remove_where(&mut self, is_over: impl Fn(&Entry<T>) -> bool) -> Vec<T> {
        let over = self.entries.iter().filter(|(_, entry)| is_over(entry));
        let over: Vec<Uuid> = over.map(|(id, _)| *id).collect();
        over.into_iter().filter_map(|id| self.remove(id)).collect()
    }

    fn fits(&self, room: Room, bytes: usize, user: Option<&str>) -> bool {
        let load = match user {
            None => self.all,
            Some(user) => self.users.get(user).copied().unwrap_or_default(),
        };
        load.entries < room.entries && load.bytes.saturating_add(bytes) <= room.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shelf(idle: Duration) -> Shelf<&'static str> {
        let room = |entries| Room {
            entries,
            bytes: 1 << 20,
        };
        Shelf::new(Bounds {
            what: "open results",
            all: room(3),
            user: room(2),
            idle,
        })
    }

    fn of(user: &str) -> Owner {
        Owner {
            user: user.to_owned(),
            session: Uuid::nil(),
        }
    }

    #[test]
    fn released_entries_make_room_oldest_first() {
        let shelf = shelf(Duration::from_secs(60));
        let first = shelf.put(of("ada"), "a", 1).unwrap();
        let second = shelf.put(of("ada"), "b", 1).unwrap();
        assert!(shelf.put(of("ada"), "c", 1).is_err());
        shelf.release(first);
        shelf.release(second);
        assert_eq!(shelf.get(first), Some("a"));
        let third = shelf.put(of("ada"), "c", 1).unwrap();
        assert_eq!(shelf.get(second), None);
        assert_eq!(shelf.get(first), Some("a"));
        assert_eq!(shelf.remove(third), Some("c"));
        assert_eq!(shelf.get(third), None);
    }

    #[test]
    fn idle_entries_make_room_and_are_swept() {
        let shelf = shelf(Duration::ZERO);
        let first = shelf.put(of("ada"), "a", 1).unwrap();
        shelf.put(of("ada"), "b", 1).unwrap();
        shelf.put(of("ada"), "c", 1).unwrap();
        assert_eq!(shelf.get(first), None);
        shelf.sweep();
        assert!(shelf.values().is_empty());
    }

    #[test]
    fn one_user_leaves_room_for_others() {
        let shelf = shelf(Duration::from_secs(60));
        shelf.put(of("ada"), "a", 1).unwrap();
        shelf.put(of("ada"), "b", 1).unwrap();
        shelf.put(of("ada"), "c", 1).unwrap_err();
        shelf.put(of("bob"), "d", 1).unwrap();
        let error = shelf.put(of("eve"), "e", 1).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("the server may keep at most 3")
        );
        shelf.end(Uuid::nil());
        shelf.put(of("eve"), "e", 1).unwrap();
    }

    #[test]
    fn what_is_added_to_an_entry_counts() {
        let shelf = shelf(Duration::from_secs(60));
        let first = shelf.put(of("ada"), "a", 1).unwrap();
        let second = shelf.put(of("ada"), "b", 1).unwrap();
        shelf.resize(first, 900_000).unwrap();
        let error = shelf.resize(second, 900_000).unwrap_err();
        assert!(error.to_string().contains("1 MiB"), "{error}");
        assert_eq!(
            (shelf.get(first), shelf.get(second)),
            (Some("a"), Some("b"))
        );
        shelf.resize(first, 1).unwrap();
        shelf.resize(second, 900_000).unwrap();
    }

    #[test]
    fn bytes_are_bounded_too() {
        let shelf = shelf(Duration::from_secs(60));
        shelf.put(of("ada"), "a", 900_000).unwrap();
        let error = shelf.put(of("ada"), "b", 900_000).unwrap_err();
        assert_eq!(
            error.to_string(),
            "ada may keep at most 2 open results or 1 MiB of them, and all are in use; \
             finish or close some"
        );
    }
}
