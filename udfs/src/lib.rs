//! Customer-analytics functions for Apache DataFusion: cohorts, segments and baskets.
//!
//! # How it is laid out
//!
//! - A family is a folder (`cohorts/`, `funnels/`, `baskets/` and so on) whose `mod.rs` holds
//!   one list of its functions; a function is one file in it.
//! - [`Parameter`]s declare what a function takes. From that one table derive type
//!   coercion, planning errors, named arguments and the check of the documentation.
//! - `math/` holds the numeric code, which knows no Arrow.
//! - `aggregate.rs` and `scalar.rs` make DataFusion's functions of what a function says of
//!   itself, and `grouped.rs` both kinds of accumulator of its one state.
//! - [`docs`] renders `docs/functions.md` from what each function says of itself.
#![doc = include_str!("../README.md")]

mod aggregate;
mod arguments;
mod as_of;
mod baskets;
mod binding;
mod bucketed;
mod cohorts;
mod constants;
pub mod docs;
mod events;
mod experiments;
mod funnels;
mod grouped;
mod interrupt;
mod keys;
mod lifetime;
mod lists;
mod math;
mod money;
mod parameter;
mod planner;
mod registry;
mod rows;
mod scalar;
mod segments;
mod sequences;
mod sessions;
mod spans;
mod sql_types;
#[cfg(test)]
mod testing;
mod times;
mod windowed;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, WindowUDF};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::prelude::SessionContext;

pub use arguments::call_form;
pub use funnels::check_funnel;
pub use interrupt::Interrupt;
pub use keys::result_type as key_type;
pub use math::periods::Unit;
pub use math::zone::is_time_zone;
pub use money::sums::{amount_type, sum_type};
pub use parameter::{Kind, Parameter};
pub use sql_types::sql_name;

use bucketed::{BucketAggregates, BucketSessions};
use planner::AnalyticsPlanner;
use registry::Function;

/// Registers every function of this crate, and the planner they need, with `context`.
///
/// # Errors
///
/// What DataFusion says when it refuses a registration.
pub fn register_all(context: &SessionContext) -> Result<()> {
    let state = context.state_ref();
    let mut state = state.write();
    for function in all_scalar_functions() {
        state.register_udf(function)?;
    }
    for function in all_aggregate_functions() {
        state.register_udaf(function)?;
    }
    for function in all_window_functions() {
        state.register_udwf(function)?;
    }
    for planner in expr_planners() {
        state.register_expr_planner(planner)?;
    }
    Ok(())
}

/// Every scalar function of this crate.
pub fn all_scalar_functions() -> Vec<Arc<ScalarUDF>> {
    registry::functions()
        .filter_map(|entry| match &entry.function {
            Function::Scalar(function) => Some(Arc::clone(function)),
            _ => None,
        })
        .collect()
}

/// Every aggregate function of this crate.
pub fn all_aggregate_functions() -> Vec<Arc<AggregateUDF>> {
    registry::functions()
        .filter_map(|entry| match &entry.function {
            Function::Aggregate(function) => Some(Arc::clone(function)),
            _ => None,
        })
        .collect()
}

/// Every window function of this crate.
pub fn all_window_functions() -> Vec<Arc<WindowUDF>> {
    registry::functions()
        .filter_map(|entry| match &entry.function {
            Function::Window(function) => Some(Arc::clone(function)),
            _ => None,
        })
        .collect()
}

/// The planners that make the functions mean what their documentation says: they choose
/// the window function where a call has `OVER`, read string literals as times, and
/// report bad constants before anything runs.
pub fn expr_planners() -> Vec<Arc<dyn ExprPlanner>> {
    vec![Arc::new(AnalyticsPlanner)]
}

/// The rewrites of physical plans that make the functions fast, to be run after DataFusion's own.
pub fn physical_optimizer_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    vec![Arc::new(BucketSessions), Arc::new(BucketAggregates)]
}

/// Whether an aggregate function is one of this crate's that keep rows rather than sums of them.
///
/// The state of a group is then about as large as its rows, and takes as long to pass on: a plan
/// does better to bring the rows of a group together first, and to aggregate once.
pub(crate) fn is_holistic(function: &AggregateUDF) -> bool {
    registry::called(function.name(), false).is_some_and(|entry| {
        let ours = matches!(&entry.function, Function::Aggregate(ours) if **ours == *function);
        entry.holistic && ours
    })
}

/// What the function `name` takes, in order: with `over`, as it is called with an `OVER`
/// clause, which for some names is a different form. `None` when there is no such
/// function.
pub fn parameters(name: &str, over: bool) -> Option<&'static [Parameter]> {
    registry::called(name, over).map(|entry| entry.parameters)
}
