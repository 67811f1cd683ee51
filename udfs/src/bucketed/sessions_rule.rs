//! Numbers sessions without sorting all events.
//!
//! DataFusion sorts the whole input by customer and time for `sessionize`, which then looks at one
//! event after the other. Its numbers depend on nothing but each customer's times, so it is enough
//! to bring the rows of a customer together and to sort those times; the rows themselves stay
//! where they are. A plan that goes on to rely on the order of the window keeps its sort.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::sanity_checker::SanityCheckPlan;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::windows::BoundedWindowAggExec;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};

use super::sessions::BucketedSessionsExec;

/// The rule, to be run when DataFusion's have distributed the work.
#[derive(Debug)]
pub(crate) struct BucketSessions;

impl PhysicalOptimizerRule for BucketSessions {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        config: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let original = Arc::clone(&plan);
        let rewritten = plan.transform_up(|node| {
            Ok(match unsorted(&node)? {
                Some(sessions) => Transformed::yes(sessions as Arc<dyn ExecutionPlan>),
                None => Transformed::no(node),
            })
        })?;
        // Rows in one partition may come in an order that the query asks for; those in many do not.
        let in_order = original.output_partitioning().partition_count() == 1
            && original.output_ordering().is_some_and(|order| {
                let properties = rewritten.data.equivalence_properties();
                !matches!(properties.ordering_satisfy(order.clone()), Ok(true))
            });
        if !rewritten.transformed || in_order {
            return Ok(original);
        }
        let checked = SanityCheckPlan::new().optimize(rewritten.data, config);
        Ok(checked.unwrap_or(original))
    }

    fn name(&self) -> &'static str {
        "BucketSessions"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The same as `node` without the sort below, if it does nothing but number sessions.
fn unsorted(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<BucketedSessionsExec>>> {
    let Some(window) = node.downcast_ref::<BoundedWindowAggExec>() else {
        return Ok(None);
    };
    let input = window.input();
    let merged = input.downcast_ref::<SortPreservingMergeExec>();
    let sorted = merged.map_or(input, SortPreservingMergeExec::input);
    let Some(sort) = sorted.downcast_ref::<SortExec>() else {
        return Ok(None);
    };
    if sort.fetch().is_some() || merged.is_some_and(|merged| merged.fetch().is_some()) {
        return Ok(None);
    }
    let sent = sort.input().downcast_ref::<RepartitionExec>();
    let rows = sent.map_or(sort.input(), RepartitionExec::input);
    let sessions = BucketedSessionsExec::of(Arc::new(window.clone()), rows)?;
    Ok(sessions.map(Arc::new))
}
