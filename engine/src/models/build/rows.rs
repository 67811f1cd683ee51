//! The rows of a model: from its query into its table.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::StreamExt;
use serde_json::Value;

use super::super::manifest::Relation;
use super::super::model::{Kind, Model};
use super::super::outcome::{Event, Extent};
use super::super::reads::Query;
use super::super::values::Bound;
use super::{Build, Made};
use crate::catalog::repeated;
use crate::formats::{BuiltTable, Replaced, Shape, Written};
use crate::ingest::{self, Incoming};
use crate::runtime::Task;
use crate::stores::Location;
use crate::{EngineError, Planned, Progress};

impl Build<'_> {
    /// Builds a model that is a query.
    pub(super) async fn of_query(
        &mut self,
        model: &Model,
        query: &Query,
    ) -> Result<Made, EngineError> {
        let Bound { sql, variables } = self.values.bind(query).await?;
        let planned = self.session.plan_text(&sql).await?;
        let columns = planned.schema();
        distinct(&columns)?;
        let (rows, extent) = match model.kind {
            Kind::View | Kind::Test => {
                return Ok(Made::whole(Relation::view(
                    model.kind.word(),
                    sql,
                    variables,
                )));
            }
            Kind::Incremental(strategy) => self.incremental(model, strategy, planned).await?,
            Kind::Snapshot => {
                let planned = self.snapshot(model, &sql, &columns).await?;
                (self.run(model, planned).await?, Extent::Whole)
            }
            Kind::Table | Kind::Seed => (self.run(model, planned).await?, Extent::Whole),
        };
        let relation = Relation::table(model, Some(sql), variables, rows);
        Ok(Made { relation, extent })
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
    async fn run(&self, model: &Model, planned: Planned) -> Result<Option<u64>, EngineError> {
        let (columns, rows, progress) = self.rows(planned).await?;
        let rows = self.write(model, &columns, rows).await?;
        self.has_read(&progress);
        Ok(rows)
    }

    /// Starts a query.
    pub(super) async fn rows(
        &self,
        planned: Planned,
    ) -> Result<(SchemaRef, Incoming, Arc<Progress>), EngineError> {
        let stream = self.session.execute(planned).await?;
        let (columns, progress) = (stream.schema(), stream.progress());
        let rows = stream.map(|batch| batch.map_err(EngineError::from)).boxed();
        Ok((columns, rows, progress))
    }

    /// Counts what a query has read that is over.
    pub(super) fn has_read(&self, progress: &Progress) {
        let bytes = progress.bytes_read();
        self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Makes rows the model's table, and returns how many it has.
    pub(super) async fn write(
        &self,
        model: &Model,
        columns: &SchemaRef,
        rows: Incoming,
    ) -> Result<Option<u64>, EngineError> {
        let table = self.table(&model.name).await?;
        let shape = Shape::whole(columns)?;
        self.say_changes(model, &table, &shape)?;
        let written = self.write_files(&table, &shape, columns, rows).await?;
        let all = Replaced::All;
        let table = self.commit(table, shape, all, written, None).await?;
        Ok(table.rows())
    }

    /// Makes rows all that the table at a location has, or adds them to it.
    pub(in crate::models) async fn put(
        &self,
        location: Location,
        columns: &SchemaRef,
        rows: Incoming,
        replaced: Replaced,
    ) -> Result<(), EngineError> {
        let table = self.table_at(location).await?;
        let shape = Shape::whole(columns)?;
        let written = self.write_files(&table, &shape, columns, rows).await?;
        self.commit(table, shape, replaced, written, None).await?;
        Ok(())
    }

    /// Tells what becomes of a table's columns, before it does.
    pub(super) fn say_changes(
        &self,
        model: &Model,
        table: &BuiltTable,
        shape: &Shape,
    ) -> Result<(), EngineError> {
        let changes = table.changes(shape)?;
        if !changes.is_empty() {
            (self.report)(Event::Columns {
                model: &model.name,
                changes: &changes,
            });
        }
        Ok(())
    }

    /// The table of a model, as it is.
    pub(super) async fn table(&self, name: &str) -> Result<BuiltTable, EngineError> {
        self.table_at(self.warehouse.location.child(name, true)?)
            .await
    }

    async fn table_at(&self, location: Location) -> Result<BuiltTable, EngineError> {
        let state = self.session.context().state();
        let opening = async move { BuiltTable::open(&state, &location).await };
        Task::spawn(self.session.shared().runtimes.compute(), opening).await?
    }

    /// Writes rows with these columns into files of a table.
    pub(super) async fn write_files(
        &self,
        table: &BuiltTable,
        shape: &Shape,
        columns: &SchemaRef,
        rows: Incoming,
    ) -> Result<Written, EngineError> {
        let rows = ingest::for_delta(&self.session, columns, rows)?;
        let (table, shape) = (table.clone(), shape.clone());
        let writing = async move {
            let written = table.write(&shape, rows.read()?).await;
            // What the rows failed with is the cause; what became of it below are its consequences.
            match rows.failure() {
                Some(failure) => Err(failure),
                None => written,
            }
        };
        Task::spawn(self.session.shared().runtimes.compute(), writing).await?
    }

    /// Makes files part of a table, in one commit.
    pub(super) async fn commit(
        &self,
        table: BuiltTable,
        shape: Shape,
        replaced: Replaced,
        written: Written,
        note: Option<Value>,
    ) -> Result<BuiltTable, EngineError> {
        let work = async move { table.commit(&shape, &replaced, written, note).await };
        Task::spawn(self.session.shared().runtimes.compute(), work).await?
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
