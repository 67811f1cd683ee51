//! Tables made by `CREATE TABLE`: rows in memory, counted against the memory limit.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{MemTable, Session, TableProvider};
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::common::{Constraints, TableReference};
use datafusion::datasource::sink::{DataSink, DataSinkExec};
use datafusion::error::Result;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{CreateMemoryTable, Expr, TableProviderFilterPushDown, TableType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use datafusion_datasource::memory::MemSink;
use futures::StreamExt;

use crate::shape::shaped;
use crate::{EngineError, Progress, counting};

/// A table in memory that gives its share of the memory limit back when it is dropped.
#[derive(Debug)]
struct HeldTable {
    table: MemTable,
    held: Arc<MemoryReservation>,
}

/// Adds rows to a table in memory, within the memory limit.
#[derive(Debug)]
struct HeldSink {
    sink: MemSink,
    held: Arc<MemoryReservation>,
}

/// Rows on their way into a table of their own, within the memory limit.
pub(crate) struct Kept {
    schema: SchemaRef,
    held: MemoryReservation,
    /// Batches may be parts of one.
    counter: RecordBatchMemoryCounter,
    batches: Vec<RecordBatch>,
    rows: usize,
}

/// Runs the query of a `CREATE TABLE` and keeps its rows. Returns the table and its row count.
pub(super) async fn create(
    context: &SessionContext,
    command: CreateMemoryTable,
    progress: &Arc<Progress>,
) -> Result<(Arc<dyn TableProvider>, i64), EngineError> {
    let query = Arc::unwrap_or_clone(command.input);
    let state = context.state();
    let query = state.optimize(&query)?;
    let schema = Arc::clone(query.schema().inner());
    if let Some(name) = repeated(schema.fields().iter().map(|field| field.name())) {
        return Err(EngineError::Plan {
            message: format!(
                "table {} would have two columns named {name:?}: give one another name",
                command.name
            ),
            location: None,
        });
    }
    let planner = state.query_planner();
    let physical = planner.create_physical_plan(&query, &state).await?;
    progress.watch(&physical);
    let mut stream = execute_stream(physical, counting::task_context(context, progress))?;
    let pool = &context.runtime_env().memory_pool;
    let mut kept = Kept::new(&command.name, Arc::clone(&schema), pool);
    while let Some(batch) = stream.next().await {
        kept.add(shaped(batch?, &schema)?)?;
    }
    let rows = i64::try_from(kept.rows).unwrap_or(i64::MAX);
    let mut table = kept.table()?;
    table.table = table
        .table
        .with_constraints(command.constraints)
        .with_column_defaults(command.column_defaults.into_iter().collect());
    Ok((Arc::new(table), rows))
}

/// Whether a table's rows are in memory, and may be replaced there.
pub(crate) fn is_in_memory(table: &dyn TableProvider) -> bool {
    table.downcast_ref::<HeldTable>().is_some() || table.downcast_ref::<MemTable>().is_some()
}

impl Kept {
    pub(crate) fn new(
        name: &TableReference,
        schema: SchemaRef,
        pool: &Arc<dyn MemoryPool>,
    ) -> Self {
        Self {
            schema,
            held: MemoryConsumer::new(format!("table {name}")).register(pool),
            counter: RecordBatchMemoryCounter::new(),
            batches: Vec::new(),
            rows: 0,
        }
    }

    /// Keeps a batch.
    ///
    /// # Errors
    /// When there is no memory for it.
    pub(crate) fn add(&mut self, batch: RecordBatch) -> Result<()> {
        self.held.try_grow(self.counter.count_batch(&batch))?;
        self.rows += batch.num_rows();
        self.batches.push(batch);
        Ok(())
    }

    /// The table.
    pub(crate) fn into_table(self) -> Result<Arc<dyn TableProvider>> {
        Ok(Arc::new(self.table()?))
    }

    fn table(self) -> Result<HeldTable> {
        let table = MemTable::try_new(self.schema, vec![self.batches])?;
        let held = Arc::new(self.held);
        Ok(HeldTable { table, held })
    }
}

/// The first name that occurs twice.
pub(crate) fn repeated<'a>(mut names: impl Iterator<Item = &'a String>) -> Option<&'a String> {
    let mut seen = std::collections::HashSet::new();
    names.find(|name| !seen.insert(name.as_str()))
}

#[async_trait]
impl TableProvider for HeldTable {
    fn schema(&self) -> SchemaRef {
        self.table.schema()
    }

    fn constraints(&self) -> Option<&Constraints> {
        self.table.constraints()
    }

    fn table_type(&self) -> TableType {
        self.table.table_type()
    }

    fn get_column_default(&self, column: &str) -> Option<&Expr> {
        self.table.get_column_default(column)
    }

    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>> {
        self.table.supports_filters_pushdown(filters)
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.table.scan(state, projection, filters, limit).await
    }

    async fn insert_into(
        &self,
        state: &dyn Session,
        input: Arc<dyn ExecutionPlan>,
        how: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        // The table checks the columns and how to insert; its plan would hold uncounted rows.
        self.table
            .insert_into(state, Arc::clone(&input), how)
            .await?;
        let sink = HeldSink {
            sink: MemSink::try_new(self.table.batches.clone(), self.schema())?,
            held: Arc::clone(&self.held),
        };
        Ok(Arc::new(DataSinkExec::new(input, Arc::new(sink), None)))
    }

    async fn delete_from(
        &self,
        state: &dyn Session,
        filters: Vec<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.table.delete_from(state, filters).await
    }

    async fn update(
        &self,
        state: &dyn Session,
        assignments: Vec<(String, Expr)>,
        filters: Vec<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.table.update(state, assignments, filters).await
    }
}

impl DisplayAs for HeldSink {
    fn fmt_as(&self, how: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sink.fmt_as(how, f)
    }
}

#[async_trait]
impl DataSink for HeldSink {
    fn schema(&self) -> &SchemaRef {
        self.sink.schema()
    }

    async fn write_all(
        &self,
        data: SendableRecordBatchStream,
        context: &Arc<TaskContext>,
    ) -> Result<u64> {
        // Given back on the way out unless the rows are kept.
        let added = Arc::new(self.held.new_empty());
        let counted = {
            let (schema, added) = (data.schema(), Arc::clone(&added));
            let mut counter = RecordBatchMemoryCounter::new();
            let batches = data.map(move |batch| {
                let batch = batch?;
                added.try_grow(counter.count_batch(&batch))?;
                Ok(batch)
            });
            Box::pin(RecordBatchStreamAdapter::new(schema, batches))
        };
        let rows = self.sink.write_all(counted, context).await?;
        self.held.grow(added.free());
        Ok(rows)
    }
}
