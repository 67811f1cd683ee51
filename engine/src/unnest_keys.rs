//! Forgets what was a key before an unnest.
//!
//! `unnest` makes several rows of one, so that what told rows apart before does so no longer.
//! DataFusion keeps taking it for a key, and drops columns from GROUP BY, DISTINCT and ORDER BY
//! because a key among them seems to decide them. Lists come out of most functions here, so the
//! keys are taken away before each of the rules that would use them.

use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{DFSchema, FunctionalDependencies, Result};
use datafusion::logical_expr::LogicalPlan;
use datafusion::optimizer::optimizer::{OptimizerConfig, OptimizerRule};

/// The rules that look at keys.
pub(crate) const USERS_OF_KEYS: [&str; 3] = [
    "replace_distinct_aggregate",
    "eliminate_duplicated_expr",
    "optimize_projections",
];

/// The rule that takes the keys away.
#[derive(Debug)]
pub(crate) struct ForgetKeysOfUnnest;

impl OptimizerRule for ForgetKeysOfUnnest {
    fn name(&self) -> &'static str {
        "forget_keys_of_unnest"
    }

    fn rewrite(
        &self,
        plan: LogicalPlan,
        _config: &dyn OptimizerConfig,
    ) -> Result<Transformed<LogicalPlan>> {
        if !claims_keys(&plan)? {
            return Ok(Transformed::no(plan));
        }
        plan.transform_up_with_subqueries(|node| {
            Ok(Transformed::yes(match node {
                LogicalPlan::Unnest(mut unnest) => {
                    let schema = DFSchema::clone(&unnest.schema);
                    let none = FunctionalDependencies::empty();
                    unnest.schema = Arc::new(schema.with_functional_dependencies(none)?);
                    LogicalPlan::Unnest(unnest)
                }
                // What is above it has learned of the keys from it.
                other => other.recompute_schema()?,
            }))
        })
    }
}

/// Whether an unnest within `plan` has keys.
fn claims_keys(plan: &LogicalPlan) -> Result<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        found = match node {
            LogicalPlan::Unnest(unnest) => !unnest.schema.functional_dependencies().is_empty(),
            _ => false,
        };
        Ok(match found {
            true => TreeNodeRecursion::Stop,
            false => TreeNodeRecursion::Continue,
        })
    })?;
    Ok(found)
}
