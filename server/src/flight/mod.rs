//! The Flight service, and Flight SQL's commands on top of it.
//!
//! This implements the generated service itself rather than arrow-flight's `FlightSqlService`,
//! which settles GetSchema, PollFlightInfo and the list of actions for everybody. One file serves
//! one kind of command: [`statement`], [`prepared`], and the tables in [`crate::metadata`].

mod actions;
mod prepared;
mod refusals;
mod statement;
mod tickets;

use std::pin::Pin;
use std::sync::Arc;

use arrow_flight::flight_service_server::FlightService;
use arrow_flight::sql::{Any, Command};
use arrow_flight::{
    Action, ActionType, Criteria, Empty, FlightData, FlightDescriptor, FlightInfo,
    HandshakeRequest, HandshakeResponse, PollInfo, PutResult, SchemaResult, Ticket,
};
use cohortql_protocol::{Rows, Seal, encode, info};
use futures::{Stream, TryStreamExt};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status, Streaming};

use crate::bound::Bound;
use crate::caller::Caller;
use crate::compute::computed;
use crate::deadline::limited;
use crate::error::ServerError;
use crate::metadata;
use crate::serve::ServeOptions;
use crate::shelf::{Bounds, Shelf};
use prepared::Prepared;

type Answer<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The service and what it keeps between calls.
pub(crate) struct Flight {
    seal: Seal,
    results: Shelf<Arc<Bound>>,
    prepared: Shelf<Arc<Prepared>>,
    options: ServeOptions,
    closing: CancellationToken,
}

impl Flight {
    /// A service whose streams end when `closing` is cancelled.
    pub(crate) fn new(
        options: ServeOptions,
        closing: CancellationToken,
    ) -> Result<Self, ServerError> {
        Ok(Self {
            seal: Seal::new()?,
            results: Shelf::new(Bounds {
                what: "open results",
                entries: options.max_open_results,
                bytes: options.max_kept_bytes,
                idle: options.ticket_lifetime,
            }),
            prepared: Shelf::new(Bounds {
                what: "prepared statements",
                entries: options.max_prepared_statements,
                bytes: options.max_kept_bytes,
                idle: options.prepared_idle,
            }),
            options,
            closing,
        })
    }

