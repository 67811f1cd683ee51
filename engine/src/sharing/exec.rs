//! The operator around each copy of a repeated part.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, Statistics, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::execution_plan::{
    ChildrenPropertiesMode, ReplaceChildrenOptions, SchedulingType,
};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricsSet};
use datafusion::physical_plan::statistics::{ChildStats, StatisticsArgs};
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};

use super::buffer::Buffer;

/// A part of a plan that other parts are equal to. Until it is linked, it is a wall that rules do
/// not see through, and gives what its input gives; once linked, the first shows its input, and
/// all read from one buffer.
#[derive(Debug, Clone)]
pub(crate) struct SharedExec {
    number: usize,
    input: Arc<dyn ExecutionPlan>,
    link: Link,
    properties: Arc<PlanProperties>,
    metrics: ExecutionPlanMetricsSet,
}

#[derive(Debug, Clone)]
enum Link {
    None,
    /// Shows what is computed.
    First(Arc<Buffer>),
    /// Shows only that it is computed elsewhere.
    Again(Arc<Buffer>),
}

impl SharedExec {
    pub(super) fn new(number: usize, input: Arc<dyn ExecutionPlan>) -> Self {
        let properties = PlanProperties::clone(input.properties())
            .with_scheduling_type(SchedulingType::Cooperative);
        Self {
            number,
            input,
            link: Link::None,
            properties: Arc::new(properties),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    /// The number that all copies have.
    pub(super) fn number(&self) -> usize {
        self.number
    }

    pub(super) fn input(&self) -> &Arc<dyn ExecutionPlan> {
        &self.input
    }

    pub(super) fn is_linked(&self) -> bool {
        !matches!(self.link, Link::None)
    }

    /// The first copy, whose input `buffer` holds.
    pub(super) fn computing(&self, buffer: &Arc<Buffer>) -> Self {
        self.linked(Link::First(Arc::clone(buffer)), buffer.metrics())
    }

    /// A further copy.
    pub(super) fn reading(&self, buffer: &Arc<Buffer>) -> Self {
        let metrics = ExecutionPlanMetricsSet::new();
        self.linked(Link::Again(Arc::clone(buffer)), metrics)
    }

    fn linked(&self, link: Link, metrics: ExecutionPlanMetricsSet) -> Self {
        Self {
            link,
            metrics,
            ..self.clone()
        }
    }

    /// Whether it only reads what another part of the plan computes.
    pub(crate) fn reads_again(&self) -> bool {
        matches!(self.link, Link::Again(_))
    }
}

impl DisplayAs for SharedExec {
    fn fmt_as(&self, _: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let again = if self.reads_again() { ", again" } else { "" };
        write!(formatter, "SharedExec: number={}{again}", self.number)
    }
}

impl ExecutionPlan for SharedExec {
    fn name(&self) -> &'static str {
        "SharedExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false; self.children().len()]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        match &self.link {
            Link::Again(_) => Vec::new(),
            Link::None | Link::First(_) => vec![&self.input],
        }
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (&self.link, children.pop()) {
            (Link::Again(_), None) => Ok(self),
            (Link::None, Some(input)) => Ok(Arc::new(Self::new(self.number, input))),
            // The other copies would go on reading the old input.
            (Link::First(_), Some(input)) if Arc::ptr_eq(&input, &self.input) => Ok(self),
            _ => internal_err!("the input of {} cannot be changed", self.name()),
        }
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
        match &self.link {
            Link::None => self.input.execute(partition, context),
            Link::First(buffer) | Link::Again(buffer) => {
                buffer.read(partition, context, &self.metrics)
            }
        }
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.metrics.clone_inner())
    }

    fn child_stats_requests(&self, partition: Option<usize>) -> Vec<ChildStats> {
        vec![ChildStats::At(partition); self.children().len()]
    }

    fn statistics_from_inputs(
        &self,
        inputs: &[Arc<Statistics>],
        _args: &StatisticsArgs,
    ) -> Result<Arc<Statistics>> {
        Ok(match inputs {
            [input] => Arc::clone(input),
            _ => Arc::new(Statistics::new_unknown(&self.schema())),
        })
    }
}
