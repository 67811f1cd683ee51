//! `funnel`: how many come how far along a chain of steps, and how long it takes them.
//!
//! A customer's chain is that of the function `funnel_chain`: within `window` of step 1, steps in
//! order, the deepest of all, and of the deepest the one that started last. A row serves one step
//! (`strict_once`) unless `mode` says otherwise; rows of equal times go by their step's number; a
//! row for which a condition of `exclude` holds ends every chain that has begun. With `by`, the
//! value in the row of step 1 tells which set of rows the customer counts in.
//!
//! The input is grouped by customer into chains, which spreads over cores and spills; one more
//! grouping counts them. Step k has the customers whose chain reached it: `rate_from_first` =
//! n_k / n_1, `rate_from_previous` = n_k / n_(k−1), which is 1 for step 1, `drop_off` = n_(k−1) −
//! n_k. A rate of nobody is NULL. `median_seconds` and `p90_seconds` are percentiles, interpolated
//! between two values, of the time from step 1 to step k among those who reached it.

use arrow::datatypes::{DataType, TimeUnit};
use cohortql_udfs::{Kind, Parameter, check_funnel};
use datafusion::common::{Result, ScalarValue, plan_err};
use datafusion::logical_expr::{Expr, LogicalPlan};

use super::Report;
use super::argument::{Argument, CUSTOMER, TS};
use super::call::Call;
use super::query::in_own_type;

/// The most steps of a funnel.
const MOST_STEPS: usize = 32;

/// What the function `funnel_chain` reads as it is given here.
const HANDED_ON: &[Parameter; 2] = &[
    Parameter::optional("window", Kind::ConstantSpan),
    Parameter::optional("mode", Kind::ConstantText),
];

/// Seconds that no two times are apart, for a funnel without a window.
const ENDLESS: &str = "CAST(1e18 AS DOUBLE)";

/// The report's planner.
#[derive(Debug)]
pub(super) struct Funnel;

impl Report for Funnel {
    fn name(&self) -> &'static str {
        "funnel"
    }

    fn summary(&self) -> &'static str {
        "How many come how far along a chain of steps, and how long it takes them."
    }

    fn arguments(&self) -> &'static [Argument] {
        const {
            &[
                CUSTOMER,
                TS,
                Argument::required(
                    "steps",
                    "a list of conditions",
                    "The steps, 1 to 32 of them: `[event = 'view', event = 'cart', event = \
                     'purchase']`. NULL is false.",
                ),
                Argument::optional(
                    "window",
                    "an INTERVAL without months, or seconds",
                    "none",
                    "The longest time from step 1 to the last; a gap equal to it is inside.",
                ),
                Argument::optional(
                    "mode",
                    "a constant string",
                    "`'strict_once'`",
                    "The modes of `window_funnel`, comma-separated: `'strict_once'` (a row serves \
                     one step), `'strict_increase'` (times grow from step to step), \
                     `'strict_order'` (nothing else happens between), `'strict_deduplication'` (a \
                     step's repetition ends the chain), `'allow_reentry'` and `'clickhouse'`; \
                     `''` lets a row serve several steps.",
                ),
                Argument::optional(
                    "exclude",
                    "a list of conditions",
                    "none",
                    "A row for which one of them holds ends every chain begun.",
                ),
                Argument::optional(
                    "by",
                    "any single value",
                    "none",
                    "Splits by its value in the row of step 1.",
                ),
            ]
        }
    }

    fn plan(&self, call: &mut Call<'_>) -> Result<LogicalPlan> {
        call.key("customer")?;
        let times = match call.column("ts")? {
            Some(times @ (DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))) => times,
            Some(other) => return call.wrong("ts", "a date or timestamp", &other),
            None => return plan_err!("funnel needs its argument \"ts\""),
        };
        let steps = call.conditions("steps")?;
        if !(1..=MOST_STEPS).contains(&steps) {
            return plan_err!(
                "argument \"steps\" of funnel must have 1 to {MOST_STEPS} conditions, got {steps}"
            );
        }
        let excluded = call.conditions("exclude")?;
        let by = call.returned_key("by")?;
        let mode = call.text("mode")?;
        let window = call.simplified("window")?;
        let known = match &window {
            Some(Expr::Literal(value, _)) => Some(value),
            _ => None,
        };
        let modes = mode.as_deref().map(ScalarValue::from);
        check_funnel(self.name(), HANDED_ON, [known, modes.as_ref()])?;
        let window = if window.is_some() { "$window" } else { ENDLESS };
        let sql = format!(
            "WITH {}, {} {}",
            chains(steps, excluded, by.is_some(), window, mode.as_deref()),
            counts(steps, by.is_some(), &times),
            rows(steps, by.as_ref())
        );
        call.plan(&sql)
    }
}

