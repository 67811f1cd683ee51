//! The rows of a model: from its query into its table.

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::StreamExt;

use super::super::manifest::Relation;
use super::super::model::{Kind, Model};
use super::super::reads::Query;
use super::super::values::Bound;
use super::Build;
use crate::catalog::repeated;
use crate::ingest::{self, Incoming};
use crate::{EngineError, Planned};

impl Build<'_> {
    /// Builds a model that is a query.
    pub(super) async fn of_query(
        &mut self,
        model: &Model,
        query: &Query,
    ) -> Result<Relation, EngineError> {
        let Bound { sql, variables } = self.values.bind(query).await?;
        let planned = self.session.plan_text(&sql).await?;
        let columns = planned.schema();
        distinct(&columns)?;
        let rows = match model.kind {
            Kind::View | Kind::Test => {
                return Ok(Relation::view(model.kind.word(), sql, variables));
            }
            Kind::Snapshot => {
                let planned = self.snapshot(model, &sql, &columns).await?;
                self.run(&model.name, planned).await?
            }
            Kind::Table | Kind::Incremental(_) | Kind::Seed => {
                self.run(&model.name, planned).await?
            }
        };
        Ok(Relation::table(model, Some(sql), variables, rows))
    }

    /// The first row of an answer, if it has one.
    pub(in crate::models) async fn answer(
        &self,
        sql: &str,
    ) -> Result<Option<RecordBatch>, EngineError> {
        let mut stream = self.session.sql(sql).await?;
        while let Some(batch) = stream.next_batch().await? {
            if batch.num_rows() > 0 {
                return Ok(Some(batch.slice(0, 1)));
            }
        }
        Ok(None)
    }

    /// Runs a query, and makes its rows the model's table.
    async fn run(&self, name: &str, planned: Planned) -> Result<u64, EngineError> {
        let stream = self.session.execute(planned).await?;
        let columns = stream.schema();
        let rows = stream.map(|batch| batch.map_err(EngineError::from)).boxed();
        self.write(name, &columns, rows).await
    }

    /// Makes rows the model's table.
    pub(super) async fn write(
        &self,
        name: &str,
        columns: &SchemaRef,
        rows: Incoming,
    ) -> Result<u64, EngineError> {
        let location = self.warehouse.location.child(name, true)?;
        ingest::replace(&self.session, name, &location, columns, rows).await
    }
}

/// Refuses two columns of one name.
fn distinct(columns: &SchemaRef) -> Result<(), EngineError> {
    match repeated(columns.fields().iter().map(|field| field.name())) {
        None => Ok(()),
        Some(name) => Err(EngineError::Plan {
            message: format!("it has two columns named {name:?}: give one another name"),
            location: None,
        }),
    }
}
