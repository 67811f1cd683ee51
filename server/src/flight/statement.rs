//! Statements sent as text or as Substrait plans: queries by GetFlightInfo and DoGet, changes by DoPut.
//!
//! ADBC sends everything through GetFlightInfo, so a change runs there, once; the ticket that it
//! gets leads to an empty answer, and the rows affected stand in the FlightInfo.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::sql::{
    ActionCreatePreparedStatementRequest, ActionCreatePreparedSubstraitPlanRequest, Command,
    CommandStatementQuery, CommandStatementSubstraitPlan, CommandStatementUpdate,
    DoPutUpdateResult,
};
use arrow_flight::{FlightDescriptor, FlightInfo};
use bytes::Bytes;
use cohortql_engine::sql::dialect;
use cohortql_engine::{EngineError, Planned, Session, Statement, StatementKind, SubstraitPlan};
use cohortql_protocol::{Places, Types, number_placeholders};
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
pub(super) struct Said {
    session: Session,
    types: Types,
    most_parameters: usize,
    form: Form,
    bytes: usize,
}

/// What it was said in.
enum Form {
    Sql(Statement, Places),
    Substrait(SubstraitPlan),
}

impl Said {
    /// Parses what the caller has sent.
    pub(super) async fn parse(
        caller: &Caller,
        options: &ServeOptions,
        sql: &str,
    ) -> Result<Self, ServerError> {
        let bytes = sql.len();
        small_enough(bytes, options)?;
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
        Ok(Self::new(
            caller,
            options,
            Form::Sql(statement, places),
            bytes,
        ))
    }

    /// Reads the plan that the caller has sent.
    pub(super) async fn decode(
        caller: &Caller,
        options: &ServeOptions,
        bytes: Bytes,
    ) -> Result<Self, ServerError> {
        let size = bytes.len();
        small_enough(size, options)?;
        let decode = async move { Ok(SubstraitPlan::decode(&bytes)?) };
        let plan = within(caller.deadline, compute(&caller.engine, decode)).await?;
        Ok(Self::new(caller, options, Form::Substrait(plan), size))
    }

    fn new(caller: &Caller, options: &ServeOptions, form: Form, bytes: usize) -> Self {
        Self {
            session: caller.session.clone(),
            types: caller.types,
            most_parameters: options.max_parameters,
            form,
            bytes,
        }
    }

    /// Plans it, with the tables that there are now.
    pub(super) async fn plan(&self, caller: &Caller) -> Result<Planned, ServerError> {
        let planned = async {
            match &self.form {
                Form::Sql(statement, places) => {
                    let planned = self.session.plan(statement).await;
                    planned.map_err(|error| pointed(places, error))
                }
                Form::Substrait(plan) => self.session.plan_substrait(plan).await,
            }
        };
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

    /// How many bytes it was sent in.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The session that it belongs to.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// The statement as it was parsed, or what stands for a plan.
    pub(super) fn text(&self) -> &str {
        match &self.form {
            Form::Sql(statement, _) => statement.text(),
            Form::Substrait(plan) => plan.text(),
        }
    }
}

fn small_enough(bytes: usize, options: &ServeOptions) -> Result<(), ServerError> {
    if bytes <= options.max_sql_bytes {
        return Ok(());
    }
    Err(ServerError::Limit(format!(
        "the statement takes {bytes} bytes, and at most {} are taken",
        options.max_sql_bytes
    )))
}

fn outside_transactions(transaction: Option<&Bytes>) -> Result<(), ServerError> {
    match transaction {
        None => Ok(()),
        Some(id) if id.is_empty() => Ok(()),
        Some(_) => Err(refusals::transactions()),
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

impl Flight {
    /// The statement that a command says.
    pub(super) async fn said(
        &self,
        caller: &Caller,
        command: &Command,
    ) -> Result<Said, ServerError> {
        match command {
            Command::CommandStatementQuery(CommandStatementQuery {
                query,
                transaction_id,
            })
            | Command::CommandStatementUpdate(CommandStatementUpdate {
                query,
                transaction_id,
            })
            | Command::ActionCreatePreparedStatementRequest(
                ActionCreatePreparedStatementRequest {
                    query,
                    transaction_id,
                },
            ) => {
                outside_transactions(transaction_id.as_ref())?;
                Said::parse(caller, &self.options, query).await
            }
            Command::CommandStatementSubstraitPlan(CommandStatementSubstraitPlan {
                plan,
                transaction_id,
            })
            | Command::ActionCreatePreparedSubstraitPlanRequest(
                ActionCreatePreparedSubstraitPlanRequest {
                    plan,
                    transaction_id,
                },
            ) => {
                outside_transactions(transaction_id.as_ref())?;
                let plan = plan.clone().unwrap_or_default();
                Said::decode(caller, &self.options, plan.plan).await
            }
            other => Err(refusals::command(other)),
        }
    }

    pub(super) async fn statement_bound(
        &self,
        caller: &Caller,
        said: &Said,
    ) -> Result<Bound, ServerError> {
        let planned = said.plan(caller).await?;
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
        said: &Said,
    ) -> Result<SchemaRef, ServerError> {
        let planned = said.plan(caller).await?;
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
        said: &Said,
    ) -> Result<Vec<u8>, ServerError> {
        let planned = said.plan(caller).await?;
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