/// `_funnel_chains`: the chain of every customer who began one.
fn chains(steps: usize, excluded: usize, by: bool, window: &str, mode: Option<&str>) -> String {
    let mode = mode.unwrap_or("strict_once").replace('\'', "''");
    let columns = (1..=steps).map(|step| format!(", coalesce($steps_{step}, false) AS c{step}"));
    let exclude = (1..=excluded).map(|number| format!("coalesce($exclude_{number}, false)"));
    let exclude = exclude.collect::<Vec<_>>().join(" OR ");
    let any = (1..=steps).map(|step| format!("c{step}"));
    let any: Vec<String> = any
        .chain((excluded > 0).then(|| "excluded".to_string()))
        .collect();
    let conditions = (1..=steps).map(|step| format!(", c{step}"));
    format!(
        "_funnel_events AS (
           SELECT * FROM (
             SELECT $customer AS customer, $ts AS ts, {by} AS by_value, {exclude} AS excluded{columns}
             FROM \"$input\")
           WHERE customer IS NOT NULL AND ts IS NOT NULL AND ({any})),
         _funnel_chains AS (
           SELECT chain['by'] AS by_value, chain['times'] AS times
           FROM (
             SELECT funnel_chain({window}, '{mode}', ts, excluded, by_value{conditions}) AS chain
             FROM _funnel_events GROUP BY customer)
           WHERE chain IS NOT NULL)",
        by = if by { "$by" } else { "NULL" },
        exclude = if excluded == 0 { "false" } else { &exclude },
        columns = columns.collect::<String>(),
        any = any.join(" OR "),
        conditions = conditions.collect::<String>(),
    )
}

/// `_funnel_counts`: for each value of `by`, a row with the measures of all steps side by side,
/// so that steps which nobody reached have theirs too.
fn counts(steps: usize, by: bool, times: &DataType) -> String {
    let seconds = (1..=steps).map(|step| {
        format!(
            ", {} AS s{step}",
            seconds_between("times[1]", &format!("times[{step}]"), times)
        )
    });
    let measures = (1..=steps).map(|step| {
        format!(
            "count(s{step}) AS n{step},
             array_sort(array_agg(s{step}) FILTER (WHERE s{step} IS NOT NULL)) AS all{step}"
        )
    });
    let (value, grouping) = match by {
        true => ("by_value, ", " GROUP BY by_value"),
        false => ("", ""),
    };
    format!(
        "_funnel_seconds AS (SELECT by_value{} FROM _funnel_chains),
         _funnel_counts AS (SELECT {value}{} FROM _funnel_seconds{grouping})",
        seconds.collect::<String>(),
        measures.collect::<Vec<_>>().join(", "),
    )
}

/// The report's rows: one for each step.
fn rows(steps: usize, by: Option<&DataType>) -> String {
    let value = if by.is_some() { "by_value, " } else { "" };
    let own = by.map_or_else(String::new, |by| {
        format!("{} AS by_value, ", in_own_type("by_value", by))
    });
    let list = |element: &dyn Fn(usize) -> String| {
        let elements: Vec<String> = (1..=steps).map(element).collect();
        format!("unnest([{}])", elements.join(", "))
    };
    format!(
        "SELECT {own}step, customers, CAST(customers AS DOUBLE) / nullif(first, 0)
             AS rate_from_first,
           CASE step WHEN 1 THEN CAST(1 AS DOUBLE)
             ELSE CAST(customers AS DOUBLE) / nullif(previous, 0) END AS rate_from_previous,
           previous - customers AS drop_off, median_seconds, p90_seconds
         FROM (
           SELECT {value}{step} AS step, {customers} AS customers, n1 AS first,
             {previous} AS previous, {median} AS median_seconds, {p90} AS p90_seconds
           FROM _funnel_counts)",
        step = list(&|step| format!("CAST({step} AS INT)")),
        customers = list(&|step| format!("n{step}")),
        previous = list(&|step| format!("n{}", step.max(2) - 1)),
        median = list(&|step| percentile(step, 1, 2)),
        p90 = list(&|step| percentile(step, 9, 10)),
    )
}

/// SQL for the value that `above` of `of` values of a step are not above, interpolated.
///
/// In whole numbers, since DataFusion's `percentile_cont` rounds its weights to six digits.
fn percentile(step: usize, above: u32, of: u32) -> String {
    let place = format!("({above} * (n{step} - 1))");
    let value = |further: u32| format!("all{step}[{place} / {of} + {further}]");
    format!(
        "{least} + CASE {place} % {of} WHEN 0 THEN 0
           ELSE ({next} - {least}) * ({place} % {of}) / {of} END",
        least = value(1),
        next = value(2),
    )
}

/// SQL for the seconds from one time to another, as a DOUBLE.
fn seconds_between(from: &str, to: &str, times: &DataType) -> String {
    let (number, seconds_a_tick) = match times {
        DataType::Date32 => ("Int32", "* 86400.0"),
        DataType::Timestamp(TimeUnit::Second, _) => ("Int64", ""),
        DataType::Timestamp(TimeUnit::Microsecond, _) => ("Int64", "/ 1000000.0"),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => ("Int64", "/ 1000000000.0"),
        _ => ("Int64", "/ 1000.0"),
    };
    let ticks = |time: &str| format!("CAST(arrow_cast({time}, '{number}') AS BIGINT)");
    format!(
        "CAST({} - {} AS DOUBLE) {seconds_a_tick}",
        ticks(to),
        ticks(from)
    )
}
