//! `rfm`: recency, frequency and money of every customer, with scores and a segment.
//!
//! `recency_days` is the day of `as_of` less the day of the customer's last time; `frequency`
//! counts distinct orders (NULL ones left out), or rows without `order`; `monetary` is the sum of
//! `amount`. Rows with a NULL customer or time, and rows after `as_of`, are nothing; a NULL amount
//! is worth nothing.
//!
//! Scores run from 1 to `tiles`, the best, with `ties` as in `rfm_score`. The tile of a value
//! depends on how it ranks among all, but only through the values at the borders of the tiles. To
//! find them, the customers are counted by value, and the counts added up in the order of the
//! values, one row after another; then each customer compares itself with that one row of
//! borders. Groupings and sorts are all that keeps rows, and both spill. With `ties => 'split'`
//! equal values are told apart by customer, ranked among their equals only.
//!
//! `segment` is that of the function `rfm_segment`, whose maps know five scores: with other
//! `tiles` it is NULL, and giving `map` is an error.

use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::LogicalPlan;

use super::Report;
use super::argument::{AMOUNT, AS_OF, Argument, CUSTOMER, TS, TZ};
use super::call::Call;
use super::instant::{AsOf, WallClock};
use super::money::Money;

/// The tiles that the maps of segments know.
const SEGMENTED_TILES: i64 = 5;

/// The report's planner.
#[derive(Debug)]
pub(super) struct Rfm;

impl Report for Rfm {
    fn name(&self) -> &'static str {
        "rfm"
    }

    fn summary(&self) -> &'static str {
        "Recency, frequency and money of every customer, with scores and a segment."
    }

    fn arguments(&self) -> &'static [Argument] {
        const {
            &[
                CUSTOMER,
                TS,
                AMOUNT,
                Argument::optional(
                    "order",
                    "any single value",
                    "each row is an order",
                    "What rows of one order have in common: distinct ones are counted, and NULL \
                     is none.",
                ),
                AS_OF,
                Argument::optional(
                    "tiles",
                    "a constant whole number",
                    "5",
                    "Scores run from 1 to it, 2 to 9.",
                ),
                Argument::optional(
                    "ties",
                    "a constant string",
                    "`'together'`",
                    "`'together'`: equal values get equal scores; `'split'`: exactly SQL's \
                     `NTILE`, equal values by customer.",
                ),
                Argument::optional(
                    "map",
                    "a constant string",
                    "`'rf10'`",
                    "The map of segments: `'rf10'`, `'events9'` or `'warehouse7'`, as in \
                     `rfm_segment`.",
                ),
                TZ,
            ]
        }
    }

    fn plan(&self, call: &mut Call<'_>) -> Result<LogicalPlan> {
        call.returned_key("customer")?;
        let times = WallClock::new(call)?;
        let Some(amount) = Money::read(call)? else {
            return plan_err!("rfm needs its argument \"amount\"");
        };
        let has_order = call.key("order")?.is_some();
        let as_of = AsOf::new(call, &times)?;
        let tiles = call.whole_number("tiles", 2..=9, SEGMENTED_TILES)?;
        let split = call.word("ties", &["together", "split"], "together")? == "split";
        let map = call.word("map", &["rf10", "events9", "warehouse7"], "rf10")?;
        if tiles != SEGMENTED_TILES && call.has("map") {
            return plan_err!(
                "argument \"map\" of rfm needs scores from 1 to 5, so tiles => 5, got {tiles}"
            );
        }
        let segment = match tiles {
            SEGMENTED_TILES => format!("rfm_segment(r, f, m, '{map}')"),
            _ => "CAST(NULL AS VARCHAR)".to_string(),
        };
        let sql = format!(
            "WITH {}, {}, {} SELECT customer, recency_days, frequency, monetary, r, f, m,
               CAST(100 * r + 10 * f + m AS INT) AS score, {segment} AS segment FROM _rfm_scored",
            events(&times, &amount, &as_of, has_order),
            customers(&amount, has_order),
            scored(&as_of, tiles, split),
        );
        call.plan(&sql)
    }
}

/// `_rfm_events`: the rows that matter.
fn events(times: &WallClock, amount: &Money, as_of: &AsOf, has_order: bool) -> String {
    let until = as_of.keeps(times);
    let until = until.map_or_else(String::new, |until| format!(" AND {until}"));
    let order = if has_order {
        ", $order AS order_key"
    } else {
        ""
    };
    format!(
        "_rfm_events AS (
           SELECT * FROM (
             SELECT $customer AS customer, {} AS ts, {} AS amount{order} FROM \"$input\")
           WHERE customer IS NOT NULL AND ts IS NOT NULL{until})",
        times.local(),
        amount.sql()
    )
}