    async fn info(
        &self,
        caller: &Caller,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, ServerError> {
        match info::descriptor_command(&descriptor)? {
            Command::CommandStatementQuery(query) => {
                self.statement_info(caller, query, descriptor).await
            }
            Command::CommandPreparedStatementQuery(query) => {
                self.prepared_info(caller, &query, descriptor).await
            }
            command => match metadata::schema(&command) {
                Some(schema) => {
                    let handle = self.metadata_ticket(caller, &descriptor)?;
                    Ok(info::flight_info(descriptor, &schema, handle, -1)?)
                }
                None => Err(refusals::command(&command)),
            },
        }
    }

    async fn schema(
        &self,
        caller: &Caller,
        descriptor: &FlightDescriptor,
    ) -> Result<SchemaResult, ServerError> {
        let schema = match info::descriptor_command(descriptor)? {
            Command::CommandStatementQuery(query) => self.statement_schema(caller, query).await?,
            Command::CommandPreparedStatementQuery(query) => {
                self.prepared_schema(caller, &query).await?
            }
            command => metadata::schema(&command).ok_or_else(|| refusals::command(&command))?,
        };
        Ok(info::schema_result(&schema)?)
    }

    async fn stream(
        &self,
        caller: &Caller,
        ticket: &Ticket,
    ) -> Result<Answer<FlightData>, ServerError> {
        let (schema, batches) = match self.open_ticket(caller, ticket)? {
            tickets::Subject::Statement(id, bound) => {
                let schema = Arc::clone(bound.schema());
                let batches = self.statement_batches(caller, id, &bound).await?;
                (schema, batches)
            }
            tickets::Subject::Metadata(command) => {
                metadata::answer(caller, &self.options, &command).await?
            }
            tickets::Subject::Done => statement::nothing(),
        };
        let messages = encode(&schema, batches);
        let messages = computed(&caller.engine, messages, caller.deadline);
        let messages = limited(messages, caller.deadline, &self.closing);
        Ok(Box::pin(messages.map_err(Status::from)))
    }

    async fn put(&self, request: Request<Streaming<FlightData>>) -> Result<PutResult, ServerError> {
        let caller = Caller::of(&request)?;
        let rows = Rows::open(request.into_inner()).await?;
        let answer = match info::descriptor_command(rows.descriptor())? {
            Command::CommandStatementUpdate(update) => {
                self.statement_update(&caller, update, rows).await?
            }
            Command::CommandPreparedStatementQuery(query) => {
                self.prepared_bind(&caller, &query, rows).await?
            }
            Command::CommandPreparedStatementUpdate(update) => {
                self.prepared_update(&caller, &update, rows).await?
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

#[tonic::async_trait]
impl FlightService for Flight {
    type HandshakeStream = Answer<HandshakeResponse>;
    type ListFlightsStream = Answer<FlightInfo>;
    type DoGetStream = Answer<FlightData>;
    type DoPutStream = Answer<PutResult>;
    type DoActionStream = Answer<arrow_flight::Result>;
    type ListActionsStream = Answer<ActionType>;
    type DoExchangeStream = Answer<FlightData>;

    async fn handshake(
        &self,
        _request: Request<Streaming<HandshakeRequest>>,
    ) -> Result<Response<Self::HandshakeStream>, Status> {
        Err(refusals::handshake().into())
    }

    async fn list_flights(
        &self,
        _request: Request<Criteria>,
    ) -> Result<Response<Self::ListFlightsStream>, Status> {
        Err(refusals::list_flights().into())
    }

    async fn get_flight_info(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<FlightInfo>, Status> {
        let caller = Caller::of(&request)?;
        let info = self.info(&caller, request.into_inner()).await?;
        Ok(Response::new(info))
    }

    async fn poll_flight_info(
        &self,
        _request: Request<FlightDescriptor>,
    ) -> Result<Response<PollInfo>, Status> {
        Err(refusals::poll().into())
    }

    async fn get_schema(
        &self,
        request: Request<FlightDescriptor>,
    ) -> Result<Response<SchemaResult>, Status> {
        let caller = Caller::of(&request)?;
        let schema = self.schema(&caller, request.get_ref()).await?;
        Ok(Response::new(schema))
    }

    async fn do_get(
        &self,
        request: Request<Ticket>,
    ) -> Result<Response<Self::DoGetStream>, Status> {
        let caller = Caller::of(&request)?;
        let stream = self.stream(&caller, request.get_ref()).await?;
        Ok(Response::new(stream))
    }

    async fn do_put(
        &self,
        request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoPutStream>, Status> {
        let result = self.put(request).await?;
        Ok(Response::new(one(result)))
    }

    async fn do_exchange(
        &self,
        _request: Request<Streaming<FlightData>>,
    ) -> Result<Response<Self::DoExchangeStream>, Status> {
        Err(refusals::exchange().into())
    }

    async fn do_action(
        &self,
        request: Request<Action>,
    ) -> Result<Response<Self::DoActionStream>, Status> {
        let caller = Caller::of(&request)?;
        let answer = self.act(&caller, request.into_inner()).await?;
        Ok(Response::new(match answer {
            Some(any) => one(packed(&any)),
            None => Box::pin(futures::stream::empty()),
        }))
    }

    async fn list_actions(
        &self,
        _request: Request<Empty>,
    ) -> Result<Response<Self::ListActionsStream>, Status> {
        let actions = actions::served().map(Ok);
        Ok(Response::new(Box::pin(futures::stream::iter(actions))))
    }
}

fn one<T: Send + 'static>(item: T) -> Answer<T> {
    Box::pin(futures::stream::iter([Ok(item)]))
}

fn packed(any: &Any) -> arrow_flight::Result {
    arrow_flight::Result {
        body: any.encode_to_vec().into(),
    }
}
