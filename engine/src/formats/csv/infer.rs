//! The columns of CSV files, from their headers and a sample of their rows.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::exec_err;
use datafusion::datasource::file_format::csv::CsvFormat;
use datafusion::error::{DataFusionError, Result};
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

/// Files that are looked into; the types of others are assumed to be the same.
const SAMPLE_FILES: usize = 64;

/// The columns of some files: names from the first, types wide enough for the
/// sampled rows of all.
///
/// # Errors
/// When a file can't be read, has no line, or rows of unequal length.
pub(super) async fn schema(
    session: &dyn Session,
    store: &Arc<dyn ObjectStore>,
    format: &CsvFormat,
    sample_rows: usize,
    files: &[ObjectMeta],
) -> Result<SchemaRef> {
    let mut left = sample_rows;
    let mut merged: Option<Vec<Field>> = None;
    for file in files.iter().take(SAMPLE_FILES) {
        let bytes = store
            .get(&file.location)
            .await?
            .into_stream()
            .map_err(DataFusionError::from);
        let chunks = format.read_to_delimited_chunks_from_stream(bytes.boxed());
        let (found, rows) = format
            .infer_schema_from_stream(session, left, chunks)
            .await?;
        if found.fields().is_empty() {
            return exec_err!("it holds no line of CSV");
        }
        let found = found.fields().iter().enumerate().map(|(i, f)| tidy(i, f));
        merged = Some(match merged {
            None => found.collect(),
            Some(columns) => widen(columns, found.collect()),
        });
        left = left.saturating_sub(rows);
        if left == 0 {
            break;
        }
    }
    let columns = merged
        .unwrap_or_default()
        .into_iter()
        .map(|field| match field.data_type() {
            DataType::Null => field.with_data_type(DataType::Utf8),
            _ => field,
        });
    Ok(Arc::new(Schema::new(columns.collect::<Vec<_>>())))
}

/// A column without the byte order mark that spreadsheets write first, nullable.
fn tidy(index: usize, field: &Field) -> Field {
    let mut name = field.name().as_str();
    if index == 0
        && let Some(rest) = name.strip_prefix('\u{feff}')
    {
        name = rest.trim_matches('"');
    }
    Field::new(name, field.data_type().clone(), true)
}

/// Columns whose types hold the values of both files; more columns are kept.
fn widen(mut columns: Vec<Field>, more: Vec<Field>) -> Vec<Field> {
    for (i, field) in more.into_iter().enumerate() {
        match columns.get_mut(i) {
            None => columns.push(field),
            Some(column) => {
                let ty = common(column.data_type(), field.data_type());
                column.set_data_type(ty);
            }
        }
    }
    columns
}

fn common(a: &DataType, b: &DataType) -> DataType {
    use DataType::{Date32, Float64, Int64, Null, Timestamp, Utf8};
    match (a, b) {
        _ if a == b => a.clone(),
        (Null, other) | (other, Null) => other.clone(),
        (Int64, Float64) | (Float64, Int64) => Float64,
        (Date32, Timestamp(..)) => b.clone(),
        (Timestamp(..), Date32) => a.clone(),
        (Timestamp(x, None), Timestamp(y, None)) => Timestamp(*x.max(y), None),
        _ => Utf8,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_widen_to_hold_both() {
        assert_eq!(
            common(&DataType::Int64, &DataType::Float64),
            DataType::Float64
        );
        assert_eq!(common(&DataType::Null, &DataType::Date32), DataType::Date32);
        assert_eq!(common(&DataType::Boolean, &DataType::Int64), DataType::Utf8);
    }

    #[test]
    fn the_byte_order_mark_goes() {
        let field = Field::new("\u{feff}\"id\"", DataType::Int64, false);
        assert_eq!(tidy(0, &field).name(), "id");
    }
}
