//! Prepared statements: bound to rows of parameters, executed with them.
//!
//! Each execution plans anew, as each execution of a text does: a table may have been dropped, made
//! again or changed since the statement was prepared.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::sql::{
    ActionClosePreparedStatementRequest, ActionCreatePreparedStatementResult,
    CommandPreparedStatementQuery, CommandPreparedStatementUpdate, DoPutPreparedStatementResult,
};
use bytes::Bytes;
use cohortql_engine::{Planned, StatementKind};
use cohortql_protocol::parameters::check;
use cohortql_protocol::{ProtocolError, Rows};
use prost::Message;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use super::said::Said;
use super::statement::updated;
use super::{Flight, info, refusals};
use crate::bound::{Bound, BoundRows, answer_schema, kept_bytes};
use crate::caller::Caller;
use crate::deadline::within;
use crate::error::ServerError;
use crate::parameters;

/// A prepared statement. Only what is bound to it changes.
pub(super) struct Prepared {
    said: Said,
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

    /// The planned statement with the rows given; one without parameters runs once whatever came.
    fn with(&self, planned: Planned, rows: Option<BoundRows>) -> Result<Bound, ServerError> {
        let rows = rows.filter(|_| !planned.parameters().is_empty());
        let said = &self.said;
        Bound::new(said.session().clone(), planned, rows, said.types())
    }

    /// Whether it is a short query of literals.
    pub(super) fn is_constant(&self) -> bool {
        self.said.is_constant()
    }

    /// It, planned now, with what is bound to it.
    pub(super) async fn bound(&self, caller: &Caller) -> Result<Bound, ServerError> {
        let planned = self.said.plan(caller).await?;
        self.with(planned, self.rows())
    }

    /// The schema of the answer: of what is bound, or as promised before.
    pub(super) async fn schema(&self, caller: &Caller) -> Result<SchemaRef, ServerError> {
        let planned = self.said.plan(caller).await?;
        match (self.rows(), planned.kind()) {
            (_, StatementKind::Change) => Ok(Arc::new(Schema::empty())),
            (None, StatementKind::Query) => answer_schema(&planned, None, self.said.types()),
            (rows, StatementKind::Query) => Ok(Arc::clone(self.with(planned, rows)?.schema())),
        }
    }
}

impl Flight {
    pub(super) async fn prepare(
        &self,
        caller: &Caller,
        said: Said,
    ) -> Result<ActionCreatePreparedStatementResult, ServerError> {
        let planned = said.plan(caller).await?;
        let types = said.types();
        let advertised = parameters::advertised(&planned, caller.driver, types);
        let parameter_schema = info::schema_bytes(&advertised)?;
        let dataset_schema = match planned.kind() {
            StatementKind::Change => Bytes::new(),
            StatementKind::Query => {
                info::schema_bytes(answer_schema(&planned, None, types)?.as_ref())?
            }
        };
        let (bytes, digest) = (said.bytes(), digest(&SHA256, said.text().as_bytes()));
        let prepared = Prepared {
            said,
            digest: Bytes::copy_from_slice(digest.as_ref()),
            rows: Mutex::new(None),
        };
        let id = self
            .prepared
            .put(caller.owner(), Arc::new(prepared), bytes)?;
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

    /// Keeps the rows for the GetFlightInfo that follows.
    pub(super) async fn prepared_bind(
        &self,
        caller: &Caller,
        query: &CommandPreparedStatementQuery,
        rows: Rows,
    ) -> Result<Vec<u8>, ServerError> {
        let (id, prepared) = self.find(caller, &query.prepared_statement_handle)?;
        let limit = self.options.max_bound_bytes;
        let rows = match within(caller.deadline, rows.collect(limit)).await? {
            Some((schema, batches)) => {
                let planned = prepared.said.plan(caller).await?;
                check(planned.parameters().len(), &schema)?;
                Some(Arc::new(batches))
            }
            None => None,
        };
        let bytes = kept_bytes(prepared.said.bytes(), rows.as_ref());
        self.prepared.resize(id, bytes)?;
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
        let (_, prepared) = self.find(caller, &update.prepared_statement_handle)?;
        let planned = prepared.said.plan(caller).await?;
        if planned.kind() == StatementKind::Query {
            return Err(refusals::update_of_query());
        }
        if planned.parameters().is_empty() {
            rows.drain().await?;
            let bound = prepared.with(planned, None)?;
            let affected = within(caller.deadline, bound.change(&caller.call)).await?;
            return Ok(updated(affected));
        }
        let work = async {
            let mut affected = 0_i64;
            while let Some(batch) = rows.next().await? {
                let bound = prepared.with(planned.clone(), Some(Arc::new(vec![batch])))?;
                affected = affected.saturating_add(bound.change(&caller.call).await?);
            }
            if rows
                .schema()
                .is_none_or(|schema| schema.fields().is_empty())
            {
                let bound = prepared.with(planned.clone(), prepared.rows())?;
                affected = bound.change(&caller.call).await?;
            }
            Ok::<_, ServerError>(affected)
        };
        Ok(updated(within(caller.deadline, work).await?))
    }

    /// The prepared statement of a handle of the caller's, with the id under which it is kept.
    pub(super) fn find(
        &self,
        caller: &Caller,
        handle: &[u8],
    ) -> Result<(Uuid, Arc<Prepared>), ServerError> {
        let (id, digest) = self.open_handle(caller, handle)?;
        let prepared = self.prepared.get(id).ok_or_else(|| {
            ServerError::NotFound(
                "the prepared statement was closed or not used for long; prepare it again"
                    .to_owned(),
            )
        })?;
        if prepared.digest != digest {
            return Err(ProtocolError::NotSealed("prepared statement handle").into());
        }
        Ok((id, prepared))
    }
}
