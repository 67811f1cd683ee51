//! The plan node that numbers sessions bucket by bucket.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::window::StandardWindowExpr;
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::metrics::MetricsSet;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowUDFExpr};
use datafusion::physical_plan::{
    ChildrenPropertiesMode, DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties,
    ReplaceChildrenOptions,
};

use crate::sessions::sessionize::session_rule;

use super::histories::{Histories, Numbering};
use super::operator::Operator;

/// Numbers the sessions of each customer, all customers of a bucket together. The rows of a
/// customer come in no order.
#[derive(Debug)]
pub(crate) struct BucketedSessionsExec {
    /// What it stands for; its own input is not read.
    window: Arc<BoundedWindowAggExec>,
    numbering: Arc<Numbering>,
    /// Each customer's rows, anywhere and in any order.
    rows: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    operator: Operator<Histories>,
}

impl BucketedSessionsExec {
    /// The same as `window` over `rows` that are neither partitioned nor sorted, if it does
    /// nothing but number sessions.
    pub(super) fn of(
        window: Arc<BoundedWindowAggExec>,
        rows: &Arc<dyn ExecutionPlan>,
    ) -> Result<Option<Self>> {
        let Some(numbering) = numbering(&window)? else {
            return Ok(None);
        };
        let partitions = window.properties().output_partitioning().partition_count();
        let properties = PlanProperties::new(
            EquivalenceProperties::new(window.schema()),
            Partitioning::Hash(window.partition_keys(), partitions),
            EmissionType::Final,
            Boundedness::Bounded,
        );
        Ok(Some(Self {
            window,
            numbering: Arc::new(numbering),
            rows: Arc::clone(rows),
            properties: Arc::new(properties),
            operator: Operator::new(),
        }))
    }
}

/// What `window` computes; `None` if that is not the sessions of customers whose events come by
/// their times, and nothing else.
fn numbering(window: &BoundedWindowAggExec) -> Result<Option<Numbering>> {
    let keys = window.partition_keys();
    let mut calls = Vec::new();
    for expr in window.window_expr() {
        let standard = expr.as_any().downcast_ref::<StandardWindowExpr>();
        let function = standard.and_then(|standard| {
            let function = standard.get_standard_func_expr().as_any();
            function.downcast_ref::<WindowUDFExpr>()
        });
        let (Some(function), Some(first)) = (function, expr.order_by().first()) else {
            return Ok(None);
        };
        let Some((times, rule)) = session_rule(function, &window.input().schema())? else {
            return Ok(None);
        };
        // Then times ascend in every window, and numbers do not depend on what else it says.
        let ascends = !first.options.descending && first.expr.eq(&times);
        if !ascends || expr.partition_by().len() != keys.len() {
            return Ok(None);
        }
        calls.push((times, rule));
    }
    Ok((!keys.is_empty()).then(|| Numbering {
        keys,
        calls,
        input: window.input().schema(),
        result: window.schema(),
    }))
}

impl DisplayAs for BucketedSessionsExec {
    fn fmt_as(&self, as_: DisplayFormatType, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.window.window_expr().iter().map(|expr| expr.name());
        let names = names.collect::<Vec<_>>().join(", ");
        match as_ {
            DisplayFormatType::TreeRender => write!(formatter, "{names}"),
            _ => write!(formatter, "BucketedSessionsExec: wdw=[{names}]"),
        }
    }
}

impl ExecutionPlan for BucketedSessionsExec {
    fn name(&self) -> &'static str {
        "BucketedSessionsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
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
        self.window.apply_expressions(f)
    }

    fn replace_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
        _options: ReplaceChildrenOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let Some(rows) = children.pop() else {
            return internal_err!("{} has one input", self.name());
        };
        Ok(Arc::new(Self {
            window: Arc::clone(&self.window),
            numbering: Arc::clone(&self.numbering),
            rows,
            properties: Arc::clone(&self.properties),
            operator: Operator::new(),
        }))
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
            .execute(self, &self.rows, &self.numbering, partition, context)
    }

    fn metrics(&self) -> Option<MetricsSet> {
        Some(self.operator.metrics())
    }
}
