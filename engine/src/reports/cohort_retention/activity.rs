//! The first steps: who was active in which period.
//!
//! [`marks`] defines `_retention_marks`, one row for each period in which a customer was active,
//! or one with a NULL period for a customer who never was:
//!
//! | column | meaning |
//! |---|---|
//! | `cohort` | the first day of the first time's period; NULL for a customer without one |
//! | `first` | the first time, where periods roll |
//! | `latest` | the customer's latest time, where `as_of` is to be found out |
//! | `by_value` | where the report splits |
//! | `period` | periods since the first |
//! | `counts` | whether the customer counts in this period: for the cumulative modes only where the run of periods begins |
//! | `member` | true in one of the customer's rows |
//! | `orders`, `revenue` | where money is counted |

use super::{Mode, Request};

/// `_retention_events`: the rows that matter, in the report's own columns.
pub(super) fn events(request: &Request) -> String {
    let mut columns = vec![
        "$customer AS customer".to_string(),
        format!("{} AS ts", request.times.local()),
    ];
    if request.starts {
        columns.push("COALESCE($starts, false) AS starts".to_string());
    }
    if request.returns {
        columns.push("COALESCE($returns, false) AS returns".to_string());
    }
    if request.by {
        columns.push("$by AS by_value".to_string());
    }
    if request.order {
        columns.push("$order AS order_key".to_string());
    }
    if let Some(amount) = &request.amount {
        columns.push(format!("{} AS amount", amount.sql()));
    }
    let until = request.as_of.keeps(&request.times);
    let until = until.map_or_else(String::new, |until| format!(" AND {until}"));
    format!(
        "_retention_events AS (
           SELECT * FROM (SELECT {} FROM \"$input\")
           WHERE customer IS NOT NULL AND ts IS NOT NULL{until})",
        columns.join(", ")
    )
}

/// `_retention_marks`, and what it is made of.
pub(super) fn marks(request: &Request) -> String {
    let by = request.if_by(", by_value");
    let latest = request.if_latest(", latest");
    let carried = format!(
        "min(first) AS first{}{}",
        if by.is_empty() {
            ""
        } else {
            ", min(by_value) AS by_value"
        },
        if latest.is_empty() {
            ""
        } else {
            ", max(latest) AS latest"
        },
    );
    let (money, sums, cell_money) = match &request.amount {
        None => ("", "", ""),
        Some(_) => (
            ", cell['orders'] AS orders, cell['revenue'] AS revenue",
            ", sum(orders) AS orders, exact_sum(revenue) AS revenue",
            ", 'orders', orders, 'revenue', revenue",
        ),
    };
    let counts = match request.mode {
        Mode::On => "cell['period'] IS NOT NULL",
        Mode::OnOrAfter => "cell['period'] = last_period",
        Mode::OnOrBefore => "cell['period'] = first_return",
    };
    format!(
        "{firsts},
         {activity},
         {orders},
         _retention_customer_periods AS (
           SELECT customer, period, {carried}{sums}
           FROM _retention_orders GROUP BY customer, period),
         _retention_customers AS (
           SELECT customer, {carried}, min(period) AS first_period, max(period) AS last_period,
             min(period) FILTER (WHERE period >= 1) AS first_return,
             array_agg(named_struct('period', period{cell_money})) AS cells
           FROM _retention_customer_periods GROUP BY customer),
         _retention_marks AS (
           SELECT {cohort} AS cohort{first}{by}{latest}, cell['period'] AS period,
             COALESCE({counts}, false) AS counts,
             COALESCE(cell['period'] = first_period, true) AS member{money}
           FROM (SELECT first{by}{latest}, first_period, last_period, first_return,
                   unnest(cells) AS cell
                 FROM _retention_customers))",
        cohort = request.start("first"),
        first = request.if_rolling(", first"),
        firsts = firsts(request),
        activity = activity(request),
        orders = orders(request, &carried),
    )
}

