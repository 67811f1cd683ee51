//! Prepared statements: planned once, bound to rows of parameters, executed with them.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema, SchemaRef};
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementRequest,
    ActionCreatePreparedStatementResult, CommandPreparedStatementQuery,
    CommandPreparedStatementUpdate, DoPutPreparedStatementResult,
};
use arrow_flight::{FlightDescriptor, FlightInfo};
use bytes::Bytes;
use cohortql_engine::{Planned, Session, StatementKind};
use prost::Message;
use ring::digest::{SHA256, digest};

use super::bind::Rows;
use super::statement::{planned, updated};
use super::{Flight, info, refusals};
use crate::bound::{Bound, promised_schema};
use crate::caller::Caller;
use crate::deadline::within;
use crate::error::ServerError;
use crate::parameters;

type BoundRows = Arc<Vec<RecordBatch>>;

/// A prepared statement. Only what is bound to it changes.
pub(super) struct Prepared {
    session: Session,
    planned: Planned,
    digest: Bytes,
    rows: Mutex<Option<BoundRows>>,
}

impl Prepared {
    fn rows(&self) -> Option<BoundRows> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        rows.clone()
    }

    fn bind(&self, rows: Option<BoundRows>) {
        *self.rows.lock().unwrap_or_else(PoisonError::into_inner) = rows;
    }

    /// The statement with the rows given; a statement without parameters runs once whatever came.
    fn with(&self, rows: Option<BoundRows>) -> Result<Bound, ServerError> {
        let rows = rows.filter(|_| !self.planned.parameters().is_empty());
        Bound::new(self.session.clone(), self.planned.clone(), rows)
    }

    fn schema(&self) -> Result<SchemaRef, ServerError> {
        match self.planned.kind() {
            StatementKind::Change => Ok(Arc::new(Schema::empty())),
            StatementKind::Query => promised_schema(&self.planned),
        }
    }
}

impl Flight {
    pub(super) async fn prepare(
        &self,
        caller: &Caller,
        request: ActionCreatePreparedStatementRequest,
    ) -> Result<ActionCreatePreparedStatementResult, ServerError> {
        if request.transaction_id.is_some_and(|id| !id.is_empty()) {
            return Err(refusals::transactions());
        }
        let planned = planned(caller, &request.query).await?;
        let unknown = if caller.takes_null_types {
            DataType::Null
        } else {
            DataType::Utf8
        };
        let parameter_schema = info::schema_bytes(&parameters::advertised(&planned, &unknown))?;
        let dataset_schema = match planned.kind() {
            StatementKind::Change => Bytes::new(),
            StatementKind::Query => info::schema_bytes(promised_schema(&planned)?.as_ref())?,
        };
        let text = planned.statement().text();
        let (bytes, digest) = (text.len(), digest(&SHA256, text.as_bytes()));
        let prepared = Prepared {
            session: caller.session.clone(),
            planned,
            digest: Bytes::copy_from_slice(digest.as_ref()),
            rows: Mutex::new(None),
        };
        let id = self.prepared.put(Arc::new(prepared), bytes)?;
        Ok(ActionCreatePreparedStatementResult {
            prepared_statement_handle: self.prepared_handle(
                caller,
                id,
                digest.as_ref().to_vec(),
            )?,
            dataset_schema,
            parameter_schema,
        })
    }

    /// Closing twice, or what has gone already, is no error.
    pub(super) fn close(
        &self,
        caller: &Caller,
        request: &ActionClosePreparedStatementRequest,
    ) -> Result<(), ServerError> {
        let (id, _) = self.open_handle(caller, &request.prepared_statement_handle)?;
        self.prepared.remove(id);
        Ok(())
    }

    pub(super) async fn prepared_info(
        &self,
        caller: &Caller,
        query: &CommandPreparedStatementQuery,
        descriptor: FlightDescriptor,
    ) -> Result<FlightInfo, ServerError> {
        let prepared = self.find(caller, &query.prepared_statement_handle)?;
        let bound = prepared.with(prepared.rows())?;
        self.bound_info(caller, bound, descriptor).await
    }

    /// The schema of the answer: of what is bound, or as promised before.
    pub(super) fn prepared_schema(
        &self,
        caller: &Caller,
        query: &CommandPreparedStatementQuery,
    ) -> Result<SchemaRef, ServerError> {
        let prepared = self.find(caller, &query.prepared_statement_handle)?;
        match prepared.rows() {
            Some(rows) => Ok(Arc::clone(prepared.with(Some(rows))?.schema())),
            None => prepared.schema(),
        }
    }

    /// Keeps the rows for the GetFlightInfo that follows.
    pub(super) async fn prepared_bind(
        &self,
        caller: &Caller,
        query: &CommandPreparedStatementQuery,
        rows: Rows,
    ) -> Result<Vec<u8>, ServerError> {
        let prepared = self.find(caller, &query.prepared_statement_handle)?;
        let limit = self.options.max_bound_bytes;
        let rows = match within(caller.deadline, rows.collect(limit)).await? {
            Some((schema, batches)) => {
                parameters::check(&prepared.planned, &schema)?;
                Some(Arc::new(batches))
            }
            None => None,
        };
        prepared.bind(rows);
        let answer = DoPutPreparedStatementResult {
            prepared_statement_handle: Some(query.prepared_statement_handle.clone()),
        };
        Ok(answer.encode_to_vec())
    }

    /// Executes a change once for each row, batch by batch as they arrive.
    pub(super) async fn prepared_update(
        &self,
        caller: &Caller,
        update: &CommandPreparedStatementUpdate,
        mut rows: Rows,
    ) -> Result<Vec<u8>, ServerError> {
        let prepared = self.find(caller, &update.prepared_statement_handle)?;
        if prepared.planned.kind() == StatementKind::Query {
            return Err(refusals::update_of_query());
        }
        if prepared.planned.parameters().is_empty() {
            rows.drain().await?;
            let affected = within(caller.deadline, prepared.with(None)?.change()).await?;
            return Ok(updated(affected));
        }
        let work = async {
            let mut affected = 0_i64;
            while let Some(batch) = rows.next().await? {
                parameters::check(&prepared.planned, &batch.schema())?;
                let bound = prepared.with(Some(Arc::new(vec![batch])))?;
                affected = affected.saturating_add(bound.change().await?);
            }
            if rows
                .schema()
                .is_none_or(|schema| schema.fields().is_empty())
            {
                affected = prepared.with(prepared.rows())?.change().await?;
            }
            Ok::<_, ServerError>(affected)
        };
        Ok(updated(within(caller.deadline, work).await?))
    }

    fn find(&self, caller: &Caller, handle: &[u8]) -> Result<Arc<Prepared>, ServerError> {
        let (id, digest) = self.open_handle(caller, handle)?;
        let prepared = self.prepared.get(id).ok_or_else(|| {
            ServerError::NotFound(
                "the prepared statement was closed or not used for long; prepare it again"
                    .to_owned(),
            )
        })?;
        if prepared.digest != digest {
            return Err(ServerError::NotSealed("prepared statement handle"));
        }
        Ok(prepared)
    }
}
