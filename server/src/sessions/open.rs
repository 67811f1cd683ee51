//! One session: the engine's session behind it, its options, and its end.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use cohortql_engine::Session;
use cohortql_protocol::Types;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::headers::Wishes;
use super::options::{Options, TableTerm};
use crate::error::ServerError;

/// Pairs of a catalog and a schema that the headers of one session's calls may name.
const MOST_NAMES: usize = 64;

/// A session of a client's.
pub(crate) struct OpenSession {
    id: Uuid,
    principal: String,
    base: Session,
    named: Mutex<Vec<Named>>,
    options: Mutex<Options>,
    used: Mutex<Instant>,
    ended: CancellationToken,
}

/// The session for calls whose headers name a catalog and a schema.
struct Named {
    catalog: String,
    schema: String,
    session: Session,
}

impl OpenSession {
    pub(super) fn new(id: Uuid, principal: String, base: Session) -> Self {
        let options = Options::of(&base);
        Self {
            id,
            principal,
            base,
            named: Mutex::default(),
            options: Mutex::new(options),
            used: Mutex::new(Instant::now()),
            ended: CancellationToken::new(),
        }
    }

    /// What tickets, cookies and tokens call it.
    pub(crate) fn id(&self) -> Uuid {
        self.id
    }

    /// What its tickets and cookies are sealed for.
    pub(crate) fn principal(&self) -> &str {
        &self.principal
    }

    /// The engine's session for a call: the session's own, or where headers name a catalog or a
    /// schema, one that lasts as long and is for those names alone. Calls that go on at the same
    /// time under other names are not disturbed, and `SET` lasts in either.
    pub(crate) fn session(&self, wishes: &Wishes) -> Result<Session, ServerError> {
        if wishes.catalog.is_none() && wishes.schema.is_none() {
            return Ok(self.base.clone());
        }
        let (catalog, schema) = self.base.names();
        let catalog = wishes.catalog.clone().unwrap_or(catalog);
        let schema = wishes.schema.clone().unwrap_or(schema);
        let mut named = lock(&self.named);
        let known = named
            .iter()
            .find(|known| known.catalog == catalog && known.schema == schema);
        if let Some(known) = known {
            return Ok(known.session.clone());
        }
        if named.len() >= MOST_NAMES {
            return Err(ServerError::Limit(format!(
                "the headers of one session's calls may name at most {MOST_NAMES} schemas; \
                 close the session and open another"
            )));
        }
        let session = self.base.with_names(&catalog, &schema)?;
        named.push(Named {
            catalog,
            schema,
            session: session.clone(),
        });
        Ok(session)
    }

    /// The engine's session, without what headers name.
    pub(super) fn base(&self) -> &Session {
        &self.base
    }

    /// Does the same to the session and to those for names in headers.
    pub(super) fn each(&self, mut change: impl FnMut(&Session)) {
        change(&self.base);
        for named in lock(&self.named).iter() {
            change(&named.session);
        }
    }

    pub(super) fn options(&self) -> MutexGuard<'_, Options> {
        lock(&self.options)
    }

    /// The types that its results come in.
    pub(crate) fn types(&self) -> Types {
        self.options().types
    }

    /// What its tables are called.
    pub(crate) fn table_term(&self) -> TableTerm {
        self.options().table_term
    }

    /// Bytes that one of its results may take, where it has set a limit.
    pub(crate) fn max_result_bytes(&self) -> Option<u64> {
        self.options().max_result_bytes
    }

    /// Whether its options or variables are not those of a new one.
    pub(super) fn differs_from(&self, new: &Session) -> bool {
        let variables = |session: &Session| {
            let state = session.context().state_ref();
            let entries = state.read().config_options().entries();
            let entries = entries.into_iter().map(|entry| (entry.key, entry.value));
            entries.collect::<Vec<_>>()
        };
        self.options().was_set()
            || !lock(&self.named).is_empty()
            || variables(&self.base) != variables(new)
    }

    pub(super) fn touch(&self) {
        *lock(&self.used) = Instant::now();
    }

    pub(super) fn idle(&self) -> Duration {
        lock(&self.used).elapsed()
    }

    /// Ends it, and with it all that runs in it.
    pub(super) fn end(&self) {
        self.ended.cancel();
    }

    /// Resolves when it has been ended.
    pub(crate) fn ended(&self) -> CancellationToken {
        self.ended.clone()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
