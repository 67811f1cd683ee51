//! Cohorts, who came back to them, and a funnel, on a bare DataFusion session.

use std::error::Error;
use std::io::{Write, stdout};

use datafusion::arrow::util::pretty::pretty_format_batches;
use datafusion::prelude::SessionContext;

/// What customers did, and when.
const EVENTS: &str = "
    CREATE VIEW events AS SELECT customer, event, CAST(ts AS TIMESTAMP) AS ts FROM (VALUES
        ('ada', 'view',  '2024-01-05 09:00:00'), ('ada', 'cart',  '2024-01-05 09:10:00'),
        ('ada', 'order', '2024-01-05 09:20:00'), ('ada', 'order', '2024-02-11 18:00:00'),
        ('bob', 'view',  '2024-01-20 12:00:00'), ('bob', 'order', '2024-01-20 12:05:00'),
        ('bob', 'order', '2024-03-02 08:30:00'), ('cyd', 'view',  '2024-02-01 20:00:00'),
        ('cyd', 'cart',  '2024-02-01 20:30:00'), ('cyd', 'order', '2024-02-03 07:00:00'),
        ('dan', 'view',  '2024-02-14 10:00:00')) AS given(customer, event, ts)";

/// Customers by the month of their first order, and how many ordered again one and two later.
const RETENTION: &str = "
    WITH orders AS (
        SELECT customer, ts, cohort(ts, 'month') OVER (PARTITION BY customer) AS cohort
        FROM events WHERE event = 'order'
    ), months AS (
        SELECT customer, cohort, period_diff('month', cohort, ts) AS month FROM orders
    ), customers AS (
        SELECT cohort, retention(month = 0, month = 1, month = 2) AS back
        FROM months GROUP BY cohort, customer
    )
    SELECT cohort, count(*) AS customers,
           count(*) FILTER (WHERE back[2]) AS after_1, count(*) FILTER (WHERE back[3]) AS after_2
    FROM customers GROUP BY cohort ORDER BY cohort";

/// How far customers came within a day: 1 viewed, 2 also filled a cart, 3 also ordered.
const FUNNEL: &str = "
    SELECT step, count(*) AS customers FROM (
        SELECT window_funnel(INTERVAL '1 day', ts, event = 'view', event = 'cart', event = 'order') AS step
        FROM events GROUP BY customer)
    GROUP BY step ORDER BY step";

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let context = SessionContext::new();
    cohortql_udfs::register_all(&context)?;
    context.sql(EVENTS).await?.collect().await?;
    for query in [RETENTION, FUNNEL] {
        let answer = context.sql(query).await?.collect().await?;
        writeln!(stdout(), "{}", pretty_format_batches(&answer)?)?;
    }
    Ok(())
}
