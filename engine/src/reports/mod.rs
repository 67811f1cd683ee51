//! Reports: table functions over any table or query.
//!
//! `FROM cohort_retention(orders, customer => customer_id, ts => order_date)`: arguments by name,
//! the first one a table name, a CTE or a subquery. A report is one file (or folder) that says
//! what arguments it takes and writes itself as SQL over its input; `query` fills the input and
//! the expressions into the parsed SQL, so that what runs are ordinary plan nodes, which
//! DataFusion parallelises, spills and distributes as it does any query.

mod argument;
mod basket_rules;
mod call;
mod clv;
mod cohort_retention;
mod funnel;
mod instant;
mod money;
mod planner;
mod query;
mod rfm;
mod second_purchase;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::planner::RelationPlanner;

pub use argument::Argument;
use call::Call;

/// Every report.
static REPORTS: [&dyn Report; 6] = [
    &cohort_retention::CohortRetention,
    &rfm::Rfm,
    &funnel::Funnel,
    &basket_rules::BasketRules,
    &clv::Clv,
    &second_purchase::SecondPurchase,
];

/// One report: what it takes, and how it is computed.
trait Report: std::fmt::Debug + Send + Sync {
    /// Its name in SQL.
    fn name(&self) -> &'static str;

    /// What it answers, in one sentence.
    fn summary(&self) -> &'static str;

    /// The arguments after the table, in the order in which documentation and errors list them.
    fn arguments(&self) -> &'static [Argument];

    /// The plan that computes it.
    fn plan(&self, call: &mut Call<'_>) -> Result<LogicalPlan>;
}

/// Whether a report of this name exists.
pub(crate) fn is_report(name: &str) -> bool {
    REPORTS.iter().any(|report| report.name() == name)
}

/// A report in a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportInfo {
    /// The name by which it is called in FROM.
    pub name: &'static str,
    /// How it is called: `rfm(table, customer =>, ts => [, tiles =>])`.
    pub signature: String,
    /// What it answers, in one sentence.
    pub summary: &'static str,
    /// What it takes after the table.
    pub arguments: &'static [Argument],
}

/// Every report.
pub fn list() -> impl Iterator<Item = ReportInfo> {
    REPORTS.iter().map(|report| ReportInfo {
        name: report.name(),
        signature: argument::signature(report.name(), report.arguments()),
        summary: report.summary(),
        arguments: report.arguments(),
    })
}

/// The planners that make reports out of calls in FROM.
pub fn relation_planners() -> Vec<Arc<dyn RelationPlanner>> {
    vec![Arc::new(planner::ReportPlanner)]
}
