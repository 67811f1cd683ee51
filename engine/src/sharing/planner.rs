//! Physical planning with marks for what is computed once.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};

use super::SharedExec;
use super::repeats::{self, Repeat};

/// DataFusion's planner, after the repeated parts of the plan have been marked.
#[derive(Debug)]
pub(crate) struct SharingPlanner;

#[async_trait]
impl QueryPlanner for SharingPlanner {
    async fn create_physical_plan(
        &self,
        logical_plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let marked = repeats::marked(logical_plan.clone())?;
        DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(RepeatPlanner)])
            .create_physical_plan(&marked, session)
            .await
    }
}

/// Plans [`Repeat`]s.
struct RepeatPlanner;

#[async_trait]
impl ExtensionPlanner for RepeatPlanner {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _planning_ctx: &PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let repeat = node.as_any().downcast_ref::<Repeat>();
        Ok(match (repeat, physical_inputs) {
            (Some(repeat), [input]) => {
                Some(Arc::new(SharedExec::new(repeat.number, Arc::clone(input))))
            }
            _ => None,
        })
    }
}
