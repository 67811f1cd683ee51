//! `system.test_results`: what tests of models have come to, as runs of them have left it in the
//! warehouse.
//!
//! Who may not watch the others sees the tests of models and sources that he may read whole: what a
//! test says may tell of any row.

use std::fmt;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::cast as cast_array;
use arrow::datatypes::{DataType, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::TableReference;
use datafusion::datasource::provider_as_source;
use datafusion::error::Result;
use datafusion::logical_expr::{LogicalPlanBuilder, cast, col, lit};
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::{ExecutionPlan, collect};

use super::Viewer;
use super::table::Shown;
use crate::formats::{self, TableDefinition, holds_delta};
use crate::models::{RESULTS_TABLE, result_columns};
use crate::stores::Location;

/// The table, whose rows are those of a Delta table that need not be there yet.
pub(super) struct TestResults {
    location: Location,
}

impl TestResults {
    /// The results at a location.
    pub(super) fn at(location: Location) -> Self {
        Self { location }
    }

    /// The rows that a viewer sees; none when there are none for him.
    async fn seen(
        &self,
        state: &dyn Session,
        viewer: &Viewer,
    ) -> Result<Option<LogicalPlanBuilder>> {
        if !holds_delta(state, &self.location).await? {
            return Ok(None);
        }
        let definition = TableDefinition::delta(RESULTS_TABLE, self.location.clone())?;
        let table = provider_as_source(formats::open(state, &definition).await?);
        let rows = LogicalPlanBuilder::scan(RESULTS_TABLE, table, None)?;
        if viewer.watches() {
            return Ok(Some(rows));
        }
        let models = rows.clone().project([col("model")])?.distinct()?.build()?;
        let plan = state.create_physical_plan(&models).await?;
        let mut open = Vec::new();
        for batch in collect(plan, state.task_ctx()).await? {
            let names = cast_array(batch.column(0), &DataType::Utf8)?;
            let names = names.as_string::<i32>().iter().flatten();
            let readable = names.filter(|name| viewer.reads(&TableReference::parse_str(name)));
            open.extend(readable.map(lit));
        }
        Ok(Some(rows.filter(col("model").in_list(open, false))?))
    }
}

impl fmt::Debug for TestResults {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("TestResults")
    }
}

#[async_trait]
impl Shown for TestResults {
    fn schema(&self) -> SchemaRef {
        result_columns()
    }

    /// Without a viewer there is nothing to see.
    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let columns = match projection {
            Some(chosen) => Arc::new(self.schema().project(chosen)?),
            None => self.schema(),
        };
        let viewer = state.config().get_extension::<Viewer>();
        let rows = match viewer {
            Some(viewer) => self.seen(state, &viewer).await?,
            None => None,
        };
        let Some(rows) = rows else {
            return Ok(Arc::new(EmptyExec::new(columns)));
        };
        let outputs = columns.fields().iter().map(|field| {
            let name = field.name();
            cast(col(name), field.data_type().clone()).alias(name)
        });
        let rows = rows.project(outputs)?.limit(0, limit)?.build()?;
        state.create_physical_plan(&rows).await
    }
}
