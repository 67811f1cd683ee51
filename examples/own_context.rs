//! The functions on a DataFusion session of your own, without an engine.

use std::error::Error;
use std::io::{Write, stdout};

use cohortql::arrow::util::pretty::pretty_format_batches;
use cohortql::datafusion::prelude::{CsvReadOptions, SessionContext};

const PURCHASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/sql/demo/cdnow_sample.csv");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    Ok(writeln!(stdout(), "{}", cohort_sizes().await?)?)
}

/// Cohort sizes by DataFusion alone, with our functions registered in one call.
pub(crate) async fn cohort_sizes() -> Result<String, Box<dyn Error>> {
    let context = SessionContext::new();
    cohortql::udfs::register_all(&context)?;
    context
        .register_csv("purchases", PURCHASES, CsvReadOptions::new())
        .await?;
    let batches = context
        .sql(
            "select cohort, count(*) as customers
             from (
                 select customer_id, cohort_month(order_date) as cohort
                 from purchases
                 group by customer_id
             )
             group by cohort
             order by cohort",
        )
        .await?
        .collect()
        .await?;
    Ok(pretty_format_batches(&batches)?.to_string())
}
