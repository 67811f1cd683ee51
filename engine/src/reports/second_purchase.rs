//! `second_purchase`: how many customers of a cohort came back, how soon, and how sure that is.
//!
//! A customer's first purchase is the earliest row, the second the next one, or with
//! `distinct_days` the earliest on a later day. Days are those between the two calendar days, and
//! those who have not come back by `as_of` have been watched for the days up to then. The curve is
//! Kaplan–Meier's, of the function `survival`: of every cohort a row for each number of days after
//! which somebody came back or had been watched no longer; `waiting` is the estimated share of
//! those who have not come back by then, with its 95 % interval. `median_days` is the least number
//! of days at which that share is at most a half, NULL if it never is.
//!
//! Rows with a NULL customer or time, and rows after `as_of`, are nothing. The end and the cohorts
//! ask for the same columns of the customers, with conditions that always hold, so that these are
//! grouped once.

use cohortql_udfs::Unit;
use datafusion::common::Result;
use datafusion::logical_expr::LogicalPlan;

use super::Report;
use super::argument::{AS_OF, Argument, CUSTOMER, TS, TZ};
use super::call::Call;
use super::cohort_retention::clock::start;
use super::instant::{AsOf, WallClock};

/// The report's planner.
#[derive(Debug)]
pub(super) struct SecondPurchase;

impl Report for SecondPurchase {
    fn name(&self) -> &'static str {
        "second_purchase"
    }

    fn summary(&self) -> &'static str {
        "How many customers of a cohort bought again, how soon, and how sure that is."
    }

    fn arguments(&self) -> &'static [Argument] {
        const {
            &[
                CUSTOMER,
                TS,
                Argument::optional(
                    "cohort_unit",
                    "a constant string",
                    "`'month'`",
                    "The period of the first purchase that makes a cohort: `'day'`, `'week'` \
                     (from Monday), `'month'`, `'quarter'` or `'year'`.",
                ),
                Argument::optional(
                    "distinct_days",
                    "true or false",
                    "false",
                    "Whether the second purchase must be on a later day; else it is the next row, \
                     so that the input must have one row an order.",
                ),
                AS_OF,
                TZ,
            ]
        }
    }

    fn plan(&self, call: &mut Call<'_>) -> Result<LogicalPlan> {
        call.key("customer")?;
        let times = WallClock::new(call)?;
        let unit = Unit::parse(call.word("cohort_unit", &Unit::NAMES, Unit::Month.name())?)
            .unwrap_or(Unit::Month);
        let distinct_days = call.truth("distinct_days", false)?;
        let as_of = AsOf::new(call, &times)?;
        let until = as_of.keeps(&times);
        let until = until.map_or_else(String::new, |until| format!(" AND {until}"));
        // A day is enough, and smaller where days are what counts.
        let distinct = if distinct_days { "DISTINCT " } else { "" };
        let sql = format!(
            "WITH _second_rows AS (
               SELECT * FROM (SELECT $customer AS customer, {local} AS ts FROM \"$input\")
               WHERE customer IS NOT NULL AND ts IS NOT NULL{until}),
             _second_days AS (
               SELECT {distinct}customer, CAST(ts AS DATE) AS day FROM _second_rows),
             _second_customers AS (
               SELECT min(day) AS first, nth_time(day, 2) AS second, max(day) AS latest
               FROM _second_days GROUP BY customer),
             _second_end AS (SELECT {end} AS day FROM (
               SELECT max(latest) AS latest FROM _second_customers
               WHERE first IS NOT NULL OR second IS NOT NULL)),
             _second_cohorts AS (
               SELECT {cohort} AS cohort, count(*) AS customers, count(second) AS returned,
                 survival(CAST(coalesce(second, day) AS INT) - CAST(first AS INT),
                   second IS NOT NULL) AS curve
               FROM _second_end CROSS JOIN _second_customers WHERE latest IS NOT NULL GROUP BY 1),
             _second_curves AS (
               SELECT cohort, customers, returned, unnest(curve) AS point FROM _second_cohorts)
             SELECT cohort, customers, returned,
               CAST(min(CASE WHEN point['survival'] <= 0.5 THEN point['t'] END)
                 OVER (PARTITION BY cohort) AS INT) AS median_days,
               CAST(point['t'] AS INT) AS days, point['at_risk'] AS at_risk,
               point['events'] AS events, point['survival'] AS waiting,
               point['lower'] AS waiting_lower, point['upper'] AS waiting_upper
             FROM _second_curves",
            local = times.local(),
            end = as_of.day("latest"),
            cohort = start(unit, "first"),
        );
        call.plan(&sql)
    }
}
