//! SQL in, record batches out: an engine of your own, a file, batches of your own.

use std::error::Error;
use std::io::{Write, stdout};
use std::sync::Arc;

use cohortql::Engine;
use cohortql::arrow::array::{ArrayRef, Date32Array, Int64Array, RecordBatch};
use cohortql::arrow::util::pretty::pretty_format_batches;

const PURCHASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sql/demo/cdnow_sample.csv");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Ok(writeln!(stdout(), "{}", cohorts().await?)?)
}

/// Customers by the month of their first purchase, and those of a campaign among them.
pub(crate) async fn cohorts() -> Result<String, Box<dyn Error>> {
    let engine = Engine::builder()
        .memory_limit(512 << 20)
        .time_zone("UTC")
        .build()
        .await?;
    engine.register_path(PURCHASES, Some("purchases")).await?;
    engine.register_batches("campaign", None, vec![campaign()?])?;

    let batches = engine
        .sql(
            "with customers as (
                 select customer_id, cohort_month(order_date) as cohort
                 from purchases
                 group by customer_id
             )
             select
                 cohort,
                 count(*) as customers,
                 count(campaign.customer_id) as reached
             from customers
             left join campaign on campaign.customer_id = customers.customer_id
             group by cohort
             order by cohort",
        )
        .await?
        .collect()
        .await?;
    Ok(pretty_format_batches(&batches)?.to_string())
}

/// Whom a campaign reached, and on which day (counted from 1970-01-01).
fn campaign() -> Result<RecordBatch, Box<dyn Error>> {
    let customers: ArrayRef = Arc::new(Int64Array::from(vec![4, 18, 21, 50, 60]));
    let days: ArrayRef = Arc::new(Date32Array::from(vec![9_880; 5]));
    Ok(RecordBatch::try_from_iter([
        ("customer_id", customers),
        ("reached_on", days),
    ])?)
}
