//! The entries of a shelf, and what they come to.

use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

use uuid::Uuid;

use super::{Owner, Room};

/// Entries by id, and what there is of each user and of all.
pub(super) struct Held<T> {
    entries: HashMap<Uuid, Entry<T>>,
    all: Part,
    users: HashMap<String, Part>,
}

/// Some of the entries.
#[derive(Default)]
struct Part {
    load: Load,
    /// From the one that nobody has used for longest.
    by_use: BTreeSet<(Instant, Uuid)>,
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
            all: Part::default(),
            users: HashMap::new(),
        }
    }
}

impl<T> Held<T> {
    pub(super) fn insert(&mut self, id: Uuid, entry: Entry<T>) {
        let user = self.users.entry(entry.owner.user.clone()).or_default();
        for part in [&mut self.all, user] {
            part.load.add(entry.bytes);
            part.by_use.insert((entry.used, id));
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
        let user = self.users.get_mut(&entry.owner.user);
        for part in [Some(&mut self.all), user].into_iter().flatten() {
            part.load.subtract(entry.bytes);
            part.by_use.remove(&(entry.used, id));
        }
        if self.load(Some(&entry.owner.user)).entries == 0 {
            self.users.remove(&entry.owner.user);
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
        self.part(user).map(|part| part.load).unwrap_or_default()
    }

    /// The entries of a user, or all, from the one that nobody has used for longest.
    pub(super) fn by_use(&self, user: Option<&str>) -> impl Iterator<Item = (Uuid, &Entry<T>)> {
        let ids = self.part(user).into_iter().flat_map(|part| &part.by_use);
        ids.filter_map(|(_, id)| Some((*id, self.entries.get(id)?)))
    }

    fn part(&self, user: Option<&str>) -> Option<&Part> {
        match user {
            None => Some(&self.all),
            Some(user) => self.users.get(user),
        }
    }
}

impl Load {
    pub(super) fn add(&mut self, bytes: usize) {
        self.entries += 1;
        self.bytes += bytes;
    }

    pub(super) fn subtract(&mut self, bytes: usize) {
        self.entries -= 1;
        self.bytes -= bytes;
    }

    pub(super) fn without(self, part: Self) -> Self {
        Self {
            entries: self.entries - part.entries,
            bytes: self.bytes - part.bytes,
        }
    }

    /// Whether one more fits beside it.
    pub(super) fn leaves(self, room: Room, bytes: usize) -> bool {
        self.entries < room.entries && self.bytes.saturating_add(bytes) <= room.bytes
    }
}
