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
use cohortql_engine::StatementKind;
use futures::stream;
use prost::Message;
use uuid::Uuid;

use super::kept::Kept;
use super::said::Said;
use super::{Flight, info, refusals};
use crate::bound::{Batches, Bound, answer_schema};
use crate::caller::Caller;
use crate::deadline::within;
use crate::error::ServerError;

/// The answer of a change that has happened.
pub(super) fn nothing() -> (SchemaRef, Batches) {
    (Arc::new(Schema::empty()), Box::pin(stream::empty()))
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

impl Said {
    /// It, planned now and ready to be executed.
    pub(super) async fn bound(&self, caller: &Caller) -> Result<Bound, ServerError> {
        let planned = self.plan(caller).await?;
        Bound::new(self.session().clone(), planned, None, self.types())
    }

    /// The schema of its answer; empty for a change.
    pub(super) async fn schema(&self, caller: &Caller) -> Result<SchemaRef, ServerError> {
        let planned = self.plan(caller).await?;
        match planned.kind() {
            StatementKind::Change => Ok(Arc::new(Schema::empty())),
            StatementKind::Query => answer_schema(&planned, None, self.types()),
        }
    }
}

/// The answer to an update.
pub(super) fn updated(record_count: i64) -> Vec<u8> {
    DoPutUpdateResult { record_count }.encode_to_vec()
}

fn outside_transactions(transaction: Option<&Bytes>) -> Result<(), ServerError> {
    match transaction {
        None => Ok(()),
        Some(id) if id.is_empty() => Ok(()),
        Some(_) => Err(refusals::transactions()),
    }
}
