//! What the plan nodes that work bucket by bucket have in common when they are executed.

use std::fmt;
use std::sync::{Arc, Mutex};

use datafusion::arrow::array::RecordBatch;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::coop::make_cooperative;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, MetricsSet, RecordOutput, SplitMetrics,
};
use datafusion::physical_plan::stream::{BatchSplitStream, RecordBatchStreamAdapter};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::future::{BoxFuture, Shared};
use futures::stream::{self, Stream};
use futures::{FutureExt, StreamExt, TryStreamExt};

use super::work::{Contents, Finishing, Work, lock};

/// The work of one execution of a node, begun by the first of its partitions.
pub(super) struct Operator<C: Contents> {
    handing_out: Mutex<Option<HandingOut<C>>>,
    metrics: ExecutionPlanMetricsSet,
}

/// Work that has begun, until every partition has it: what a node keeps would outlive a cancelled
/// query.
struct HandingOut<C: Contents> {
    started: Started<C>,
    /// Which partitions have it.
    handed: Vec<bool>,
}

/// The work that all partitions share, and the end of its input.
struct Started<C: Contents> {
    work: Arc<Work<C>>,
    read: Shared<BoxFuture<'static, Result<(), Arc<DataFusionError>>>>,
}

impl<C: Contents> Operator<C> {
    pub(super) fn new() -> Self {
        Self {
            handing_out: Mutex::default(),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    pub(super) fn metrics(&self) -> MetricsSet {
        self.metrics.clone_inner()
    }

    /// The rows of a partition of `node`, which does what `plan` says with those of `input`.
    pub(super) fn execute(
        &self,
        node: &dyn ExecutionPlan,
        input: &Arc<dyn ExecutionPlan>,
        plan: &Arc<C::Plan>,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let batch_size = context.session_config().batch_size();
        let partitions = node.properties().output_partitioning().partition_count();
        let Started { work, read } = self.started(input, plan, partition, partitions, &context)?;
        let baseline = BaselineMetrics::new(&self.metrics, partition);
        let finishing = async move {
            read.await.map_err(DataFusionError::Shared)?;
            work.finishing(partition)
        };
        let results = stream::once(finishing).map_ok(results).try_flatten();
        let results = RecordBatchStreamAdapter::new(node.schema(), results);
        let metrics = SplitMetrics::new(&self.metrics, partition);
        let batches = BatchSplitStream::new(Box::pin(results), batch_size, metrics);
        let batches = batches.map(move |batch| batch.record_output(&baseline));
        let batches = RecordBatchStreamAdapter::new(node.schema(), batches);
        Ok(make_cooperative(Box::pin(batches)))
    }

    /// The work for a partition, of which there are `partitions`; one that has had it begins anew.
    fn started(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        plan: &Arc<C::Plan>,
        partition: usize,
        partitions: usize,
        context: &Arc<TaskContext>,
    ) -> Result<Started<C>> {
        let handing_out = &mut *lock(&self.handing_out);
        let mut current = match handing_out.take() {
            Some(current) if !current.handed[partition] => current,
            _ => HandingOut {
                started: self.start(input, plan, partitions, context)?,
                handed: vec![false; partitions],
            },
        };
        let started = current.started.clone();
        current.handed[partition] = true;
        if current.handed.contains(&false) {
            *handing_out = Some(current);
        }
        Ok(started)
    }

    fn start(
        &self,
        input: &Arc<dyn ExecutionPlan>,
        plan: &Arc<C::Plan>,
        partitions: usize,
        context: &Arc<TaskContext>,
    ) -> Result<Started<C>> {
        let inputs = input.output_partitioning().partition_count();
        let work = Work::new(Arc::clone(plan), inputs, partitions, context, &self.metrics)?;
        let work = Arc::new(work);
        let inputs = (0..inputs).map(|number| input.execute(number, Arc::clone(context)));
        let inputs = inputs.collect::<Result<Vec<_>>>()?;
        let read = Arc::clone(&work).take_in(inputs);
        let read = read.map(|read| read.map_err(Arc::new)).boxed().shared();
        Ok(Started { work, read })
    }
}

impl<C: Contents> Clone for Started<C> {
    fn clone(&self) -> Self {
        Self {
            work: Arc::clone(&self.work),
            read: self.read.clone(),
        }
    }
}

impl<C: Contents> fmt::Debug for Operator<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Operator").finish_non_exhaustive()
    }
}

fn results<C: Contents>(finishing: Finishing<C>) -> impl Stream<Item = Result<RecordBatch>> + Send {
    stream::try_unfold(finishing, |mut finishing| async move {
        let result = finishing.next().await?;
        Ok(result.map(|result| (result, finishing)))
    })
}
