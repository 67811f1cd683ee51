//! `rfm`: recency, frequency and money of every customer, with scores and a segment.
//!
//! `recency_days` is the day of `as_of` less the day of the customer's last time; `frequency`
//! counts distinct orders (NULL ones left out), or rows without `order`; `monetary` is the sum of
//! `amount`. Rows with a NULL customer or time, and rows after `as_of`, are nothing; a NULL amount
//! is worth nothing.
//!
//! Scores run from 1 to `tiles`, the best, with `ties` as in `rfm_score`. The tile of a value
//! depends on how it ranks among all, but only through the values at the borders of the tiles. So
//! the customers are grouped once to find the borders, and once more beside that one row, where
//! each compares itself with them; no step puts all customers on one core. With
//! `ties => 'split'` equal values are told apart by customer, ranked among their equals only.
//!
//! `segment` is that of the function `rfm_segment`, whose maps know five scores: with other
//! `tiles` it is NULL, and giving `map` is an error.

use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::LogicalPlan;

use super::Report;
use super::argument::Argument;
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
                Argument::required("customer"),
                Argument::required("ts"),
                Argument::required("amount"),
                Argument::optional("order"),
                Argument::optional("as_of"),
                Argument::optional("tiles"),
                Argument::optional("ties"),
                Argument::optional("map"),
                Argument::optional("tz"),
            ]
        }
    }

    fn plan(&self, call: &mut Call<'_>) -> Result<LogicalPlan> {
        call.key("customer")?;
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
            scored(&as_of, &times, tiles, split),
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
            "(SELECT customer, order_key, max(ts) AS ts, sum(amount) AS amount
              FROM _rfm_events GROUP BY customer, order_key)",
            "count(order_key)",
            amount.settled("sum(amount)"),
        ),
        false => ("_rfm_events", "count(*)", amount.settled("sum(amount)")),
    };
    format!(
        "_rfm_customers AS (
           SELECT customer, CAST(max(ts) AS DATE) AS last_day, {count} AS frequency,
             {worth} AS monetary
           FROM {source} GROUP BY customer)"
    )
}

/// `_rfm_scored`, and the borders it compares with.
fn scored(as_of: &AsOf, times: &WallClock, tiles: i64, split: bool) -> String {
    // Worst first: the earliest last day, the fewest orders, the least money.
    let measures = [("r", "last_day"), ("f", "frequency"), ("m", "monetary")];
    let mut gathered = Vec::new();
    let mut borders = Vec::new();
    let mut scores = Vec::new();
    let mut places = Vec::new();
    for (score, value) in measures {
        gathered.push(format!("array_sort(array_agg({value})) AS {score}_values"));
        let mut reached = Vec::new();
        for k in 1..tiles {
            let border = format!("{score}_border_{k}");
            if split {
                // The last place of tile k; so many of the values equal to it are within.
                let place = format!("({k} * (n / {tiles}) + least({k}, n % {tiles}))");
                borders.push(format!("{score}_values[{place}] AS {border}"));
                borders.push(format!(
                    "{place} - CAST(array_position({score}_values, {score}_values[{place}]) \
                     AS BIGINT) + 1 AS {border}_within"
                ));
                reached.push(format!(
                    "CASE WHEN {value} > {border} OR ({value} = {border} \
                     AND {score}_place > {border}_within) THEN 1 ELSE 0 END"
                ));
            } else {
                // floor(below · tiles / n) ≥ k when ⌈k · n / tiles⌉ values are smaller.
                let place = format!("(({k} * n + {tiles} - 1) / {tiles})");
                borders.push(format!("{score}_values[{place}] AS {border}"));
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
    let as_of_day = as_of.last(times, "latest");
    format!(
        "_rfm_values AS (
           SELECT count(*) AS n, max(last_day) AS latest, {gathered} FROM _rfm_customers),
         _rfm_borders AS (SELECT latest, {borders} FROM _rfm_values),
         _rfm_scored AS (
           SELECT customer, CAST(CAST({as_of_day} AS DATE) AS INT) - CAST(last_day AS INT) \
             AS recency_days, frequency, monetary, {scores}
           FROM _rfm_borders CROSS JOIN (SELECT *{places} FROM _rfm_customers))",
        gathered = gathered.join(", "),
        borders = borders.join(", "),
        scores = scores.join(", "),
        places = places.concat(),
    )
}
