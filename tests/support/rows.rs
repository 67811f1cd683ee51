//! Answers as rows of text.

use arrow::array::RecordBatch;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use cohortql_engine::{Engine, EngineError};

/// The cells of `batches` as text: NULL as `NULL`, doubles in the shortest form
/// that reads back as the same number.
pub(crate) fn cells(batches: &[RecordBatch]) -> Result<Vec<Vec<String>>, ArrowError> {
    let options = FormatOptions::new().with_null("NULL");
    let mut rows = Vec::new();
    for batch in batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options))
            .collect::<Result<_, _>>()?;
        for row in 0..batch.num_rows() {
            let cells = columns
                .iter()
                .map(|column| column.value(row).try_to_string());
            rows.push(cells.collect::<Result<_, _>>()?);
        }
    }
    Ok(rows)
}

/// Runs `sql` and returns its rows, cells joined by `|`, in the order of the answer.
pub(crate) async fn lines(engine: &Engine, sql: &str) -> Result<Vec<String>, EngineError> {
    let batches = engine.sql(sql).await?.collect().await?;
    let rows = cells(&batches).unwrap();
    Ok(rows.into_iter().map(|row| row.join("|")).collect())
}
