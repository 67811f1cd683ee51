//! The entries of a shelf, and what they come to.

use std::collections::HashMap;
use std::time::Instant;

use uuid::Uuid;

use super::{Owner, Room};

/// Entries by id, counted for each user and for all.
pub(super) struct Held<T> {
    entries: HashMap<Uuid, Entry<T>>,
    all: Load,
    users: HashMap<String, Load>,
}

/// One that is kept.
pub(super) struct Entry<T> {
    pub(super) value: T,
    pub(super) owner: Owner,
    pub(super) bytes: usize,
    pub(super) used: Instant,
    /// Whether it has served.
    pub(super) released: bool,
}

/// How much there is.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Load {
    entries: usize,
    bytes: usize,
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self {
            entries: HashMap::new(),
            all: Load::default(),
            users: HashMap::new(),
        }
    }
}

impl<T> Held<T> {
    pub(super) fn insert(&mut self, id: Uuid, entry: Entry<T>) {
        let user = self.users.entry(entry.owner.user.clone()).or_default();
        for load in [&mut self.all, user] {
            load.add(entry.bytes);
        }
        self.entries.insert(id, entry);
    }

    pub(super) fn get_mut(&mut self, id: Uuid) -> Option<&mut Entry<T>> {
        self.entries.get_mut(&id)
    }

    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry<T>> {
        self.entries.values()
    }

    pub(super) fn take(&mut self, id: Uuid) -> Option<Entry<T>> {
        let entry = self.entries.remove(&id)?;
        self.all.subtract(entry.bytes);
        if let Some(user) = self.users.get_mut(&entry.owner.user) {
            user.subtract(entry.bytes);
            if user.entries == 0 {
                self.users.remove(&entry.owner.user);
            }
        }
        Some(entry)
    }

    pub(super) fn take_where(&mut self, is_over: impl Fn(&Entry<T>) -> bool) -> Vec<Entry<T>> {
        let over = self.entries.iter().filter(|(_, entry)| is_over(entry));
        let over: Vec<Uuid> = over.map(|(id, _)| *id).collect();
        over.into_iter().filter_map(|id| self.take(id)).collect()
    }

    /// How much there is of a user, or of all.
    pub(super) fn load(&self, user: Option<&str>) -> Load {
        match user {
            None => self.all,
            Some(user) => self.users.get(user).copied().unwrap_or_default(),
        }
    }

    /// How much of it are certain entries.
    pub(super) fn load_where(
        &self,
        user: Option<&str>,
        counts: impl Fn(&Entry<T>) -> bool,
    ) -> Load {
        let mut load = Load::default();
        for entry in self.entries() {
            if entry.is_of(user) && counts(entry) {
                load.add(entry.bytes);
            }
        }
        load
    }

    /// The one of certain entries that nobody has used for longest.
    pub(super) fn oldest(
        &self,
        user: Option<&str>,
        counts: impl Fn(&Entry<T>) -> bool,
    ) -> Option<Uuid> {
        let entries = self.entries.iter();
        entries
            .filter(|(_, entry)| entry.is_of(user) && counts(entry))
            .min_by_key(|(_, entry)| entry.used)
            .map(|(id, _)| *id)
    }
}

impl<T> Entry<T> {
    fn is_of(&self, user: Option<&str>) -> bool {
        user.is_none_or(|user| self.owner.user == user)
    }
}

impl Load {
    fn add(&mut self, bytes: usize) {
        self.entries += 1;
        self.bytes += bytes;
    }

    fn subtract(&mut self, bytes: usize) {
        self.entries -= 1;
        self.bytes -= bytes;
    }

    /// Whether one more fits beside it.
    pub(super) fn leaves(self, room: Room, bytes: usize) -> bool {
        self.entries < room.entries && self.bytes.saturating_add(bytes) <= room.bytes
    }
}
