//! Which sessions there are, and which of them a way leads to.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cohortql_engine::Principal;
use uuid::Uuid;

use super::Origin;
use super::ended::Ended;
use super::open::OpenSession;
use crate::auth::Grounds;
use crate::error::ServerError;

/// The sessions that are open, and those that were.
#[derive(Default)]
pub(super) struct State {
    pub(super) open: HashMap<Uuid, Entry>,
    pub(super) by_connection: HashMap<(u64, Option<Principal>), Uuid>,
    pub(super) ended: Ended,
}

/// One that is open.
pub(super) struct Entry {
    pub(super) session: Arc<OpenSession>,
    pub(super) principal: Option<Principal>,
    pub(super) user: String,
    pub(super) grounds: Grounds,
    /// Whether a connection is there that leads to it.
    pub(super) is_connected: bool,
    pub(super) has_cookie: bool,
    pub(super) has_token: bool,
}

/// What leads a call to its session.
pub(super) enum Way {
    Cookie(Uuid),
    Token(Uuid),
    Connection,
}

impl State {
    /// The session that a way leads the caller to.
    pub(super) fn find(
        &self,
        origin: &Origin,
        way: &Way,
    ) -> Result<Option<Arc<OpenSession>>, ServerError> {
        let id = match way {
            Way::Cookie(id) | Way::Token(id) => Some(*id),
            Way::Connection => {
                let key = (origin.connection, origin.principal.clone());
                self.by_connection.get(&key).copied()
            }
        };
        // Roles may be others than those that the session was opened with.
        let entry = id.and_then(|id| self.open.get(&id));
        let entry = entry.filter(|entry| entry.principal == origin.principal);
        match (way, entry) {
            (_, Some(entry)) => Ok(Some(Arc::clone(&entry.session))),
            (Way::Cookie(_), None) => Err(ServerError::NoSession),
            (Way::Token(id), None) if self.ended.contains(&origin.user, *id) => {
                Err(ServerError::SessionEnded)
            }
            (Way::Token(_) | Way::Connection, None) => Ok(None),
        }
    }

    /// Ends a session for good: its token leads to no other.
    pub(super) fn end(&mut self, id: Uuid) {
        if let Some(entry) = self.take(id)
            && entry.has_token
        {
            self.ended.insert(&entry.user, id);
        }
    }

    /// Takes a session out, with all that runs in it.
    pub(super) fn take(&mut self, id: Uuid) -> Option<Entry> {
        self.by_connection.retain(|_, of| *of != id);
        let entry = self.open.remove(&id)?;
        entry.session.end();
        Some(entry)
    }

    /// How many a user has.
    pub(super) fn count_of(&self, user: &str) -> usize {
        let entries = self.open.values();
        entries.filter(|entry| entry.user == user).count()
    }
}

impl Entry {
    /// Whether nothing holds it and nobody has used it for this long.
    pub(super) fn is_idle(&self, limit: Duration) -> bool {
        // The registry has one reference; calls and streams that go on have others.
        !self.is_connected && self.session.idle() >= limit && Arc::strong_count(&self.session) == 1
    }
}
