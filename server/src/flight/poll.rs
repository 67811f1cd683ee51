//! PollFlightInfo: a statement that runs while its client asks how far it has come.
//!
//! The first poll starts it. A change runs to its end, once. A query is ready when its first batch
//! is, so that all that has to happen before happens between polls; DoGet then goes on with it. What
//! nobody polls any more is cancelled after a while.

use std::sync::Arc;
use std::time::SystemTime;

use arrow_flight::{FlightDescriptor, PollInfo};
use cohortql_engine::StatementKind;
use cohortql_protocol::polling;
use futures::{StreamExt, stream};
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use super::asked::Asked;
use super::kept::{Kept, TELLING};
use super::{Flight, Results, info};
use crate::bound::{Bound, Running};
use crate::caller::Caller;
use crate::error::ServerError;
use crate::gauge::Entered;
use crate::insight::Call;
use crate::shelf::Owner;

/// A statement that runs, or has run, while it is polled.
pub(super) struct Polled {
    bound: Bound,
    asked: FlightDescriptor,
    outcome: watch::Receiver<Option<Outcome>>,
    stop: CancellationToken,
}

/// What became of it.
#[derive(Clone)]
enum Outcome {
    /// The answer of a query waits under this id.
    Query(Uuid),
    /// A change has happened, to so many rows.
    Change(i64),
    /// It failed.
    Failed(Box<Status>),
}

impl Drop for Polled {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Polled {
    /// Waits for the outcome until then.
    async fn outcome(&self, until: Instant) -> Result<Option<Outcome>, ServerError> {
        let mut outcome = self.outcome.clone();
        match timeout_at(until, outcome.wait_for(Option::is_some)).await {
            Ok(Ok(outcome)) => Ok(outcome.clone()),
            Ok(Err(_)) => Err(ServerError::Internal(
                "a statement that was polled panicked".to_owned(),
            )),
            Err(_) => Ok(None),
        }
    }
}

impl Flight {
    pub(super) async fn poll(
        &self,
        caller: &Caller,
        descriptor: FlightDescriptor,
    ) -> Result<PollInfo, Status> {
        if let Some(sealed) = polling::polled(&descriptor) {
            let (id, polled) = self.open_poll(caller, &sealed)?;
            return self.poll_answer(caller, id, &polled).await;
        }
        self.drain.may_start()?;
        let bound = match self.asked(caller, &descriptor).await? {
            Asked::Said(said) => said.bound(caller).await?,
            Asked::Prepared(prepared) => prepared.bound(caller).await?,
            Asked::Metadata(command) => {
                let info = self.metadata_info(caller, &command, descriptor)?;
                return Ok(polling::poll_finished(info, self.result_expiry()));
            }
        };
        let (id, polled) = self.begin(caller, bound, descriptor)?;
        self.poll_answer(caller, id, &polled).await
    }

    /// Stops a statement that is polled; none when it has come to its end before.
    pub(super) async fn cancel_poll(&self, polled: &Polled) -> Result<Option<bool>, ServerError> {
        if let Some(Outcome::Change(_) | Outcome::Failed(_)) = *polled.outcome.borrow() {
            return Ok(None);
        }
        polled.stop.cancel();
        match polled.outcome(Instant::now() + TELLING).await? {
            None => Ok(Some(false)),
            Some(Outcome::Change(_)) => Ok(None),
            Some(Outcome::Failed(_)) => Ok(Some(true)),
            Some(Outcome::Query(id)) => match self.results.remove(id) {
                Some(kept) => Ok(Some(kept.cancel().await)),
                None => Ok(None),
            },
        }
    }

    /// Starts a statement.
    fn begin(
        &self,
        caller: &Caller,
        bound: Bound,
        asked: FlightDescriptor,
    ) -> Result<(Uuid, Arc<Polled>), ServerError> {
        let (tell, outcome) = watch::channel(None);
        let (bytes, stop) = (bound.bytes(), CancellationToken::new());
        let polled = Arc::new(Polled {
            bound: bound.clone(),
            asked: info::echoed(asked),
            outcome,
            stop: stop.clone(),
        });
        // It starts only once there is a place to ask about it.
        let id = self.polls.put(caller.owner(), Arc::clone(&polled), bytes)?;
        let work = run(
            bound,
            Arc::clone(&self.results),
            caller.owner(),
            self.drain.enter(),
            caller.call.clone(),
        );
        let (drain, ended) = (self.drain.clone(), caller.open.ended());
        tokio::spawn(async move {
            let outcome = tokio::select! {
                biased;
                outcome = drain.unless_closing(work) => outcome,
                () = stop.cancelled() => Err(ServerError::Cancelled),
                () = ended.cancelled() => Err(ServerError::SessionClosed),
            };
            let outcome = outcome.unwrap_or_else(|error| Outcome::Failed(Box::new(error.into())));
            tell.send_replace(Some(outcome));
        });
        Ok((id, polled))
    }

    async fn poll_answer(
        &self,
        caller: &Caller,
        id: Uuid,
        polled: &Polled,
    ) -> Result<PollInfo, Status> {
        let now = Instant::now();
        // An answer takes a while to arrive, too.
        let patience = caller.deadline.map_or(self.options.poll_wait, |deadline| {
            let left = deadline.saturating_duration_since(now);
            self.options.poll_wait.min(left * 4 / 5)
        });
        let until = now + patience;
        let (bound, asked) = (&polled.bound, polled.asked.clone());
        let outcome = polled.outcome(until).await?;
        if outcome.is_some() {
            // It stays for those who ask again, until the place is needed.
            self.polls.release(id);
        }
        let info = match outcome {
            Some(Outcome::Failed(status)) => return Err(*status),
            Some(Outcome::Query(id)) => {
                let handle = self.statement_ticket(caller, id, bound)?;
                info::flight_info(asked, bound.schema(), handle, -1, self.result_expiry())
            }
            Some(Outcome::Change(affected)) => {
                let handle = self.done_ticket(caller)?;
                info::flight_info(
                    asked,
                    bound.schema(),
                    handle,
                    affected,
                    self.result_expiry(),
                )
            }
            None => {
                let expires = SystemTime::now() + self.options.ticket_lifetime;
                let sealed = self.poll_seal(caller, id, bound)?;
                let unfinished = polling::poll_unfinished(
                    asked,
                    bound.schema(),
                    sealed,
                    bound.fraction(),
                    expires,
                );
                return Ok(unfinished.map_err(ServerError::from)?);
            }
        };
        let info = info.map_err(ServerError::from)?;
        Ok(polling::poll_finished(info, self.result_expiry()))
    }
}

/// Runs a statement: a change to its end, a query until its first batch is there.
async fn run(
    bound: Bound,
    results: Results,
    owner: Owner,
    entered: Entered,
    call: Call,
) -> Result<Outcome, ServerError> {
    match bound.kind() {
        StatementKind::Change => {
            let affected = bound.change(&call).await?;
            drop(entered);
            Ok(Outcome::Change(affected))
        }
        StatementKind::Query => {
            let bytes = bound.bytes();
            let Running { id, mut batches } = bound.clone().query().await?;
            if let Some(query) = &id {
                call.runs(query);
            }
            let first = batches.next().await.transpose()?;
            let batches = stream::iter(first.map(Ok)).chain(batches);
            let batches = Box::pin(batches);
            let kept = Kept::begun(bound, Running { id, batches }, entered);
            Ok(Outcome::Query(results.put(owner, Arc::new(kept), bytes)?))
        }
    }
}
