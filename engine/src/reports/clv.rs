//! `clv`: what every customer will still buy, and what that is worth.
//!
//! Customers are summed up as `clv_summary` does it, in days: `frequency` counts the days with a
//! purchase after the first, `recency` is the last of them and `age` `as_of`, both counted from the
//! first, and `monetary` is the mean of the repeat days. One BG/NBD model of how they buy
//! (`bgnbd_fit`) and one Gamma-Gamma model of what they spend (`gamma_gamma_fit`) are fitted to all
//! customers; from them come `p_alive`, the purchases expected within `horizon_days`
//! (`expected_orders`), what each is expected to be worth (`expected_value`), and `clv`, worth times
//! purchases discounted to `as_of`. A model that has not converged makes what rests on it NULL,
//! and so does a mean worth below 0, which the model of worth does not know.
//!
//! `discount` is a year's, effective: money t days from now counts (1 + discount)^(−t/365). The
//! purchases expected in each 30 days are discounted from the end of these, the last ones from the
//! end of the horizon. With E(t) the purchases expected up to t and d the factors, the sum of (E(t_k)
//! − E(t_(k−1)))·d_k is the same as that of E(t_k)·(d_k − d_(k+1)), which asks for each E once.
//!
//! The input is grouped by customer, which spreads over cores and spills; only the fits see all
//! customers at once, and they keep equal ones together. The end and the histories ask for the same
//! columns of that grouping, with conditions that always hold, so that it is computed once.

use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::LogicalPlan;

use super::Report;
use super::argument::{AMOUNT, AS_OF, Argument, CUSTOMER, TS, TZ};
use super::call::Call;
use super::instant::{AsOf, WallClock};
use super::money::Money;

/// The longest horizon: ten years.
const MOST_DAYS: i64 = 3_650;

/// Days between two discounts.
const STEP_DAYS: i64 = 30;

/// A day after all others, from which ages are counted back until the last day is known.
const LAST_DAY: &str = "DATE '9999-12-31'";

/// The report's planner.
#[derive(Debug)]
pub(super) struct Clv;

impl Report for Clv {
    fn name(&self) -> &'static str {
        "clv"
    }

    fn summary(&self) -> &'static str {
        "What every customer will still buy, and what that is worth."
    }

    fn arguments(&self) -> &'static [Argument] {
        const {
            &[
                CUSTOMER,
                TS,
                AMOUNT,
                Argument::optional(
                    "horizon_days",
                    "a constant whole number",
                    "365",
                    "How many days to look ahead, 1 to 3650.",
                ),
                Argument::optional(
                    "discount",
                    "a constant number",
                    "0",
                    "Of a year, effective, from 0 to 1: 0.1 for 10 %.",
                ),
                AS_OF,
                TZ,
            ]
        }
    }

    fn plan(&self, call: &mut Call<'_>) -> Result<LogicalPlan> {
        call.returned_key("customer")?;
        let times = WallClock::new(call)?;
        let Some(amount) = Money::read(call)? else {
            return plan_err!("clv needs its argument \"amount\"");
        };
        let horizon_days = call.whole_number("horizon_days", 1..=MOST_DAYS, 365)?;
        let discount = call.number("discount", 0.0..=1.0, 0.0)?;
        let as_of = AsOf::new(call, &times)?;
        let until = as_of.keeps(&times);
        let until = until.map_or_else(String::new, |until| format!(" AND {until}"));
        let sql = format!(
            "WITH _clv_events AS (
               SELECT * FROM (
                 SELECT $customer AS customer, {local} AS ts, {amount} AS amount FROM \"$input\")
               WHERE customer IS NOT NULL AND ts IS NOT NULL{until}),
             _clv_customers AS (
               SELECT customer, max(day) AS latest,
                 clv_summary(day, amount, {LAST_DAY}, 'day') AS past
               FROM (SELECT customer, CAST(ts AS DATE) AS day, amount FROM _clv_events)
               GROUP BY customer),
             _clv_end AS (
               SELECT CAST({LAST_DAY} AS INT) - CAST({end} AS INT) AS after
               FROM (SELECT max(latest) AS latest FROM _clv_customers WHERE past IS NOT NULL)),
             _clv_summaries AS (
               SELECT customer, past['frequency'] AS frequency, past['recency'] AS recency,
                 past['age'] - after AS age, past['monetary'] AS monetary
               FROM _clv_end CROSS JOIN _clv_customers WHERE latest IS NOT NULL),
             _clv_models AS (
               SELECT bgnbd_fit(frequency, recency, age) AS buying,
                 gamma_gamma_fit(frequency, monetary) FILTER (WHERE {known}) AS spending
               FROM _clv_summaries),
             _clv_expected AS (
               SELECT customer, frequency, recency, age, monetary,
                 CASE WHEN buying['converged']
                   THEN bgnbd_alive(buying, frequency, recency, age) END AS p_alive,
                 CASE WHEN buying['converged'] THEN {orders} END AS expected_orders,
                 CASE WHEN buying['converged'] THEN {discounted} END AS discounted_orders,
                 CASE WHEN spending['converged'] AND {known}
                   THEN gamma_gamma_expected(spending, frequency, monetary) END AS expected_value
               FROM _clv_models CROSS JOIN _clv_summaries)
             SELECT customer, frequency, recency, age, monetary, p_alive, expected_orders,
               expected_value, discounted_orders * expected_value AS clv
             FROM _clv_expected",
            local = times.local(),
            amount = amount.sql(),
            end = as_of.day("latest"),
            orders = expected(horizon_days),
            discounted = discounted(horizon_days, discount),
            known = "(monetary >= 0 AND monetary < CAST('Infinity' AS DOUBLE))",
        );
        call.plan(&sql)
    }
}

/// SQL for the purchases expected within so many days.
fn expected(days: i64) -> String {
    format!("bgnbd_expected(buying, {days}, frequency, recency, age)")
}

/// SQL for the purchases expected within the horizon, each discounted to now.
fn discounted(horizon_days: i64, discount: f64) -> String {
    if discount == 0.0 {
        return expected(horizon_days);
    }
    let factor = |days: i64| (1.0 + discount).powf(-(days as f64) / 365.0);
    let mut terms = Vec::new();
    let mut from = 0;
    while from < horizon_days {
        let to = (from + STEP_DAYS).min(horizon_days);
        let next = (to + STEP_DAYS).min(horizon_days);
        let weight = match to == horizon_days {
            true => factor(to),
            false => factor(to) - factor(next),
        };
        terms.push(format!("CAST('{weight:e}' AS DOUBLE) * {}", expected(to)));
        from = to;
    }
    terms.join(" + ")
}
