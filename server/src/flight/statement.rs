//! Statements sent as text: queries by GetFlightInfo and DoGet, changes by DoPut.
//!
//! ADBC sends everything through GetFlightInfo, so a change runs there, once; the ticket that it
//! gets leads to an empty answer, and the rows affected stand in the FlightInfo.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::sql::{CommandStatementQuery, CommandStatementUpdate, DoPutUpdateResult};
use arrow_flight::{FlightDescriptor, FlightInfo};
use bytes::Bytes;
use cohortql_engine::sql::dialect;
use cohortql_engine::{EngineError, Planned, Session, Statement, StatementKind};
use cohortql_protocol::{Places, Rows, Types, number_placeholders};
use futures::stream;
use prost::Message;
use uuid::Uuid;

use super::kept::Kept;
use super::{Flight, info, refusals};
use crate::bound::{Batches, Bound, answer_schema};
use crate::caller::Caller;
use crate::compute::compute;
use crate::deadline::within;
use crate::error::ServerError;
use crate::serve::ServeOptions;

/// The answer of a change that has happened.
pub(super) fn nothing() -> (SchemaRef, Batches) {
    (Arc::new(Schema::empty()), Box::pin(stream::empty()))
}

/// One statement of a client's, not planned yet.
pub(super) struct Text {
    session: Session,
    types: Types,
    most_parameters: usize,
    statement: Statement,
    places: Places,
}

impl Text {
    /// Parses what the caller has sent.
    pub(super) async fn parse(
        caller: &Caller,
        options: &ServeOptions,
        sql: &str,
    ) -> Result<Self, ServerError> {
        if sql.len() > options.max_sql_bytes {
            return Err(ServerError::Limit(format!(
                "the statement takes {} bytes, and at most {} are taken",
                sql.len(),
                options.max_sql_bytes
            )));
        }
        let (session, sql) = (caller.session.clone(), sql.to_owned());
        let parse = async move {
            let numbered = number_placeholders(&sql, dialect())?;
            let parsed = session.parse(&numbered.sql);
            let parsed = parsed.map_err(|error| pointed(&numbered.places, error))?;
            Ok((parsed, numbered.places))
        };
        let (statements, places) = within(caller.deadline, compute(&caller.engine, parse)).await?;
        let [statement] = <[Statement; 1]>::try_from(statements).map_err(|statements| {
            ServerError::Invalid(match statements.len() {
                0 => "expected a statement, got an empty text".to_owned(),
                many => format!("expected one statement, got {many}; send them one by one"),
            })
        })?;
        Ok(Self {
            session: caller.session.clone(),
            types: caller.types,
            most_parameters: options.max_parameters,
            statement,
            places,
        })
    }

    /// Plans it, with the tables that there are now.
    pub(super) async fn plan(&self, caller: &Caller) -> Result<Planned, ServerError> {
        let planned = self.session.plan(&self.statement);
        let planned = async { planned.await.map_err(|error| pointed(&self.places, error)) };
        let planned = within(caller.deadline, planned).await?;
        let parameters = planned.parameters().len();
        if parameters > self.most_parameters {
            return Err(ServerError::Limit(format!(
                "the statement takes {parameters} parameters, and at most {} are taken",
                self.most_parameters
            )));
        }
        Ok(planned)
    }

    /// The types that its answer is sent in.
    pub(super) fn types(&self) -> Types {
        self.types
    }

    /// The session that it belongs to.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// The statement as it was parsed.
    pub(super) fn sql(&self) -> &str {
        self.statement.text()
    }
}

/// The error with its place in the text that the client has sent.
fn pointed(places: &Places, mut error: EngineError) -> EngineError {
    if let EngineError::Syntax { location, .. }
    | EngineError::Plan { location, .. }
    | EngineError::NotFound { location, .. }
    | EngineError::Unsupported { location, .. } = &mut error
    {
        *location = location.map(|(line, column)| (line, places.column(line, column)));
    }
    error
}

fn outside_transactions(transaction: Option<&Bytes>) -> Result<(), ServerError> {
    match transaction {
        None => Ok(()),
        Some(id) if id.is_empty() => Ok(()),
        Some(_) => Err(refusals::transactions()),
    }
}

impl Flight {
    /// Plans one statement of the caller's.
    async fn planned(&self, caller: &Caller, sql: &str) -> Result<Planned, ServerError> {
        let text = Text::parse(caller, &self.options, sql).await?;
        text.plan(caller).await
    }

    pub(super) async fn statement_bound(
        &self,
        caller: &Caller,
        query: &CommandStatementQuery,
    ) -> Result<Bound, ServerError> {
        outside_transactions(query.transaction_id.as_ref())?;
        let planned = self.planned(caller, &query.query).await?;
        Bound::new(caller.session.clone(), planned, None, caller.types)
    }

    /// Runs a change, or keeps a query for its DoGet.
    pub(super) async fn bound_info(
        &self,
        caller: &Caller,
        bound: Bound,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, ServerError> {
        match bound.kind() {
            StatementKind::Change => {
                let affected = within(caller.deadline, bound.change(&caller.call)).await?;
                let handle = self.done_ticket(caller)?;
                Ok(info::flight_info(
                    descriptor,
                    bound.schema(),
                    handle,
                    affected,
                    self.result_expiry(),
                )?)
            }
            StatementKind::Query => {
                let schema = Arc::clone(bound.schema());
                let bytes = bound.bytes();
                let kept = Arc::new(Kept::new(bound));
                let id = self.results.put(caller.owner(), Arc::clone(&kept), bytes)?;
                let handle = self.statement_ticket(caller, id, kept.bound())?;
                let expires = self.result_expiry();
                Ok(info::flight_info(descriptor, &schema, handle, -1, expires)?)
            }
        }
    }

    pub(super) async fn statement_schema(
        &self,
        caller: &Caller,
        query: CommandStatementQuery,
    ) -> Result<SchemaRef, ServerError> {
        outside_transactions(query.transaction_id.as_ref())?;
        let planned = self.planned(caller, &query.query).await?;
        match planned.kind() {
            StatementKind::Change => Ok(Arc::new(Schema::empty())),
            StatementKind::Query => answer_schema(&planned, None, caller.types),
        }
    }

    /// Goes on with a query that polling has begun, or runs it.
    pub(super) async fn statement_batches(
        &self,
        caller: &Caller,
        id: Uuid,
        kept: &Kept,
    ) -> Result<Batches, ServerError> {
        let running = match kept.take() {
            Some(begun) => begun,
            None => within(caller.deadline, kept.bound().clone().query()).await?,
        };
        if let Some(query) = &running.id {
            caller.call.runs(query);
        }
        self.results.release(id);
        Ok(running.batches)
    }

    pub(super) async fn statement_update(
        &self,
        caller: &Caller,
        update: CommandStatementUpdate,
        rows: Rows,
    ) -> Result<Vec<u8>, ServerError> {
        rows.drain().await?;
        outside_transactions(update.transaction_id.as_ref())?;
        let planned = self.planned(caller, &update.query).await?;
        if planned.kind() == StatementKind::Query {
            return Err(refusals::update_of_query());
        }
        let bound = Bound::new(caller.session.clone(), planned, None, caller.types)?;
        let affected = within(caller.deadline, bound.change(&caller.call)).await?;
        Ok(updated(affected))
    }
}

/// The answer to an update.
pub(super) fn updated(record_count: i64) -> Vec<u8> {
    DoPutUpdateResult { record_count }.encode_to_vec()
}
