//! Keeps what tickets and handles stand for: bounded in number and in bytes, for each user and for
//! all, and for a time.

mod held;

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

use self::held::{Entry, Held, Load};
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
    /// How long an unused entry may stay.
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

/// Entries by id. Where room is needed, those go that are idle for too long or were released, the
/// one first that nobody has used for longest; when all are in use, there is no room.
pub(crate) struct Shelf<T> {
    bounds: Bounds,
    is_in_use: fn(&T) -> bool,
    held: Mutex<Held<T>>,
}

impl<T: Clone> Shelf<T> {
    /// An empty shelf, on which entries stay for as long as they are in use, whatever their age.
    pub(crate) fn new(bounds: Bounds, is_in_use: fn(&T) -> bool) -> Self {
        Self {
            bounds,
            is_in_use,
            held: Mutex::default(),
        }
    }

    /// Adds an entry whose text takes `bytes`, and returns its id.
    pub(crate) fn put(&self, owner: Owner, value: T, bytes: usize) -> Result<Uuid, ServerError> {
        let bytes = bytes.saturating_add(BASE_BYTES);
        // It may have much to drop, and outlives the lock.
        let _gone;
        let mut held = self.lock();
        _gone = self.room_for(&mut held, &owner.user, bytes)?;
        let id = Uuid::new_v4();
        let entry = Entry {
            value,
            owner,
            bytes,
            used: Instant::now(),
            released: false,
        };
        held.insert(id, entry);
        Ok(id)
    }

    /// The entry, which counts as used now.
    pub(crate) fn get(&self, id: Uuid) -> Option<T> {
        let mut held = self.lock();
        let mut entry = held.take(id)?;
        entry.used = Instant::now();
        let value = entry.value.clone();
        held.insert(id, entry);
        Some(value)
    }

    /// Says that an entry has served: it stays for a second reading, but goes when room is needed.
    pub(crate) fn release(&self, id: Uuid) {
        if let Some(entry) = self.lock().get_mut(id) {
            entry.released = true;
        }
    }

    /// Says how much an entry takes from now on: its text of `bytes`, and what was added to it.
    pub(crate) fn resize(&self, id: Uuid, bytes: usize) -> Result<(), ServerError> {
        let bytes = bytes.saturating_add(BASE_BYTES);
        let gone;
        let mut held = self.lock();
        // The room is that of a new entry, without the old one.
        let Some(mut entry) = held.take(id) else {
            return Ok(());
        };
        gone = self.room_for(&mut held, &entry.owner.user, bytes);
        if gone.is_ok() {
            entry.bytes = bytes;
        }
        held.insert(id, entry);
        drop(held);
        gone.map(drop)
    }

    /// Removes an entry.
    pub(crate) fn remove(&self, id: Uuid) -> Option<T> {
        let taken = self.lock().take(id);
        taken.map(|entry| entry.value)
    }

    /// Removes all entries of a session.
    pub(crate) fn end(&self, session: Uuid) {
        self.sweep_where(|entry| entry.owner.session == session);
    }

    /// Removes entries that nobody has used for long.
    pub(crate) fn sweep(&self) {
        self.sweep_where(|entry| self.is_idle(entry));
    }

    /// The values of all entries.
    pub(crate) fn values(&self) -> Vec<T> {
        let held = self.lock();
        held.entries().map(|entry| entry.value.clone()).collect()
    }

    fn sweep_where(&self, is_over: impl Fn(&Entry<T>) -> bool) {
        let gone = self.lock().take_where(is_over);
        drop(gone);
    }

    fn is_idle(&self, entry: &Entry<T>) -> bool {
        entry.used.elapsed() >= self.bounds.idle && !(self.is_in_use)(&entry.value)
    }

    fn may_go(&self, entry: &Entry<T>) -> bool {
        self.is_idle(entry) || (entry.released && !(self.is_in_use)(&entry.value))
    }

    /// Takes out what has to go for an entry of a user to fit. Nothing goes in vain: where all that
    /// may go would not be enough, all of it stays.
    fn room_for(
        &self,
        held: &mut Held<T>,
        user: &str,
        bytes: usize,
    ) -> Result<Vec<Entry<T>>, ServerError> {
        let mut going = HashSet::new();
        let mut freed = Load::default();
        for (room, of) in [(self.bounds.user, Some(user)), (self.bounds.all, None)] {
            let mut load = held.load(of).without(freed);
            let mut by_use = held.by_use(of);
            while !load.leaves(room, bytes) {
                let next = by_use.find(|(id, entry)| self.may_go(entry) && !going.contains(id));
                let (id, entry) = next.ok_or_else(|| self.full(room, of, bytes))?;
                load.subtract(entry.bytes);
                freed.add(entry.bytes);
                going.insert(id);
            }
        }
        Ok(going.into_iter().filter_map(|id| held.take(id)).collect())
    }

    fn full(&self, room: Room, user: Option<&str>, bytes: usize) -> ServerError {
        let (who, what) = (user.unwrap_or("the server"), self.bounds.what);
        ServerError::Limit(if bytes > room.bytes {
            format!(
                "{who} may keep {what} of at most {} bytes, and one of {bytes} bytes came; send less",
                room.bytes
            )
        } else {
            format!(
                "{who} may keep at most {} {what} or {} MiB of them, and all are in use; \
                 finish or close some",
                room.entries,
                room.bytes >> 20
            )
        })
    }

    fn lock(&self) -> MutexGuard<'_, Held<T>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
