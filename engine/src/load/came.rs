//! Rows as they came, before anything was checked.

use std::sync::Arc;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::DataType;
use arrow::json::writer::{JsonArray, WriterBuilder};
use serde_json::{Map, Value};

use crate::EngineError;

/// Rows of one file or relation.
#[derive(Debug)]
pub(super) struct Came {
    /// Columns by their names in the source: text as it stands there, or typed values.
    pub(super) columns: RecordBatch,
    /// The number of each row: its line in a file of text, else its place, both from 1.
    pub(super) numbers: Vec<u64>,
    /// The file or relation.
    pub(super) origin: Arc<str>,
    /// Each row as it stood there, where the columns do not say.
    pub(super) raw: Option<Vec<String>>,
    /// Rows of which no columns can be made.
    pub(super) broken: Vec<Broken>,
}

/// A row of which no columns can be made.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) number: u64,
    /// What stood there, as JSON.
    pub(super) raw: String,
    pub(super) problem: String,
}

impl Came {
    /// Some rows as JSON.
    pub(super) fn raw(&self, rows: &[usize]) -> Result<Vec<String>, EngineError> {
        if let Some(raw) = &self.raw {
            return Ok(rows.iter().map(|row| raw[*row].clone()).collect());
        }
        let schema = self.columns.schema();
        let is_text = schema
            .fields()
            .iter()
            .all(|field| field.data_type() == &DataType::Utf8);
        if is_text {
            return Ok(rows.iter().map(|row| texts(&self.columns, *row)).collect());
        }
        rows.iter().map(|row| typed(&self.columns, *row)).collect()
    }
}

fn texts(columns: &RecordBatch, row: usize) -> String {
    let schema = columns.schema();
    let cells = schema.fields().iter().zip(columns.columns());
    let object: Map<String, Value> = cells
        .map(|(field, values)| {
            let values = values.as_string::<i32>();
            let value = match values.is_valid(row) {
                true => Value::from(values.value(row)),
                false => Value::Null,
            };
            (field.name().clone(), value)
        })
        .collect();
    Value::Object(object).to_string()
}

fn typed(columns: &RecordBatch, row: usize) -> Result<String, EngineError> {
    let mut text = Vec::new();
    let mut writer = WriterBuilder::new()
        .with_explicit_nulls(true)
        .build::<_, JsonArray>(&mut text);
    let written = writer
        .write(&columns.slice(row, 1))
        .and_then(|()| writer.finish());
    written.map_err(|error| EngineError::Internal {
        message: format!("a row cannot be told as JSON: {error}"),
    })?;
    let text = String::from_utf8_lossy(&text);
    let object = text.trim().trim_start_matches('[').trim_end_matches(']');
    Ok(object.to_owned())
}
