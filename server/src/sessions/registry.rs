//! All sessions, and which of them a call belongs to.
//!
//! A session ends when it is closed, when nobody has used it for long, or, if neither a token nor a
//! cookie leads to it, with its connection. Two users on one connection have two sessions.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cohortql_engine::{Engine, Principal, Session};
use cohortql_proto::session::SessionOptionValue;
use cohortql_proto::ticket::v1::{Claims, Purpose};
use cohortql_protocol::Seal;
use tonic::metadata::MetadataMap;
use uuid::Uuid;

use super::open::OpenSession;
use super::state::{Entry, State, Way};
use super::{cookie, options};
use crate::auth::Grounds;
use crate::error::ServerError;

/// How long a cookie is good for; its session may end before.
const COOKIE_LIFETIME: Duration = Duration::from_secs(365 * 24 * 3_600);

/// How many sessions there may be, and for how long.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SessionBounds {
    /// Sessions of one user at most.
    pub(crate) per_user: usize,
    /// How long a session that no connection holds may be unused.
    pub(crate) idle: Duration,
    /// How long tokens are good, and so how long ended sessions are remembered.
    pub(crate) token_lifetime: Duration,
}

/// Where a call comes from: who, over which connection, with which token.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// Who is calling; none where everything is allowed to everybody.
    pub(crate) principal: Option<Principal>,
    /// The user's name.
    pub(crate) user: String,
    /// What tickets and cookies are sealed for.
    pub(crate) seal: String,
    /// What the caller was let in for.
    pub(crate) grounds: Grounds,
    /// Where from.
    pub(crate) client: Option<String>,
    /// The connection's number.
    pub(crate) connection: u64,
    /// The session that the call's token was issued for at login. None for tokens that were not
    /// issued by this server, and for calls without one.
    pub(crate) token: Option<Uuid>,
}

/// All sessions.
pub(crate) struct Sessions {
    engine: Engine,
    seal: Arc<Seal>,
    bounds: SessionBounds,
    state: Mutex<State>,
}

impl Sessions {
    pub(crate) fn new(engine: Engine, seal: Arc<Seal>, bounds: SessionBounds) -> Self {
        Self {
            engine,
            seal,
            bounds,
            state: Mutex::default(),
        }
    }

    /// The engine behind the server.
    pub(crate) fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The caller's session, which is made if there is none.
    pub(crate) fn open(
        &self,
        origin: &Origin,
        metadata: &MetadataMap,
    ) -> Result<Arc<OpenSession>, ServerError> {
        let way = self.way(origin, metadata)?;
        let mut state = self.lock();
        if let Some(session) = state.find(origin, &way)? {
            session.touch();
            return Ok(session);
        }
        self.make_room(&mut state, &origin.user)?;
        let base = self.new_session(&origin.principal, origin.client.clone());
        let (id, has_token) = match way {
            Way::Token(id) => (id, true),
            Way::Cookie(_) | Way::Connection => (Uuid::new_v4(), false),
        };
        let session = Arc::new(OpenSession::new(id, origin.seal.clone(), base));
        if !has_token {
            let key = (origin.connection, origin.principal.clone());
            state.by_connection.insert(key, id);
        }
        let entry = Entry {
            session: Arc::clone(&session),
            principal: origin.principal.clone(),
            user: origin.user.clone(),
            grounds: origin.grounds,
            is_connected: !has_token,
            has_cookie: false,
            has_token,
        };
        state.open.insert(id, entry);
        Ok(session)
    }

    /// The caller's session, if there is one already.
    pub(crate) fn find(
        &self,
        origin: &Origin,
        metadata: &MetadataMap,
    ) -> Result<Option<Arc<OpenSession>>, ServerError> {
        let way = self.way(origin, metadata)?;
        self.lock().find(origin, &way)
    }

    /// The options in force for the caller, whether he has a session or not.
    pub(crate) fn options(
        &self,
        origin: &Origin,
        metadata: &MetadataMap,
    ) -> Result<HashMap<String, SessionOptionValue>, ServerError> {
        Ok(match self.find(origin, metadata)? {
            Some(session) => session.get(),
            None => options::initial(&self.new_session(&origin.principal, None)),
        })
    }

