//! A table whose rows are made when they are read.

use std::fmt;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::error::Result;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::dml::InsertOp;
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::streaming::{PartitionStream, StreamingTableExec};

use super::column::Column;
use super::{SCHEMA, Viewer, may_change};
use crate::queries::Queries;

/// What a table shows to a viewer; nothing but the columns when nobody looks.
pub(super) type Shows = fn(&Queries, Option<&Viewer>) -> Vec<Column>;

/// A table of schema `system`, which is only read.
#[derive(Debug)]
pub(super) struct SystemTable<T>(pub(super) T);

/// Where the rows of a table come from.
#[async_trait]
pub(super) trait Shown: fmt::Debug + Send + Sync {
    fn schema(&self) -> SchemaRef;

    /// Reads them, for whoever looks.
    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>>;
}

/// Rows that the engine has in memory.
#[derive(Debug)]
pub(super) struct InMemory {
    rows: Arc<Rows>,
}

/// The rows of a table.
struct Rows {
    name: &'static str,
    schema: SchemaRef,
    queries: Arc<Queries>,
    shows: Shows,
}

impl InMemory {
    pub(super) fn new(name: &'static str, queries: Arc<Queries>, shows: Shows) -> Self {
        let columns = shows(&queries, None);
        let fields = columns.iter().map(|column| {
            let data_type = column.values.data_type().clone();
            Field::new(column.name, data_type, column.nullable)
        });
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        Self {
            rows: Arc::new(Rows {
                name,
                schema,
                queries,
                shows,
            }),
        }
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{SCHEMA}.{}", self.name)
    }
}

#[async_trait]
impl Shown for InMemory {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.rows.schema)
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let rows: Arc<dyn PartitionStream> = Arc::clone(&self.rows) as _;
        let scan =
            StreamingTableExec::try_new(self.schema(), vec![rows], projection, None, false, limit)?;
        Ok(Arc::new(scan))
    }
}

#[async_trait]
impl<T: Shown + 'static> TableProvider for SystemTable<T> {
    fn schema(&self) -> SchemaRef {
        self.0.schema()
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.0.scan(state, projection, limit).await
    }

    async fn insert_into(
        &self,
        _state: &dyn Session,
        _input: Arc<dyn ExecutionPlan>,
        _how: InsertOp,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        refused()
    }

    async fn delete_from(
        &self,
        _state: &dyn Session,
        _filters: Vec<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        refused()
    }

    async fn update(
        &self,
        _state: &dyn Session,
        _assignments: Vec<(String, Expr)>,
        _filters: Vec<Expr>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        refused()
    }
}

/// Why what changes a table of this schema is not done.
fn refused() -> Result<Arc<dyn ExecutionPlan>> {
    match may_change(SCHEMA) {
        Err(error) => Err(error.into()),
        Ok(()) => datafusion::common::internal_err!("schema {SCHEMA} is written"),
    }
}

impl PartitionStream for Rows {
    fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Without a viewer there is nothing to see.
    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let viewer = context.session_config().get_extension::<Viewer>();
        let columns = (self.shows)(&self.queries, viewer.as_deref());
        let columns = columns.into_iter().map(|column| column.values).collect();
        let batch = RecordBatch::try_new(Arc::clone(&self.schema), columns);
        let batches = futures::stream::iter([batch.map_err(Into::into)]);
        Box::pin(RecordBatchStreamAdapter::new(
            Arc::clone(&self.schema),
            batches,
        ))
    }
}
