//! Statements sent as text: queries by GetFlightInfo and DoGet, changes by DoPut.
//!
//! ADBC sends everything through GetFlightInfo, so a change runs there, once; the ticket that it
//! gets leads to an empty answer, and the rows affected stand in the FlightInfo.

use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::sql::{CommandStatementQuery, CommandStatementUpdate, DoPutUpdateResult};
use arrow_flight::{FlightDescriptor, FlightInfo};
use bytes::Bytes;
use cohortql_engine::{Planned, StatementKind};
use futures::stream;
use prost::Message;
use uuid::Uuid;

use super::bind::Rows;
use super::{Flight, info, refusals};
use crate::bound::{Batches, Bound, promised_schema};
use crate::caller::Caller;
use crate::compute::compute;
use crate::deadline::within;
use crate::error::ServerError;
use crate::placeholders::number_placeholders;

/// The answer of a change that has happened.
pub(super) fn nothing() -> (SchemaRef, Batches) {
    (Arc::new(Schema::empty()), Box::pin(stream::empty()))
}

/// Plans one statement of the caller's.
pub(super) async fn planned(caller: &Caller, sql: &str) -> Result<Planned, ServerError> {
    let (session, sql) = (caller.session.clone(), sql.to_owned());
    let parse = async move { Ok(session.parse(&number_placeholders(&sql)?)?) };
    let statements = within(caller.deadline, compute(&caller.engine, parse)).await?;
    let [statement] = statements.as_slice() else {
        return Err(ServerError::Invalid(match statements.len() {
            0 => "expected a statement, got an empty text".to_owned(),
            many => format!("expected one statement, got {many}; send them one by one"),
        }));
    };
    within(caller.deadline, caller.session.plan(statement)).await
}

fn outside_transactions(transaction: Option<&Bytes>) -> Result<(), ServerError> {
    match transaction {
        None => Ok(()),
        Some(id) if id.is_empty() => Ok(()),
        Some(_) => Err(refusals::transactions()),
    }
}

impl Flight {
    pub(super) async fn statement_info(
        &self,
        caller: &Caller,
        query: CommandStatementQuery,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, ServerError> {
        outside_transactions(query.transaction_id.as_ref())?;
        let planned = planned(caller, &query.query).await?;
        let bound = Bound::new(caller.session.clone(), planned, None)?;
        self.bound_info(caller, bound, descriptor).await
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
                let affected = within(caller.deadline, bound.change()).await?;
                let handle = self.done_ticket(caller)?;
                info::flight_info(descriptor, bound.schema(), handle, affected)
            }
            StatementKind::Query => {
                let schema = Arc::clone(bound.schema());
                let handle = self.statement_ticket(caller, bound)?;
                info::flight_info(descriptor, &schema, handle, -1)
            }
        }
    }

    pub(super) async fn statement_schema(
        &self,
        caller: &Caller,
        query: CommandStatementQuery,
    ) -> Result<SchemaRef, ServerError> {
        outside_transactions(query.transaction_id.as_ref())?;
        let planned = planned(caller, &query.query).await?;
        match planned.kind() {
            StatementKind::Change => Ok(Arc::new(Schema::empty())),
            StatementKind::Query => promised_schema(&planned),
        }
    }

    pub(super) async fn statement_batches(
        &self,
        caller: &Caller,
        id: Uuid,
        bound: &Bound,
    ) -> Result<Batches, ServerError> {
        let batches = within(caller.deadline, bound.clone().query()).await?;
        self.results.release(id);
        Ok(batches)
    }

    pub(super) async fn statement_update(
        &self,
        caller: &Caller,
        update: CommandStatementUpdate,
        rows: Rows,
    ) -> Result<Vec<u8>, ServerError> {
        rows.drain().await?;
        outside_transactions(update.transaction_id.as_ref())?;
        let planned = planned(caller, &update.query).await?;
        if planned.kind() == StatementKind::Query {
            return Err(refusals::update_of_query());
        }
        let bound = Bound::new(caller.session.clone(), planned, None)?;
        let affected = within(caller.deadline, bound.change()).await?;
        Ok(updated(affected))
    }
}

/// The answer to an update.
pub(super) fn updated(record_count: i64) -> Vec<u8> {
    DoPutUpdateResult { record_count }.encode_to_vec()
}
