//! Computes once what a query asks for twice.
//!
//! DataFusion plans a CTE anew for each place that names it. A report that ranks customers among
//! each other needs them twice, and so do many queries by hand; reading and grouping the input
//! again would double their time. So, when a query is about to be planned physically:
//!
//! 1. [`repeats`] finds the groupings that occur more than once in the optimised logical plan and
//!    marks them. Groupings only: their result is small beside their input, while keeping the
//!    rows of a join may cost more than joining again.
//! 2. [`planner`] plans the marks as [`SharedExec`], through which no optimiser rule looks, so
//!    that all copies of a part stay equal.
//! 3. [`link`], the last of the physical rules, lets the copies read what the first one computes.
//!
//! [`buffer`] keeps the rows until the last reader has them, in memory or, beyond the limit, in
//! files. The logical plan stays one of ordinary nodes.

mod buffer;
mod exec;
mod link;
mod planner;
mod repeats;

pub(crate) use exec::SharedExec;
pub(crate) use link::LinkShared;
pub(crate) use planner::SharingPlanner;
pub(crate) use repeats::is_volatile;
