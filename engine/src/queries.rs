//! The queries that an engine is running, so that they can be listed and cancelled.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use tokio::sync::oneshot;

use crate::{EngineError, Progress};

/// Names a running query; unique within an engine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryId(u64);

impl fmt::Display for QueryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "q{}", self.0)
    }
}

impl std::str::FromStr for QueryId {
    type Err = EngineError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.strip_prefix('q')
            .and_then(|digits| digits.parse().ok())
            .map(Self)
            .ok_or_else(|| EngineError::NotFound {
                message: format!("a query id looks like q17, got {text:?}"),
                location: None,
            })
    }
}

/// A running query as the list shows it.
#[derive(Debug, Clone)]
pub struct QueryInfo {
    /// Its name, for [`crate::Engine::cancel`].
    pub id: QueryId,
    /// The session that started it.
    pub session_id: String,
    /// The statement's text.
    pub sql: String,
    /// When it started.
    pub started: SystemTime,
    /// How far it has come.
    pub progress: Arc<Progress>,
}

struct Entry {
    info: QueryInfo,
    stop: Option<oneshot::Sender<EngineError>>,
}

/// All running queries of an engine.
#[derive(Default)]
pub(crate) struct Queries {
    next: AtomicU64,
    running: Mutex<BTreeMap<QueryId, Entry>>,
}

impl fmt::Debug for Queries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Queries({} running)", self.lock().len())
    }
}

impl Queries {
    /// Adds a query. The receiver resolves when somebody cancels it.
    pub(crate) fn start(
        self: &Arc<Self>,
        session_id: String,
        sql: String,
    ) -> (Running, oneshot::Receiver<EngineError>) {
        let id = QueryId(self.next.fetch_add(1, Ordering::Relaxed) + 1);
        let progress = Arc::new(Progress::default());
        let (stop, stopped) = oneshot::channel();
        let info = QueryInfo {
            id: id.clone(),
            session_id,
            sql,
            started: SystemTime::now(),
            progress: Arc::clone(&progress),
        };
        let entry = Entry {
            info,
            stop: Some(stop),
        };
        self.lock().insert(id.clone(), entry);
        let running = Running {
            id,
            progress,
            queries: Arc::clone(self),
        };
        (running, stopped)
    }

    pub(crate) fn list(&self) -> Vec<QueryInfo> {
        self.lock()
            .values()
            .map(|entry| entry.info.clone())
            .collect()
    }

    /// Tells a query to stop; false when no such query runs.
    pub(crate) fn cancel(&self, id: &QueryId) -> bool {
        let stop = match self.lock().get_mut(id) {
            Some(entry) => entry.stop.take(),
            None => return false,
        };
        stop.is_some_and(|stop| stop.send(EngineError::Cancelled).is_ok())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<QueryId, Entry>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a query in the list for as long as it runs.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) id: QueryId,
    pub(crate) progress: Arc<Progress>,
    queries: Arc<Queries>,
}

impl Drop for Running {
    fn drop(&mut self) {
        self.queries.lock().remove(&self.id);
    }
}
