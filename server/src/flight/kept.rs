//! A query whose answer waits for its DoGet.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::bound::{Bound, Running};
use crate::gauge::{Entered, Gauge};

/// How long cancelling waits for those who read the answer to be told.
pub(super) const TELLING: Duration = Duration::from_secs(1);

/// A query that was asked for. Its DoGet runs it, unless polling has begun it already.
pub(super) struct Kept {
    bound: Bound,
    begun: Mutex<Option<Begun>>,
    readers: Gauge,
    stop: CancellationToken,
}

/// A query that runs already.
struct Begun {
    query: Running,
    since: Instant,
    _entered: Entered,
}

impl Kept {
    pub(super) fn new(bound: Bound) -> Self {
        Self {
            bound,
            begun: Mutex::new(None),
            readers: Gauge::new(),
            stop: CancellationToken::new(),
        }
    }

    /// One that runs already; the first DoGet goes on with it.
    pub(super) fn begun(bound: Bound, query: Running, entered: Entered) -> Self {
        let kept = Self::new(bound);
        *kept.lock() = Some(Begun {
            query,
            since: Instant::now(),
            _entered: entered,
        });
        kept
    }

    pub(super) fn bound(&self) -> &Bound {
        &self.bound
    }

    /// What runs already, once.
    pub(super) fn take(&self) -> Option<Running> {
        self.lock().take().map(|begun| begun.query)
    }

    /// Ends what nobody has come for in this time: it holds memory, and runs anew when asked for.
    pub(super) fn let_go(&self, patience: Duration) {
        let mut begun = self.lock();
        if begun
            .as_ref()
            .is_some_and(|begun| begun.since.elapsed() >= patience)
        {
            *begun = None;
        }
    }

    /// Counts a reader of the answer, and says when it has to stop.
    pub(super) fn read(&self) -> (Entered, CancellationToken) {
        (self.readers.enter(), self.stop.clone())
    }

    /// Whether somebody reads the answer just now.
    pub(super) fn is_read(&self) -> bool {
        self.readers.count() > 0
    }

    /// Stops the query wherever it runs; false when its readers have not all been told yet.
    pub(super) async fn cancel(&self) -> bool {
        self.stop.cancel();
        drop(self.take());
        timeout(TELLING, self.readers.none()).await.is_ok()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Begun>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