/// `_retention_firsts`: one row a customer.
fn firsts(request: &Request) -> String {
    let latest = request.if_latest(", max(ts) AS latest");
    // A customer who never started still has a latest time, which may be everybody's.
    let (filter, condition) = match (request.starts, !latest.is_empty()) {
        (false, _) => ("", ""),
        (true, true) => (" FILTER (WHERE starts)", ""),
        (true, false) => ("", " WHERE starts"),
    };
    let by = match request.by {
        true => format!(
            ", first_value(by_value ORDER BY ts ASC NULLS LAST, by_value ASC NULLS LAST){filter} AS by_value"
        ),
        false => String::new(),
    };
    format!(
        "_retention_firsts AS (
           SELECT customer, min(ts){filter} AS first{by}{latest}
           FROM _retention_events{condition} GROUP BY customer)"
    )
}

/// `_retention_activity`: the rows that may count, beside their customer's first time.
fn activity(request: &Request) -> String {
    let by = request.if_by(", f.by_value");
    let latest = request.if_latest(", f.latest");
    let order = if request.order { ", e.order_key" } else { "" };
    let amount = if request.counts_money() {
        ", e.amount"
    } else {
        ""
    };
    let returns = if request.returns {
        " WHERE returns"
    } else {
        ""
    };
    // Without conditions everybody's first row is in the join. The customer is not taken from the
    // side where it is a key: DataFusion would hold it for a key of what is grouped below as well,
    // and group by less.
    let (join, customer) = match request.starts || request.returns {
        true => ("LEFT JOIN", "COALESCE(e.customer, f.customer)"),
        false => ("JOIN", "e.customer"),
    };
    let period = request.periods_between("f.first", "e.ts");
    format!(
        "_retention_activity AS (
           SELECT {customer} AS customer, f.first{by}{latest}, {period} AS period{order}{amount}
           FROM _retention_firsts AS f {join}
             (SELECT * FROM _retention_events{returns}) AS e
             ON f.customer = e.customer AND e.ts >= f.first)"
    )
}

/// `_retention_orders`: activity with `orders`, 1 where an order is to be counted.
fn orders(request: &Request, carried: &str) -> String {
    let by = request.if_by(", by_value");
    let latest = request.if_latest(", latest");
    let Some(_) = &request.amount else {
        return "_retention_orders AS (SELECT * FROM _retention_activity)".to_string();
    };
    if !request.order {
        return format!(
            "_retention_orders AS (
               SELECT customer, first{by}{latest}, period, amount AS revenue,
                 CASE WHEN period IS NULL THEN 0 ELSE 1 END AS orders
               FROM _retention_activity)"
        );
    }
    // An order may have rows in several periods. It counts in each of them, but once in a run of
    // periods that is cumulated: where the run begins.
    let begins = match request.mode {
        Mode::On => "cell['period']",
        Mode::OnOrAfter => "last_period",
        Mode::OnOrBefore => "first_return",
    };
    format!(
        "_retention_order_periods AS (
           SELECT customer, order_key, period, {carried}, exact_sum(amount) AS revenue
           FROM _retention_activity GROUP BY customer, order_key, period),
         _retention_whole_orders AS (
           SELECT customer, order_key, {carried}, max(period) AS last_period,
             min(period) FILTER (WHERE period >= 1) AS first_return,
             array_agg(named_struct('period', period, 'revenue', revenue)) AS cells
           FROM _retention_order_periods GROUP BY customer, order_key),
         _retention_orders AS (
           SELECT customer, first{by}{latest}, cell['period'] AS period,
             cell['revenue'] AS revenue,
             CASE WHEN order_key IS NOT NULL AND cell['period'] = {begins} THEN 1 ELSE 0 END
               AS orders
           FROM (SELECT customer, order_key, first{by}{latest}, last_period, first_return,
                   unnest(cells) AS cell
                 FROM _retention_whole_orders))"
    )
}
