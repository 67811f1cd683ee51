//! The statements that an engine is running, so that they can be listed and stopped.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use futures::future::{Either, select};
use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::runtime::Task;
use crate::{EngineError, Progress};

/// Names a running statement; unique within an engine. Written `q17`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueryId(u64);

impl fmt::Display for QueryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "q{}", self.0)
    }
}

impl FromStr for QueryId {
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

/// A running statement as the list shows it.
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
    stop: watch::Sender<Option<EngineError>>,
}

/// All running statements of an engine.
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
    /// Adds a statement, which is stopped on `timers` when its time is over.
    pub(crate) fn start(
        self: &Arc<Self>,
        session_id: String,
        sql: String,
        timeout: Option<Duration>,
        timers: &Handle,
    ) -> Running {
        let id = QueryId(self.next.fetch_add(1, Ordering::Relaxed) + 1);
        let progress = Arc::new(Progress::default());
        let (stop, stopped) = watch::channel(None);
        let info = QueryInfo {
            id: id.clone(),
            session_id,
            sql,
            started: SystemTime::now(),
            progress: Arc::clone(&progress),
        };
        self.lock().insert(id.clone(), Entry { info, stop });
        let timer = timeout.map(|timeout| {
            let (queries, id) = (Arc::clone(self), id.clone());
            Task::spawn(timers, async move {
                tokio::time::sleep(timeout).await;
                queries.stop(&id, EngineError::DeadlineExceeded { timeout });
            })
        });
        Running {
            id,
            progress,
            stopped: Stopped(stopped),
            queries: Arc::clone(self),
            _timer: timer,
        }
    }

    pub(crate) fn list(&self) -> Vec<QueryInfo> {
        let running = self.lock();
        running.values().map(|entry| entry.info.clone()).collect()
    }

    /// Tells a statement to stop and why; false when it does not run.
    pub(crate) fn stop(&self, id: &QueryId, reason: EngineError) -> bool {
        match self.lock().get(id) {
            Some(entry) => entry.stop.send(Some(reason)).is_ok(),
            None => false,
        }
    }

    /// Resolves when a statement no longer runs.
    pub(crate) async fn ended(&self, id: &QueryId) {
        let watching = self.lock().get(id).map(|entry| entry.stop.subscribe());
        if let Some(mut watching) = watching {
            while watching.changed().await.is_ok() {}
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<QueryId, Entry>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a statement in the list for as long as it runs.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) id: QueryId,
    pub(crate) progress: Arc<Progress>,
    pub(crate) stopped: Stopped,
    queries: Arc<Queries>,
    _timer: Option<Task<()>>,
}

impl Running {
    /// What work comes to, or why the statement was told to stop before.
    pub(crate) async fn unless_stopped<T>(
        &self,
        work: impl Future<Output = T> + Unpin,
    ) -> Result<T, EngineError> {
        match select(work, Box::pin(self.stopped.clone().reason())).await {
            Either::Left((outcome, _)) => Ok(outcome),
            Either::Right((reason, _)) => Err(reason),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.queries.lock().remove(&self.id);
    }
}

/// Learns that a statement has been told to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stopped(watch::Receiver<Option<EngineError>>);

impl Stopped {
    /// Resolves with the reason, or never when the statement ends by itself.
    pub(crate) async fn reason(mut self) -> EngineError {
        let reason = match self.0.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone(),
            Err(_) => None,
        };
        match reason {
            Some(reason) => reason,
            None => std::future::pending().await,
        }
    }
}
