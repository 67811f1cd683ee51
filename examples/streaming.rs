//! A result as a stream: rows are computed while you read, and only a few ahead.

use std::error::Error;
use std::io::{Write, stdout};

use cohortql::Engine;
use cohortql::arrow::array::AsArray;
use cohortql::arrow::datatypes::Int64Type;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (rows, sum) = first_rows(100_000).await?;
    Ok(writeln!(stdout(), "read {rows} rows, their sum is {sum}")?)
}

/// Reads at least `enough` rows of a billion, and returns how many, and their sum.
pub(crate) async fn first_rows(enough: usize) -> Result<(usize, i64), Box<dyn Error>> {
    let engine = Engine::builder().build().await?;
    let mut stream = engine
        .sql("select value from generate_series(1, 1000000000) as series(value)")
        .await?;
    let (mut rows, mut sum) = (0, 0);
    while let Some(batch) = stream.next_batch().await? {
        rows += batch.num_rows();
        sum += batch
            .column(0)
            .as_primitive::<Int64Type>()
            .iter()
            .flatten()
            .sum::<i64>();
        if rows >= enough {
            break;
        }
    }
    // Dropping the stream cancels the query: the rest is never computed.
    drop(stream);
    Ok((rows, sum))
}
