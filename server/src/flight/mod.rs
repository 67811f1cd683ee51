//! The Flight service, and Flight SQL's commands on top of it.
//!
//! This implements the generated service itself rather than arrow-flight's `FlightSqlService`,
//! which settles GetSchema, PollFlightInfo and the list of actions for everybody. One file serves
//! one kind of command: [`statement`], [`prepared`], and the tables in [`crate::metadata`]. A
//! statement can also be polled ([`poll`]) and cancelled ([`cancel`]). The calls come in by [`service`].

mod actions;
mod asked;
mod cancel;
mod ingest;
mod kept;
mod login;
mod poll;
mod prepared;
mod refusals;
mod said;
mod service;
mod sessions;
mod statement;
mod streaming;
mod tickets;
mod whole;

use std::pin::Pin;
use std::sync::Arc;

use arrow_flight::sql::Command;
use arrow_flight::{FlightData, FlightDescriptor, FlightInfo, PutResult, SchemaResult};
use cohortql_protocol::{Rows, Seal, info};
use futures::Stream;
use futures::stream::BoxStream;
use tonic::Status;

use crate::auth::Authenticator;
use crate::caller::Caller;
use crate::drain::Drain;
use crate::error::ServerError;
use crate::metadata;
use crate::serve::ServeOptions;
use crate::shelf::{Bounds, Room, Shelf};
use crate::tally::Tally;
use asked::Asked;
use kept::Kept;
use poll::Polled;
use prepared::Prepared;
pub(crate) use service::Service;

type Answer<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The answers that wait for their DoGet.
type Results = Arc<Shelf<Arc<Kept>>>;

/// The service and what it keeps between calls.
pub(crate) struct Flight {
    seal: Arc<Seal>,
    results: Results,
    polls: Shelf<Arc<Polled>>,
    prepared: Shelf<Arc<Prepared>>,
    streams: Tally,
    options: ServeOptions,
    authenticator: Arc<Authenticator>,
    drain: Drain,
}

impl Flight {
    /// A service that seals with `seal`, logs in by `authenticator`, and ends as `drain` says.
    pub(crate) fn new(
        options: ServeOptions,
        seal: Arc<Seal>,
        authenticator: Arc<Authenticator>,
        drain: Drain,
    ) -> Self {
        let room = |entries, bytes| Room { entries, bytes };
        let results = Bounds {
            what: "open results",
            all: room(options.max_open_results, options.max_kept_bytes),
            user: room(
                options.max_open_results_per_user,
                options.max_kept_bytes_per_user,
            ),
            idle: options.ticket_lifetime,
        };
        let polls = Bounds {
            what: "polled statements",
            ..results
        };
        let prepared = Bounds {
            what: "prepared statements",
            all: room(options.max_prepared_statements, options.max_kept_bytes),
            user: room(
                options.max_prepared_statements_per_user,
                options.max_kept_bytes_per_user,
            ),
            idle: options.prepared_idle,
        };
        Self {
            seal,
            results: Arc::new(Shelf::new(results, |kept| kept.is_read())),
            polls: Shelf::new(polls, is_held),
            prepared: Shelf::new(prepared, is_held),
            streams: Tally::new("streams", options.max_streams_per_user),
            options,
            authenticator,
            drain,
        }
    }

    /// Lets go of what nobody has asked for in its time.
    pub(crate) fn sweep(&self) {
        self.results.sweep();
        self.polls.sweep();
        self.prepared.sweep();
        for kept in self.results.values() {
            kept.let_go(self.options.begun_lifetime);
        }
    }

    /// What a call comes to, unless its session or the server ends before.
    async fn attended<T, E: From<ServerError>>(
        &self,
        caller: &Caller,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let _running = self.drain.enter();
        let ended = async {
            let reason = self.ended(caller).await;
            caller.unless_it_stops_itself().await;
            reason
        };
        tokio::select! {
            biased;
            outcome = work => outcome,
            reason = ended => Err(reason.into()),
        }
    }

    /// Resolves when what a caller has begun is to end, with the reason.
    fn ended(&self, caller: &Caller) -> impl Future<Output = ServerError> + Send + use<> {
        let (ended, closing) = (caller.open.ended(), self.drain.closing().clone());
        async move {
            tokio::select! {
                biased;
                () = closing.cancelled() => ServerError::ShuttingDown,
                () = ended.cancelled() => ServerError::SessionClosed,
            }
        }
    }

    async fn info(
        &self,
        caller: &Caller,
        asked: Asked,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, ServerError> {
        self.drain.may_start()?;
        let bound = match asked {
            Asked::Said(said) => said.bound(caller).await?,
            Asked::Prepared(prepared) => prepared.bound(caller).await?,
            Asked::Metadata(command) => return self.metadata_info(caller, &command, descriptor),
        };
        self.bound_info(caller, bound, descriptor).await
    }

    fn metadata_info(
        &self,
        caller: &Caller,
        command: &Command,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, ServerError> {
        let schema = metadata::schema(command).ok_or_else(|| refusals::command(command))?;
        let handle = self.metadata_ticket(caller, &descriptor)?;
        let expires = self.result_expiry();
        Ok(info::flight_info(descriptor, &schema, handle, -1, expires)?)
    }

    async fn schema(
        &self,
        caller: &Caller,
        descriptor: &FlightDescriptor,
    ) -> Result<SchemaResult, ServerError> {
        let schema = match self.asked(caller, descriptor).await? {
            Asked::Said(said) => said.schema(caller).await?,
            Asked::Prepared(prepared) => prepared.schema(caller).await?,
            Asked::Metadata(command) => {
                metadata::schema(&command).ok_or_else(|| refusals::command(&command))?
            }
        };
        Ok(info::schema_result(&schema)?)
    }

    async fn put(
        &self,
        caller: &Caller,
        messages: BoxStream<'static, Result<FlightData, Status>>,
    ) -> Result<PutResult, ServerError> {
        self.drain.may_start()?;
        let rows = Rows::open(messages).await?;
        let command = info::descriptor_command(rows.descriptor())?;
        let answer = match command {
            Command::CommandStatementUpdate(_) | Command::CommandStatementSubstraitPlan(_) => {
                rows.drain().await?;
                let said = self.said(caller, &command).await?;
                self.statement_update(caller, &said).await?
            }
            Command::CommandPreparedStatementQuery(query) => {
                self.prepared_bind(caller, &query, rows).await?
            }
            Command::CommandPreparedStatementUpdate(update) => {
                self.prepared_update(caller, &update, rows).await?
            }
            Command::CommandStatementIngest(command) => {
                ingest::ingest(caller, command, rows, self.ended(caller)).await?
            }
            command => {
                rows.drain().await?;
                return Err(refusals::command(&command));
            }
        };
        Ok(PutResult {
            app_metadata: answer.into(),
        })
    }
}

/// Whether a call has got it from its shelf, and goes on with it.
fn is_held<T>(kept: &Arc<T>) -> bool {
    Arc::strong_count(kept) > 1
}
