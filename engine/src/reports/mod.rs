//! Reports: table functions over any table or query.
//!
//! `FROM cohort_retention(orders, customer => customer_id, ts => order_date)`: arguments by name,
//! the first one a table name, a CTE or a subquery. A report is one file (or folder) that says
//! what arguments it takes and writes itself as SQL over its input; [`query`] fills the input and
//! the expressions into the parsed SQL, so that what runs are ordinary plan nodes, which
//! DataFusion parallelises, spills and distributes as it does any query.

mod argument;
mod basket_rules;
mod call;
mod cohort_retention;
mod instant;
mod money;
mod planner;
mod query;
mod rfm;

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;
use datafusion::logical_expr::planner::RelationPlanner;

use argument::Argument;
use call::Call;

/// Every report.
static REPORTS: [&dyn Report; 3] = [
    &cohort_retention::CohortRetention,
    &rfm::Rfm,
    &basket_rules::BasketRules,
];

/// One report: what it takes, and how it is computed.
trait Report: std::fmt::Debug + Send + Sync {
    /// Its name in SQL.
    fn name(&self) -> &'static str;

    /// The arguments after the table, in the order in which documentation and errors list them.
    fn arguments(&self) -> &'static [Argument];

    /// The plan that computes it.
    fn plan(&self, call: &mut Call<'_>) -> Result<LogicalPlan>;
}

/// Whether a report of this name exists.
pub(crate) fn is_report(name: &str) -> bool {
    REPORTS.iter().any(|report| report.name() == name)
}

/// The names of all reports.
pub fn report_names() -> impl Iterator<Item = &'static str> {
    REPORTS.iter().map(|report| report.name())
}

/// The planners that make reports out of calls in FROM.
pub fn relation_planners() -> Vec<Arc<dyn RelationPlanner>> {
    vec![Arc::new(planner::ReportPlanner)]
}
