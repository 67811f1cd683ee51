//! DataFusion's optimizer rules, with what is wrong in some of them mended.

mod distinct;
mod filters;

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::tree_node::Transformed;
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::optimizer::{ApplyOrder, Optimizer};
use datafusion::optimizer::push_down_filter::PushDownFilter;
use datafusion::optimizer::single_distinct_to_groupby::SingleDistinctToGroupBy;
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};

/// DataFusion's rules, but for one that loses sort keys, one that gains rows and one that changes types.
///
/// After `unnest` a column that was grouped by still passes for unique, so that
/// `eliminate_duplicated_expr` drops what it is sorted by further; keys written twice, which are
/// what it is for, cost next to nothing.
pub(crate) fn optimizer_rules() -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules = Optimizer::new().rules;
    rules.retain(|rule| rule.name() != "eliminate_duplicated_expr");
    let mended: [Arc<dyn OptimizerRule + Send + Sync>; 2] = [
        Arc::new(Mended::<PushDownFilter>::by(filters::rewrite)),
        Arc::new(Mended::<SingleDistinctToGroupBy>::by(distinct::rewrite)),
    ];
    for rule in &mut rules {
        if let Some(mended) = mended.iter().find(|mended| mended.name() == rule.name()) {
            *rule = Arc::clone(mended);
        }
    }
    rules
}

/// What a rule makes of a plan.
type Rewrite<R> = fn(&R, LogicalPlan, &dyn OptimizerConfig) -> Result<Transformed<LogicalPlan>>;

/// A rule that is DataFusion's but for how it rewrites.
struct Mended<R> {
    rule: R,
    rewrite: Rewrite<R>,
}

impl<R: Default> Mended<R> {
    fn by(rewrite: Rewrite<R>) -> Self {
        Self {
            rule: R::default(),
            rewrite,
        }
    }
}

impl<R: fmt::Debug> fmt::Debug for Mended<R> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Mended").field(&self.rule).finish()
    }
}

impl<R: OptimizerRule> OptimizerRule for Mended<R> {
    fn name(&self) -> &str {
        self.rule.name()
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        self.rule.apply_order()
    }

    fn supports_rewrite(&self) -> bool {
        true
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        (self.rewrite)(&self.rule, plan, config)
    }
}
