//! Reports: table functions over any table, lowered to ordinary plan nodes.

use std::sync::Arc;

use datafusion::logical_expr::planner::RelationPlanner;

/// One planner a report, in the order in which they are asked.
pub fn relation_planners() -> Vec<Arc<dyn RelationPlanner>> {
    Vec::new()
}
