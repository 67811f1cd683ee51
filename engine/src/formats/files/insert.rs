//! INSERT into a folder of files: all of its rows can be read when it is over, or none.
//!
//! A table is whatever lies in its folder, so that a file counts from the moment at which it has
//! its name. DataFusion gives files their names one by one, also when the rows break off. Here they
//! get them when all are written. Rows go to one file, or to one a partition: the one appears at
//! once; of several, a reader may for a moment see those of some partitions before the others, and
//! if the process ends in that moment, these are what is there.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::common::internal_err;
use datafusion::config::ConfigNonZeroUsize;
use datafusion::datasource::sink::{DataSink, DataSinkExec};
use datafusion::error::Result;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan};

use crate::EngineError;
use crate::stores::HeldWrites;

/// DataFusion's plan, which writes files, with their names held back.
pub(super) fn all_or_nothing(plan: &dyn ExecutionPlan) -> Result<Arc<dyn ExecutionPlan>> {
    let Some(writing) = plan.downcast_ref::<DataSinkExec>() else {
        return internal_err!(
            "files are written by {}, which shows a part of them",
            plan.name()
        );
    };
    let (input, order) = (Arc::clone(writing.input()), writing.sort_order().clone());
    let sink = WholeSink(writing.clone());
    Ok(Arc::new(DataSinkExec::new(input, Arc::new(sink), order)))
}

/// The sink of a plan of DataFusion's.
#[derive(Debug)]
struct WholeSink(DataSinkExec);

impl DisplayAs for WholeSink {
    fn fmt_as(&self, how: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.sink().fmt_as(how, f)
    }
}

#[async_trait]
impl DataSink for WholeSink {
    fn metrics(&self) -> Option<MetricsSet> {
        self.0.sink().metrics()
    }

    fn schema(&self) -> &SchemaRef {
        self.0.sink().schema()
    }

    async fn write_all(
        &self,
        data: SendableRecordBatchStream,
        context: &Arc<TaskContext>,
    ) -> Result<u64> {
        let runtime = context.runtime_env();
        let writes = HeldWrites::to(Arc::clone(&runtime.object_store_registry));
        let writing = RuntimeEnv {
            object_store_registry: writes.registry(),
            ..runtime.as_ref().clone()
        };
        let writing = Arc::new(over(context, writing)?);
        let rows = self.0.sink().write_all(data, &writing).await?;
        drop(writing);
        // Once begun it goes to its end, whether anybody waits for it or not.
        let published = tokio::spawn(async move { writes.publish().await });
        published.await.map_err(EngineError::from_join)??;
        Ok(rows)
    }
}

/// The same task with other stores, where all rows of a partition go to one file.
fn over(context: &TaskContext, runtime: RuntimeEnv) -> Result<TaskContext> {
    let mut config = context.session_config().clone();
    let options = &mut config.options_mut().execution;
    options.minimum_parallel_output_files = ConfigNonZeroUsize::try_new(1)?;
    options.soft_max_rows_per_output_file = ConfigNonZeroUsize::try_new(usize::MAX)?;
    Ok(TaskContext::new(
        context.task_id(),
        context.session_id(),
        config,
        context.scalar_functions().clone(),
        context.higher_order_functions().clone(),
        context.aggregate_functions().clone(),
        context.window_functions().clone(),
        Arc::new(runtime),
    ))
}
