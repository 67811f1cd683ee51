//! The tables of the tour.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType, Field, Schema};
use cohortql_engine::Engine;

use super::order_lines::order_lines;
use crate::cli::error::CliError;

/// One in ten customers of CDNOW, a shop for records: every purchase from January
/// 1997 to June 1998 of those who first bought in the first quarter of 1997. See
/// NOTICE for whom it is owed to.
const PURCHASES: &[u8] = include_bytes!("../../../sql/demo/cdnow_sample.csv");

/// Makes the tables `purchases` and `order_lines`.
pub(super) fn register(engine: &Engine) -> Result<(), CliError> {
    engine.register_batches("purchases", None, purchases()?)?;
    engine.register_batches("order_lines", None, vec![order_lines()?])?;
    Ok(())
}

fn purchases() -> Result<Vec<RecordBatch>, CliError> {
    let field = |name: &str, data_type| Field::new(name, data_type, false);
    let schema = Schema::new(vec![
        field("row_id", DataType::Int64),
        field("customer_id", DataType::Int64),
        field("sample_id", DataType::Int64),
        field("order_date", DataType::Date32),
        field("cds", DataType::Int64),
        field("amount", DataType::Decimal128(8, 2)),
    ]);
    let reader = ReaderBuilder::new(Arc::new(schema))
        .with_header(true)
        .build(Cursor::new(PURCHASES))?;
    Ok(reader.collect::<Result<_, _>>()?)
}
