//! The plan node that aggregates bucket by bucket.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties,
    ReplaceChildrenOptions,
};

use super::groups::{Calls, Groups};
use super::operator::Operator;

/// Aggregates rows by key in one step, all rows of a bucket of keys together.
#[derive(Debug)]
pub(crate) struct BucketedAggregateExec {
    /// What is computed; its input stands for the rows that arrive at a partition.
    once: Arc<AggregateExec>,
    calls: Arc<Calls>,
    /// The rows that look at the columns needed.
    rows: Arc<dyn ExecutionPlan>,
    operator: Operator<Groups>,
}

impl BucketedAggregateExec {
    /// The same as `once`, whose input is a [`RepartitionExec`] by the keys of its groups.
    pub(super) fn of(once: AggregateExec) -> Result<Self> {
        let Some(sent) = once.input().downcast_ref::<RepartitionExec>() else {
            return internal_err!("rows are sent before they are aggregated once");
        };
        Ok(Self {
            rows: Arc::clone(sent.input()),
            calls: Arc::new(Calls::of(&once)?),
            once: Arc::new(once),
            operator: Operator::new(),
        })
    }
}

impl DisplayAs for BucketedAggregateExec {
    fn fmt_as(&self, as_: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !matches!(as_, DisplayFormatType::TreeRender) {
            write!(formatter, "Bucketed")?;
        }
        self.once.fmt_as(as_, formatter)
    }
}

impl ExecutionPlan for BucketedAggregateExec {
    fn name(&self) -> &'static str {
        "BucketedAggregateExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.once.properties()
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.rows]
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        self.once.apply_expressions(f)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (Some(rows), Some(sent)) = (
            children.pop(),
            self.once.input().downcast_ref::<RepartitionExec>(),
        ) else {
            return internal_err!("{} has one input", self.name());
        };
        let sent = sent.partitioning().clone();
        let sent = Arc::new(RepartitionExec::try_new(rows, sent)?);
        let once = Arc::clone(&self.once) as Arc<dyn ExecutionPlan>;
        let once = once.replace_children(vec![sent], options)?;
        let Some(once) = once.downcast_ref::<AggregateExec>() else {
            return internal_err!("{} became another node", self.name());
        };
        Ok(Arc::new(Self::of(once.clone())?))
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let recompute = ReplaceChildrenOptions::new(ChildrenPropertiesMode::Recompute);
        self.replace_children(children, recompute)
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        self.operator
            .execute(self, &self.rows, &self.calls, partition, context)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.operator.metrics())
    }
}
