//! Plans that write files: all that they write appears when the last row is written, or nothing.
//!
//! DataFusion gives files their names one by one, also when the rows break off. Here they get them
//! when all are written. Of several files, a reader may for a moment see some before the others,
//! and if the process ends in that moment, these are what is there.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::config::ConfigNonZeroUsize;
use datafusion::datasource::sink::{DataSink, DataSinkExec};
use datafusion::error::Result;
use datafusion::execution::runtime_env::RuntimeEnv;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan};

use super::HeldWrites;
use crate::EngineError;

/// How many files the rows go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Spread {
    /// One, or one a partition.
    OneFile,
    /// As many as the options of the session say.
    Configured,
}

/// A plan that writes files, with their names held back.
pub(crate) fn all_or_nothing(plan: &DataSinkExec, spread: Spread) -> Arc<dyn ExecutionPlan> {
    let (input, order) = (Arc::clone(plan.input()), plan.sort_order().clone());
    let writing = plan.clone();
    let sink = WholeSink { writing, spread };
    Arc::new(DataSinkExec::new(input, Arc::new(sink), order))
}

/// The sink of a plan of DataFusion's.
#[derive(Debug)]
struct WholeSink {
    writing: DataSinkExec,
    spread: Spread,
}

impl DisplayAs for WholeSink {
    fn fmt_as(&self, how: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.writing.sink().fmt_as(how, f)
    }
}

#[async_trait]
impl DataSink for WholeSink {
    fn metrics(&self) -> Option<MetricsSet> {
        self.writing.sink().metrics()
    }

    fn schema(&self) -> &SchemaRef {
        self.writing.sink().schema()
    }

    async fn write_all(
        &self,
        data: SendableRecordBatchStream,
        context: &Arc<TaskContext>,
    ) -> Result<u64> {
        let runtime = context.runtime_env();
        let registry = Arc::clone(&runtime.object_store_registry);
        let writes = HeldWrites::to(registry, &runtime.memory_pool);
        let holding = RuntimeEnv {
            object_store_registry: writes.registry(),
            ..runtime.as_ref().clone()
        };
        let holding = Arc::new(over(context, holding, self.spread)?);
        let rows = self.writing.sink().write_all(data, &holding).await;
        drop(holding);
        if let Some(refusal) = writes.refusal() {
            return Err(refusal);
        }
        let rows = rows?;
        // Once begun it goes to its end, whether anybody waits for it or not.
        let published = tokio::spawn(async move { writes.publish().await });
        published.await.map_err(EngineError::from_join)??;
        Ok(rows)
    }
}

/// The same task with other stores.
fn over(context: &TaskContext, runtime: RuntimeEnv, spread: Spread) -> Result<TaskContext> {
    let mut config = context.session_config().clone();
    if spread == Spread::OneFile {
        let options = &mut config.options_mut().execution;
        options.minimum_parallel_output_files = ConfigNonZeroUsize::try_new(1)?;
        options.soft_max_rows_per_output_file = ConfigNonZeroUsize::try_new(usize::MAX)?;
    }
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
