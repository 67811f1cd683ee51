//! Plans that work on one bucket of customers at a time.
//!
//! What the functions of this crate compute of a customer needs nothing of any other, but a query
//! over millions of customers jumps from one to the next with every row, and each jump waits for
//! memory. So the rows are first brought together by a hash of the customer, in buckets whose
//! state fits the processor's caches.
//!
//! - [`scatter`] brings rows together, [`run`] gathers them, [`work`] shares the buckets among tasks,
//!   [`spills`] keeps them in files, and [`operator`] runs all that as a plan node.
//! - [`aggregate`] and [`groups`] are the node for GROUP BY; [`aggregates_rule`] uses it.
//! - [`sessions`] and [`histories`] are the node for `sessionize`; [`sessions_rule`] uses it.

mod aggregate;
mod aggregates_rule;
mod groups;
mod histories;
mod operator;
mod run;
mod scatter;
mod sessions;
mod sessions_rule;
mod spills;
mod work;

pub(crate) use aggregates_rule::BucketAggregates;
pub(crate) use sessions_rule::BucketSessions;

#[cfg(test)]
mod tests;
