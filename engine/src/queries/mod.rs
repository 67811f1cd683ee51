//! The statements of an engine: those that run, so that they can be listed and stopped, and those
//! that have ended.

mod clock;
mod history;
mod queue;
mod record;
mod running;

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio::runtime::Handle;
use tokio::sync::watch;

use crate::runtime::Task;
use crate::sql::Fingerprint;
use crate::{EngineError, Progress, StatementKind};

pub use clock::Phase;
pub(crate) use record::kept;
pub use record::{Outcome, QueryRecord, TouchedTables};

pub(crate) use clock::Clock;
use history::History;
pub(crate) use queue::{Party, Queue};
pub(crate) use running::{Running, Stopped};

/// Names a statement; unique within an engine. Written `q17`.
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
#[non_exhaustive]
pub struct QueryInfo {
    /// Its name, for [`crate::Engine::cancel`].
    pub id: QueryId,
    /// The session that sent it.
    pub session_id: String,
    /// Whose session that is; nobody's when the engine is used without users.
    pub principal: Option<String>,
    /// Where the principal has come in from.
    pub client: Option<String>,
    /// The statement's text.
    pub sql: Arc<str>,
    /// The same for all statements that differ only in their constants.
    pub fingerprint: Fingerprint,
    /// Whether it reads or changes; unknown until it is planned.
    pub kind: Option<StatementKind>,
    /// The tables that it touches; unknown until it is planned.
    pub tables: Arc<TouchedTables>,
    /// When it came.
    pub started: SystemTime,
    /// How far it has come.
    pub progress: Arc<Progress>,
}

impl QueryInfo {
    /// Where it stands.
    pub fn phase(&self) -> Phase {
        self.progress.phase()
    }
}

/// Who sends a statement.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    pub(crate) session_id: String,
    pub(crate) principal: Option<String>,
    pub(crate) client: Option<String>,
}

/// Is told of every statement that has ended.
pub(crate) type Observer = Arc<dyn Fn(&QueryRecord) + Send + Sync>;

struct Entry {
    info: QueryInfo,
    stop: watch::Sender<Option<EngineError>>,
}

/// The statements of an engine.
pub(crate) struct Queries {
    next: AtomicU64,
    running: Mutex<BTreeMap<QueryId, Entry>>,
    history: History,
    observers: RwLock<Vec<Observer>>,
    timers: Handle,
}

impl fmt::Debug for Queries {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Queries({} running)", self.lock().len())
    }
}

impl Queries {
    /// Keeps records of as many statements that have ended; those that take too long are stopped
    /// on `timers`.
    pub(crate) fn new(kept: usize, timers: Handle) -> Self {
        Self {
            next: AtomicU64::new(0),
            running: Mutex::default(),
            history: History::of(kept),
            observers: RwLock::default(),
            timers,
        }
    }

    /// Adds a statement, which is about to be planned or executed.
    pub(crate) fn start(
        self: &Arc<Self>,
        sender: Sender,
        (sql, fingerprint): (Arc<str>, Fingerprint),
        progress: Progress,
    ) -> Running {
        let id = QueryId(self.next.fetch_add(1, Ordering::Relaxed) + 1);
        let progress = Arc::new(progress);
        let (stop, stopped) = watch::channel(None);
        let info = QueryInfo {
            id: id.clone(),
            session_id: sender.session_id,
            principal: sender.principal,
            client: sender.client,
            sql,
            fingerprint,
            kind: None,
            tables: Arc::default(),
            started: SystemTime::now(),
            progress: Arc::clone(&progress),
        };
        self.lock().insert(id.clone(), Entry { info, stop });
        Running::new(id, progress, Stopped::new(stopped), Arc::clone(self))
    }

    /// The statements that run, oldest first.
    pub(crate) fn list(&self) -> Vec<QueryInfo> {
        let running = self.lock();
        running.values().map(|entry| entry.info.clone()).collect()
    }

    /// The statements that have ended, oldest first, as far as they are kept.
    pub(crate) fn finished(&self) -> Vec<Arc<QueryRecord>> {
        self.history.list()
    }

    /// Has somebody told of every statement that ends from now on.
    pub(crate) fn observe(&self, observer: Observer) {
        let mut observers = self
            .observers
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        observers.push(observer);
    }

    /// Tells a statement to stop and why, if it runs and `whether` it may be; false when it does
    /// not run or may not.
    pub(crate) fn stop(
        &self,
        id: &QueryId,
        reason: EngineError,
        whether: impl FnOnce(&QueryInfo) -> bool,
    ) -> bool {
        match self.lock().get(id) {
            Some(entry) if whether(&entry.info) => entry.stop.send(Some(reason)).is_ok(),
            _ => false,
        }
    }

    /// Resolves when a statement no longer runs.
    pub(crate) async fn end_of(&self, id: &QueryId) {
        let watching = self.lock().get(id).map(|entry| entry.stop.subscribe());
        if let Some(mut watching) = watching {
            while watching.changed().await.is_ok() {}
        }
    }

    /// Tells a statement to stop when a time is over, unless the task is dropped before.
    fn stop_after(self: &Arc<Self>, id: &QueryId, time: Duration, reason: EngineError) -> Task<()> {
        let (queries, id) = (Arc::clone(self), id.clone());
        Task::spawn(&self.timers, async move {
            tokio::time::sleep(time).await;
            queries.stop(&id, reason, |_| true);
        })
    }

    /// Notes what a statement does.
    fn does(&self, id: &QueryId, kind: StatementKind, tables: Arc<TouchedTables>) {
        if let Some(entry) = self.lock().get_mut(id) {
            entry.info.kind = Some(kind);
            entry.info.tables = tables;
        }
    }

    /// Takes a statement off the list, after its record, if there is one, is where others find it.
    fn ended(&self, id: &QueryId, record: impl FnOnce(&QueryInfo) -> Option<QueryRecord>) {
        let record = self.lock().get(id).and_then(|entry| record(&entry.info));
        if let Some(record) = record {
            let record = Arc::new(record);
            self.history.add(Arc::clone(&record));
            self.tell(&record);
        }
        self.lock().remove(id);
    }

    fn tell(&self, record: &QueryRecord) {
        let observers = self
            .observers
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        for observer in observers {
            // A statement may end while its worker unwinds, which must not happen twice at once.
            if catch_unwind(AssertUnwindSafe(|| observer(record))).is_err() {
                tracing::error!(query = %record.id, "an observer of statements panicked");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<QueryId, Entry>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
