//! Comma- and tab-separated values, after RFC 4180, with a header.
//!
//! NULL is an empty field. Lists and structs, which CSV has no place for, are
//! JSON in a field.

use std::io::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, StringBuilder};
use arrow::csv::{Writer, WriterBuilder};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::json::writer::{EncoderOptions, make_encoder};

use super::ResultWriter;
use super::cell::{Cells, is_null_at};
use crate::cli::error::CliError;

pub(super) struct Delimited<'a> {
    writer: Writer<&'a mut (dyn Write + Send)>,
    schema: SchemaRef,
    /// The header comes with the first batch, if there is one.
    wrote_header: bool,
}

impl<'a> Delimited<'a> {
    pub(super) fn new(schema: SchemaRef, out: &'a mut (dyn Write + Send), delimiter: u8) -> Self {
        let writer = WriterBuilder::new()
            .with_header(true)
            .with_delimiter(delimiter)
            .build(out);
        Self {
            writer,
            schema,
            wrote_header: false,
        }
    }
}

impl ResultWriter for Delimited<'_> {
    fn write(&mut self, batch: &RecordBatch) -> Result<(), CliError> {
        self.writer.write(&flat(batch)?)?;
        self.wrote_header = true;
        Ok(())
    }

    fn finish(&mut self) -> Result<(), CliError> {
        if !self.wrote_header {
            self.write(&RecordBatch::new_empty(Arc::clone(&self.schema)))?;
        }
        Ok(())
    }
}

/// The batch with every column that CSV can't hold turned into text.
fn flat(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    if !schema.fields().iter().any(|f| needs_text(f.data_type())) {
        return Ok(batch.clone());
    }
    let mut fields = Vec::with_capacity(schema.fields().len());
    let mut columns: Vec<ArrayRef> = Vec::with_capacity(schema.fields().len());
    for (field, column) in schema.fields().iter().zip(batch.columns()) {
        if needs_text(field.data_type()) {
            fields.push(Field::new(field.name(), DataType::Utf8, true));
            columns.push(as_text(field, column)?);
        } else {
            fields.push(field.as_ref().clone());
            columns.push(Arc::clone(column));
        }
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

fn needs_text(data_type: &DataType) -> bool {
    data_type.is_nested() || matches!(data_type, DataType::Null | DataType::Interval(_))
}

/// JSON for what is nested, else the text that a table shows.
fn as_text(field: &Arc<Field>, column: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let options = EncoderOptions::default().with_explicit_nulls(true);
    let mut text = StringBuilder::with_capacity(column.len(), column.len() * 16);
    let encoder = field.data_type().is_nested();
    let encoder = encoder.then(|| make_encoder(field, column.as_ref(), &options));
    let Some(Ok(mut encoder)) = encoder else {
        let cells = Cells::new(column.as_ref())?;
        for row in 0..column.len() {
            let cell = cells.get(row);
            text.append_option((!cell.is_null).then_some(cell.text));
        }
        return Ok(Arc::new(text.finish()));
    };
    let mut json = Vec::new();
    for row in 0..column.len() {
        if is_null_at(column.as_ref(), row) {
            text.append_null();
            continue;
        }
        json.clear();
        encoder.encode(row, &mut json);
        text.append_value(String::from_utf8_lossy(&json));
    }
    Ok(Arc::new(text.finish()))
}
