//! The last steps: customers counted into cohorts and periods, zero cells included.
//!
//! Everything here has rows per cohort and period. The latest time of the input, where `as_of` is
//! not given, is found in the same pass: all cohorts are gathered in one row with it and spread
//! out again, which is cheap because they are few.

use super::clock::Clock;
use super::{Mode, Request};
use crate::reports::instant::arrow_cast;

/// The query that follows `_retention_marks`.
pub(super) fn cells(request: &Request) -> String {
    let by = request.if_by("by_value, ");
    let latest = request.if_latest(", max(latest) AS latest");
    let firsts = request
        .if_rolling(", min(earliest_first) AS earliest_first, max(latest_first) AS latest_first");
    let first = request.if_rolling(", min(first) AS earliest_first, max(first) AS latest_first");
    let (sums, money) = match &request.amount {
        Some(amount) => (
            format!(
                ", sum(orders) AS orders, {} AS revenue",
                amount.settled("exact_sum(revenue)")
            ),
            ", 'orders', orders, 'revenue', revenue",
        ),
        None => (String::new(), ""),
    };
    format!(
        ", _retention_cells AS (
           SELECT {by}cohort, period,
             count(*) FILTER (WHERE counts) AS customers,
             count(*) FILTER (WHERE member) AS members{first}{latest}{sums}
           FROM _retention_marks GROUP BY {by}cohort, period),
         _retention_gathered AS (
           SELECT {by}cohort, sum(members) AS cohort_size{firsts}{latest},
             array_agg(named_struct('period', period, 'customers', customers{money})) AS cells
           FROM _retention_cells GROUP BY {by}cohort),
         {cohorts},
         _retention_grid AS (
           SELECT {by}cohort, cohort_size, {reached} AS reached, {ended} AS ended,
             unnest(array_concat(cells, zeros)) AS cell
           FROM _retention_cohorts CROSS JOIN {zeros}
           WHERE cohort IS NOT NULL)
         {counted}",
        cohorts = cohorts(request),
        reached = between(
            request,
            "earliest_first",
            &request.as_of.last(&request.times, "latest")
        ),
        ended = between(
            request,
            "latest_first",
            &request.as_of.end(&request.times, "latest")
        ),
        zeros = zeros(request),
        counted = counted(request),
    )
}

/// `_retention_cohorts`: the cohorts, each with the latest time of the whole input if needed.
///
/// They go through the one row in any case: DataFusion takes what was a key before an unnest for
/// one after it, and would not sort a cohort's cells by their period.
fn cohorts(request: &Request) -> String {
    let (by_field, by_column) = match request.by {
        true => (", 'by_value', by_value", ", c['by_value'] AS by_value"),
        false => ("", ""),
    };
    let first_fields =
        request.if_rolling(", 'earliest_first', earliest_first, 'latest_first', latest_first");
    let first_columns = request
        .if_rolling(", c['earliest_first'] AS earliest_first, c['latest_first'] AS latest_first");
    let latest = request.if_latest("latest, ");
    let latest_of_all = request.if_latest("max(latest) AS latest, ");
    format!(
        "_retention_all AS (
           SELECT {latest_of_all}array_agg(named_struct('cohort', cohort,
             'cohort_size', cohort_size, 'cells', cells{first_fields}{by_field})) AS cohorts
           FROM _retention_gathered),
         _retention_cohorts AS (
           SELECT {latest}c['cohort'] AS cohort, c['cohort_size'] AS cohort_size,
             c['cells'] AS cells{first_columns}{by_column}
           FROM (SELECT {latest}unnest(cohorts) AS c FROM _retention_all))"
    )
}

/// SQL for the periods that begin between a first time and a bound.
fn between(request: &Request, first: &str, bound: &str) -> String {
    // A calendar period does not begin with the customer, so its cohort's day serves.
    let from = match request.clock {
        Clock::Calendar => "cohort",
        Clock::Rolling => first,
    };
    request.periods_between(from, bound)
}

/// A table of one row: a zero cell for every period.
fn zeros(request: &Request) -> String {
    let money = match request.revenue() {
        Some(revenue) => format!(
            ", 'orders', CAST(0 AS BIGINT), 'revenue', {}",
            arrow_cast("0", revenue)
        ),
        None => String::new(),
    };
    format!(
        "(SELECT array_agg(named_struct('period', CAST(k AS INT), 'customers', CAST(0 AS BIGINT)\
         {money})) AS zeros FROM generate_series(0, {}) AS g(k))",
        request.periods
    )
}

/// The counted cells, cumulated where the mode says so, in the report's columns.
fn counted(request: &Request) -> String {
    let by = request.if_by("by_value, ");
    let money = request.counts_money();
    let sums = if money {
        ", sum(cell['orders']) AS orders, exact_sum(cell['revenue']) AS revenue"
    } else {
        ""
    };
    let counted = |sum: &str, column: &str| match request.mode {
        Mode::On => column.to_string(),
        Mode::OnOrAfter => format!(
            "{sum}({column}) OVER (PARTITION BY {by}cohort ORDER BY period DESC \
             ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)"
        ),
        Mode::OnOrBefore => format!(
            "COALESCE({sum}({column}) FILTER (WHERE period >= 1) OVER (PARTITION BY {by}cohort \
             ORDER BY period ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW), 0)"
        ),
    };
    let customers = counted("sum", "customers");
    let (cumulated, shown) = match &request.amount {
        Some(amount) => (
            format!(
                ", {} AS orders, {} AS revenue",
                counted("sum", "orders"),
                counted("exact_sum", "revenue")
            ),
            format!(
                ", CAST(orders AS BIGINT) AS orders, {} AS revenue",
                amount.settled("revenue")
            ),
        ),
        None => (String::new(), String::new()),
    };
    format!(
        "SELECT {by}cohort, CAST(cohort_size AS BIGINT) AS cohort_size, period,
           CAST(customers AS BIGINT) AS customers,
           CAST(customers AS DOUBLE) / cohort_size AS rate,
           period < ended AS complete{shown}
         FROM (
           SELECT {by}cohort, cohort_size, reached, ended, period,
             {customers} AS customers{cumulated}
           FROM (
             SELECT {by}cohort, cohort_size, reached, ended, cell['period'] AS period,
               sum(cell['customers']) AS customers{sums}
             FROM _retention_grid
             GROUP BY {by}cohort, cohort_size, reached, ended, cell['period'])
           WHERE period IS NOT NULL)
         WHERE period BETWEEN 0 AND least({}, reached)",
        request.periods
    )
}
