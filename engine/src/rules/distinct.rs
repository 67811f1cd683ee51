//! DataFusion's counting of distinct values by grouping twice, with the types of sums kept.
//!
//! `count(DISTINCT id), sum(amount)` becomes a sum over the sums of each id. A sum of decimals has
//! ten digits more than what it adds up, so that this one has twenty, and whatever was planned to
//! compare with it or to add to it finds another type than it was made for.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::expr_rewriter::coerce_plan_expr_for_schema;
use datafusion::optimizer::single_distinct_to_groupby::SingleDistinctToGroupBy;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

pub(super) fn rewrite(
    rule: &SingleDistinctToGroupBy,
    plan: LogicalPlan,
    config: &dyn OptimizerConfig,
) -> Result<Transformed<LogicalPlan>> {
    let schema = Arc::clone(plan.schema());
    let rewritten = rule.rewrite(plan, config)?;
    match rewritten.transformed {
        true => rewritten.map_data(|plan| coerce_plan_expr_for_schema(plan, &schema)),
        false => Ok(rewritten),
    }
}
