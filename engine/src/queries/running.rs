//! A statement for as long as it runs.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{Either, select};
use tokio::sync::watch;

use super::queue::{Entry, Party, Place, Queue};
use super::{Phase, Queries, QueryId, QueryRecord, TouchedTables};
use crate::runtime::Task;
use crate::{EngineError, Progress, StatementKind};

/// Keeps a statement in the list for as long as it runs, and records how it ended when it is
/// dropped. Unless told, that is what it was told to stop for, or that nobody wanted it any more.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) id: QueryId,
    pub(crate) progress: Arc<Progress>,
    pub(crate) stopped: Stopped,
    queries: Arc<Queries>,
    end: Option<End>,
    timer: Option<Task<()>>,
    place: Option<Place>,
}

#[derive(Debug)]
enum End {
    /// Nothing has run: there is a plan now, and its execution is recorded.
    Planned,
    Done,
    Failed(EngineError),
}

impl Running {
    pub(super) fn new(
        id: QueryId,
        progress: Arc<Progress>,
        stopped: Stopped,
        queries: Arc<Queries>,
    ) -> Self {
        Self {
            id,
            progress,
            stopped,
            queries,
            end: None,
            timer: None,
            place: None,
        }
    }

    /// What work comes to, or why the statement was told to stop before. An error is how the
    /// statement ends.
    pub(crate) async fn unless_stopped<T>(
        &mut self,
        work: impl Future<Output = Result<T, EngineError>> + Unpin,
    ) -> Result<T, EngineError> {
        let outcome = match select(work, Box::pin(self.stopped.clone().reason())).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right((reason, _)) => Err(reason),
        };
        self.unless_failed(outcome)
    }

    /// Notes an error as the way in which the statement ends.
    pub(crate) fn unless_failed<T>(
        &mut self,
        outcome: Result<T, EngineError>,
    ) -> Result<T, EngineError> {
        outcome.inspect_err(|error| self.end = Some(End::Failed(error.clone())))
    }

    /// Stops the statement when it takes longer from now on.
    pub(crate) fn time_out_after(&mut self, timeout: Option<Duration>) {
        self.timer = timeout.map(|timeout| {
            let reason = EngineError::DeadlineExceeded { timeout };
            self.queries.stop_after(&self.id, timeout, reason)
        });
    }

    /// Says what is about to be done.
    pub(crate) fn does(&self, kind: StatementKind, tables: Arc<TouchedTables>) {
        self.queries.does(&self.id, kind, tables);
    }

    /// Waits until the statement may run.
    pub(crate) async fn admitted(
        &mut self,
        queue: &Arc<Queue>,
        party: Party,
        patience: Duration,
    ) -> Result<(), EngineError> {
        let place = match self.unless_failed(queue.enter(party))? {
            Entry::Admitted(place) => place,
            Entry::Waiting(waiting) => {
                self.progress.enter(Phase::Queued);
                let reason = EngineError::QueueTimeout {
                    timeout: patience,
                    running: queue.places(),
                };
                self.timer = Some(self.queries.stop_after(&self.id, patience, reason));
                let place = self.unless_stopped(waiting).await?;
                self.timer = None;
                self.progress.enter(Phase::Planning);
                place
            }
        };
        self.place = Some(place);
        Ok(())
    }

    /// Ends a statement that was only planned: its execution will be another one.
    pub(crate) fn only_planned(mut self) {
        self.end = Some(End::Planned);
    }

    /// Ends the statement.
    pub(crate) fn ends<T>(mut self, outcome: &Result<T, EngineError>) {
        self.end = Some(match outcome {
            Ok(_) => End::Done,
            Err(error) => End::Failed(error.clone()),
        });
    }

    /// Why the statement ended, if not well.
    fn failure(&mut self) -> Option<EngineError> {
        match self.end.take() {
            Some(End::Planned | End::Done) => None,
            Some(End::Failed(error)) => Some(error),
            None => {
                Some(
                    self.stopped
                        .already()
                        .unwrap_or_else(|| match std::thread::panicking() {
                            true => EngineError::Internal {
                                message: "a worker of the query panicked".to_owned(),
                            },
                            false => EngineError::Cancelled,
                        }),
                )
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let recorded = !matches!(self.end, Some(End::Planned));
        let failure = self.failure();
        // Free before its end is known, so that whoever hears of the end finds it free.
        self.place = None;
        self.queries.ended(&self.id, |info| {
            recorded.then(|| QueryRecord::of(info, failure))
        });
    }
}

/// Learns that a statement has been told to stop.
#[derive(Debug, Clone)]
pub(crate) struct Stopped(watch::Receiver<Option<EngineError>>);

impl Stopped {
    pub(super) fn new(receiver: watch::Receiver<Option<EngineError>>) -> Self {
        Self(receiver)
    }

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

    /// The reason, if there is one by now.
    fn already(&self) -> Option<EngineError> {
        self.0.borrow().clone()
    }
}