    /// A cookie that leads to the session from any connection.
    pub(crate) fn cookie(&self, session: &OpenSession) -> Result<String, ServerError> {
        let until = SystemTime::now() + COOKIE_LIFETIME;
        let sealed = self.seal.seal(&Claims {
            purpose: Purpose::Cookie.into(),
            principal: session.principal().to_owned(),
            session_id: session.id().to_string(),
            expires_unix_millis: unix_millis(until),
            subject: None,
            traceparent: String::new(),
        })?;
        if let Some(entry) = self.lock().open.get_mut(&session.id()) {
            entry.has_cookie = true;
        }
        Ok(cookie::write(&sealed))
    }

    /// Ends the caller's session with all that runs in it, and returns its id. Its cookie and its
    /// token are good no more.
    pub(crate) fn close(
        &self,
        origin: &Origin,
        metadata: &MetadataMap,
    ) -> Result<Uuid, ServerError> {
        let way = self.way(origin, metadata)?;
        let mut state = self.lock();
        match (state.find(origin, &way)?, way) {
            (Some(session), _) => {
                state.end(session.id());
                Ok(session.id())
            }
            (None, Way::Token(id)) => {
                state.ended.insert(&origin.user, id);
                Ok(id)
            }
            (None, Way::Cookie(_) | Way::Connection) => Err(ServerError::NotFound(
                "there is no session to close".to_owned(),
            )),
        }
    }

    /// Says that a connection is gone.
    pub(crate) fn disconnected(&self, connection: u64) {
        let mut state = self.lock();
        let gone = state
            .by_connection
            .extract_if(|(of, _), _| *of == connection);
        let gone: Vec<Uuid> = gone.map(|(_, id)| id).collect();
        for id in gone {
            if let Some(entry) = state.open.get_mut(&id) {
                entry.is_connected = false;
                if !entry.has_cookie {
                    // Handles and tickets of the session may still come over another connection.
                    state.open.remove(&id);
                }
            }
        }
    }

    /// Ends sessions that nobody has used for long, and forgets those whose tokens are over.
    pub(crate) fn sweep(&self) {
        let mut state = self.lock();
        let remembered = self.bounds.token_lifetime;
        state.ended.forget(remembered);
        self.evict(&mut state, |entry| entry.is_idle(self.bounds.idle));
    }

    /// Ends all sessions but those whose callers are still let in for what they came with.
    pub(crate) fn keep(&self, is_good: impl Fn(Option<&Principal>, &Grounds) -> bool) {
        let mut state = self.lock();
        let entries = state.open.iter();
        let over = entries.filter(|(_, entry)| !is_good(entry.principal.as_ref(), &entry.grounds));
        let over: Vec<Uuid> = over.map(|(id, _)| *id).collect();
        for id in over {
            state.end(id);
        }
    }

    fn way(&self, origin: &Origin, metadata: &MetadataMap) -> Result<Way, ServerError> {
        if let Some(sealed) = cookie::read(metadata) {
            let now = unix_millis(SystemTime::now());
            let claims = self
                .seal
                .open(&sealed, Purpose::Cookie, &origin.seal, now)
                .map_err(|_| ServerError::NoSession)?;
            let id = Uuid::parse_str(&claims.session_id).map_err(|_| ServerError::NoSession)?;
            return Ok(Way::Cookie(id));
        }
        Ok(match origin.token {
            Some(id) => Way::Token(id),
            None => Way::Connection,
        })
    }

    fn new_session(&self, principal: &Option<Principal>, client: Option<String>) -> Session {
        match principal {
            Some(principal) => self.engine.session_for(principal.clone(), client),
            None => self.engine.session(),
        }
    }

    fn make_room(&self, state: &mut State, user: &str) -> Result<(), ServerError> {
        let SessionBounds { per_user, idle, .. } = self.bounds;
        if state.count_of(user) < per_user {
            return Ok(());
        }
        self.evict(state, |entry| entry.user == user && entry.is_idle(idle));
        if state.count_of(user) < per_user {
            return Ok(());
        }
        Err(ServerError::Limit(format!(
            "{user} may have at most {per_user} sessions at a time, and has them; close some"
        )))
    }

    /// Ends those that `is_over`. A token whose session was never changed leads to a new one.
    fn evict(&self, state: &mut State, is_over: impl Fn(&Entry) -> bool) {
        let entries = state.open.iter().filter(|(_, entry)| is_over(entry));
        let over: Vec<(Uuid, bool)> = entries
            .map(|(id, entry)| {
                let new = self.new_session(&entry.principal, None);
                (*id, entry.session.differs_from(&new))
            })
            .collect();
        for (id, was_set) in over {
            match was_set {
                true => state.end(id),
                false => drop(state.take(id)),
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unix_millis(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
