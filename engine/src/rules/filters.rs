//! DataFusion's pushing of filters towards the tables, but for a case in which it gains rows.
//!
//! An aggregation without keys has one row however few come in, and so have the totals of grouping
//! sets. A condition that names no column, such as `'a' = 'b'`, passes for one on the keys of every
//! aggregation; below such a one it would take away what goes in, and leave the row.

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Aggregate, Expr, Filter, LogicalPlan};
use datafusion::optimizer::push_down_filter::PushDownFilter;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

pub(super) fn rewrite(
    rule: &PushDownFilter,
    plan: LogicalPlan,
    config: &dyn OptimizerConfig,
) -> Result<Transformed<LogicalPlan>> {
    if let LogicalPlan::Filter(filter) = &plan
        && let LogicalPlan::Aggregate(aggregate) = filter.input.as_ref()
        && has_rows_of_nothing(aggregate)
        && names_no_column(filter)
    {
        return Ok(Transformed::no(plan));
    }
    rule.rewrite(plan, config)
}

/// Whether there may be a row for which none came in.
fn has_rows_of_nothing(aggregate: &Aggregate) -> bool {
    let keys = &aggregate.group_expr;
    keys.is_empty() || keys.iter().any(|key| matches!(key, Expr::GroupingSet(_)))
}

/// Whether a part of the condition names no column.
fn names_no_column(filter: &Filter) -> bool {
    let parts = split_conjunction(&filter.predicate);
    parts.iter().any(|part| part.column_refs().is_empty())
}
