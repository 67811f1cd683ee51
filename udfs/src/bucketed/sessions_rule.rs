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
use datafusion::datasource::sink::DataSinkExec;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::sanity_checker::SanityCheckPlan;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::limit::GlobalLimitExec;
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
        if !rewritten.transformed {
            return Ok(original);
        }
        // Rows in one partition may come in an order that the query asks for; those in many do not.
        let is_one = original.output_partitioning().partition_count() == 1;
        if is_one && !is_ordered_as(&original, &rewritten.data)
            || !keeps_orders(&original, &rewritten.data)
        {
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
    let Some((window, rows)) = sorted_rows(node) else {
        return Ok(None);
    };
    let sessions = BucketedSessionsExec::of(Arc::new(window.clone()), rows)?;
    Ok(sessions.map(Arc::new))
}

/// `node` as a window, and the rows that are sent and sorted for it.
fn sorted_rows(
    node: &Arc<dyn ExecutionPlan>,
) -> Option<(&BoundedWindowAggExec, &Arc<dyn ExecutionPlan>)> {
    let window = node.downcast_ref::<BoundedWindowAggExec>()?;
    let input = window.input();
    let merged = input.downcast_ref::<SortPreservingMergeExec>();
    let sorted = merged.map_or(input, SortPreservingMergeExec::input);
    let sort = sorted.downcast_ref::<SortExec>()?;
    if sort.fetch().is_some() || merged.is_some_and(|merged| merged.fetch().is_some()) {
        return None;
    }
    let sent = sort.input().downcast_ref::<RepartitionExec>();
    Some((window, sent.map_or(sort.input(), RepartitionExec::input)))
}

/// Whether the nodes that rely on the order of their input without requiring it have it in `new`,
/// which is `old` with some windows replaced.
fn keeps_orders(old: &Arc<dyn ExecutionPlan>, new: &Arc<dyn ExecutionPlan>) -> bool {
    let before = match sorted_rows(old) {
        Some((_, rows)) if new.is::<BucketedSessionsExec>() => vec![rows],
        _ => old.children(),
    };
    let after = new.children();
    let relies = relies_on_order(old);
    before.len() == after.len()
        && before.into_iter().zip(after).all(|(before, after)| {
            (!relies || is_ordered_as(before, after)) && keeps_orders(before, after)
        })
}

/// Whether other rows, or the same in another order, come of `node` when its input is in another
/// order, though it does not say so: of limits, of what is written, and of aggregates that DataFusion
/// has told that their rows come in order.
fn relies_on_order(node: &Arc<dyn ExecutionPlan>) -> bool {
    let aggregates = node.downcast_ref::<AggregateExec>();
    let in_order = |node: &AggregateExec| {
        let mut calls = node.aggr_expr().iter();
        calls.any(|call| !call.order_bys().is_empty())
    };
    let limits = node.fetch().is_some() && !node.is::<SortExec>();
    limits
        || node.is::<GlobalLimitExec>()
        || node.is::<DataSinkExec>()
        || aggregates.is_some_and(in_order)
}

/// Whether `new` has the order of `old`, if that has any.
fn is_ordered_as(old: &Arc<dyn ExecutionPlan>, new: &Arc<dyn ExecutionPlan>) -> bool {
    old.output_ordering().is_none_or(|order| {
        let satisfied = new.equivalence_properties().ordering_satisfy(order.clone());
        matches!(satisfied, Ok(true))
    })
}
