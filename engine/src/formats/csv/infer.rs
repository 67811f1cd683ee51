//! The columns of CSV files, from their headers and a sample of their rows.

use std::sync::Arc;

use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::common::exec_err;
use datafusion::datasource::file_format::csv::CsvDecoder;
use datafusion::error::{DataFusionError, Result};
use datafusion_datasource::decoder::{DecoderDeserializer, deserialize_stream};
use futures::StreamExt;
use object_store::ObjectStore;

use super::CsvFiles;
use super::reader::wrong_width;
use crate::formats::files::apart::{Chunks, bytes, read_apart};
use crate::formats::files::listing::DataFile;
use crate::formats::files::widen::common;
use crate::formats::message;

/// Files that are looked into; the types of others are assumed to be the same.
pub(super) const SAMPLE_FILES: usize = 64;

/// The columns of some files: names from the first, types wide enough for the
/// sampled rows of all.
///
/// # Errors
/// When a file can't be read, has no line, or rows of unequal length.
pub(super) async fn schema(
    store: &Arc<dyn ObjectStore>,
    written: &CsvFiles,
    sample_rows: usize,
    files: &[DataFile],
) -> Result<SchemaRef> {
    let mut left = sample_rows;
    let mut merged: Option<Vec<Field>> = None;
    for file in files.iter().take(SAMPLE_FILES) {
        let (found, rows) = match sampled(store, written, left, file).await {
            Ok(found) => found,
            Err(error) if message::plain(&error).contains("unequal lengths") => {
                return Err(ragged(store, written, file).await.unwrap_or(error));
            }
            Err(error) => return Err(error),
        };
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

/// The columns of one file by its first rows, and how many of these there were.
///
/// DataFusion's own inference cuts the bytes at line breaks, also at those within values.
async fn sampled(
    store: &Arc<dyn ObjectStore>,
    written: &CsvFiles,
    rows: usize,
    file: &DataFile,
) -> Result<(Schema, usize)> {
    let format = written.arrow_format();
    let inferring = move |reader: Chunks| format.infer_schema(reader, Some(rows));
    Ok(read_apart(store, file, inferring).await??)
}

/// The error of a file whose rows differ in length, which is read once more to find the line.
async fn ragged(
    store: &Arc<dyn ObjectStore>,
    written: &CsvFiles,
    file: &DataFile,
) -> Option<DataFusionError> {
    let (header, _) = sampled(store, written, 0, file).await.ok()?;
    let columns = header
        .fields()
        .iter()
        .map(|f| Field::new(f.name(), DataType::Utf8, true));
    let reader = ReaderBuilder::new(Arc::new(Schema::new(columns.collect::<Vec<_>>())))
        .with_header(written.header)
        .with_delimiter(written.options.delimiter)
        .with_quote(written.options.quote);
    let input = bytes(store, file).await.ok()?;
    let decoder = DecoderDeserializer::new(CsvDecoder::new(reader.build_decoder()));
    let mut rows = deserialize_stream(input.fuse(), decoder);
    while let Some(batch) = rows.next().await {
        if let Err(ArrowError::CsvError(text)) = batch {
            let text = wrong_width(&text, true, &written.options)?;
            return Some(DataFusionError::Execution(text));
        }
    }
    None
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
                column.set_data_type(ty.unwrap_or(DataType::Utf8));
            }
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_order_mark_goes() {
        let field = Field::new("\u{feff}\"id\"", DataType::Int64, false);
        assert_eq!(tidy(0, &field).name(), "id");
    }
}