/// `_rfm_customers`: one row a customer.
fn customers(amount: &Money, has_order: bool) -> String {
    let (source, count, worth) = match has_order {
        true => (
            "(SELECT customer, order_key, max(ts) AS ts, exact_sum(amount) AS amount
              FROM _rfm_events GROUP BY customer, order_key)",
            "count(order_key)",
            amount.settled("exact_sum(amount)"),
        ),
        false => (
            "_rfm_events",
            "count(*)",
            amount.settled("exact_sum(amount)"),
        ),
    };
    format!(
        "_rfm_customers AS (
           SELECT customer, CAST(max(ts) AS DATE) AS last_day, {count} AS frequency,
             {worth} AS monetary
           FROM {source} GROUP BY customer)"
    )
}

/// `_rfm_scored`, and the borders it compares with.
///
/// `_rfm_counts` counts the customers of each value, all three measures in one grouping: a row of
/// one has NULL for the others, and the first of all has their number. In this order of NULLs the
/// money comes next, then the frequencies, then the days, and the counts of each add up to it.
fn scored(as_of: &AsOf, tiles: i64, split: bool) -> String {
    // Worst first: the least money, the fewest orders, the earliest last day.
    let measures = [("m", "monetary"), ("f", "frequency"), ("r", "last_day")];
    let mut found = Vec::new();
    let mut borders = Vec::new();
    let mut scores = Vec::new();
    let mut places = Vec::new();
    for (before, (score, value)) in (1..).zip(measures) {
        let mut reached = Vec::new();
        for k in 1..tiles {
            let border = format!("{score}_border_{k}");
            let place = match split {
                // The last place of tile k.
                true => format!("({k} * (n / {tiles}) + least({k}, n % {tiles}))"),
                // floor(below · tiles / n) ≥ k when ⌈k · n / tiles⌉ values are smaller.
                false => format!("(({k} * n + {tiles} - 1) / {tiles})"),
            };
            let there = format!("FILTER (WHERE reached >= {before} * n + {place})");
            found.push(format!("min({value}) {there} AS {border}"));
            borders.push(border.clone());
            if split {
                found.push(format!(
                    "min(reached - customers) {there} AS {border}_after"
                ));
                // So many of the values equal to the border are within the tile.
                borders.push(format!(
                    "{before} * n + {place} - {border}_after AS {border}_within"
                ));
                reached.push(format!(
                    "CASE WHEN {value} > {border} OR ({value} = {border} \
                     AND {score}_place > {border}_within) THEN 1 ELSE 0 END"
                ));
            } else {
                reached.push(format!("CASE WHEN {value} > {border} THEN 1 ELSE 0 END"));
            }
        }
        if split {
            places.push(format!(
                ", row_number() OVER (PARTITION BY {value} ORDER BY customer) AS {score}_place"
            ));
        }
        scores.push(format!(
            "CAST(1 + {} AS INT) AS {score}",
            reached.join(" + ")
        ));
    }
    format!(
        "_rfm_counts AS (
           SELECT last_day, frequency, monetary, count(*) AS customers FROM _rfm_customers
           GROUP BY GROUPING SETS ((), (monetary), (frequency), (last_day))),
         _rfm_places AS (
           SELECT *, sum(customers) OVER up AS reached, max(customers) OVER up AS n
           FROM _rfm_counts
           WINDOW up AS (
             ORDER BY last_day NULLS FIRST, frequency NULLS FIRST, monetary NULLS FIRST
             ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW)),
         _rfm_found AS (
           SELECT max(n) AS n, max(last_day) AS latest, {found} FROM _rfm_places),
         _rfm_borders AS (SELECT latest, {borders} FROM _rfm_found),
         _rfm_scored AS (
           SELECT customer, CAST({as_of} AS INT) - CAST(last_day AS INT) AS recency_days,
             frequency, monetary, {scores}
           FROM _rfm_borders CROSS JOIN (SELECT *{places} FROM _rfm_customers))",
        found = found.join(", "),
        borders = borders.join(", "),
        as_of = as_of.day("latest"),
        scores = scores.join(", "),
        places = places.concat(),
    )
}
