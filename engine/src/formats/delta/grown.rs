//! Columns that come to a Delta table with the rows of a commit.

use arrow::datatypes::{DataType, Field, Schema};
use deltalake::DeltaTableError;
use deltalake::kernel::engine::arrow_conversion::TryFromArrow;
use deltalake::kernel::{Action, MetadataExt, Protocol, StructField, StructType};
use serde_json::{Value, json};

use super::built::{BuiltTable, Shape};
use super::write::same;
use crate::EngineError;

/// The feature of tables with times that have no zone.
const TIMES_WITHOUT_ZONE: &str = "timestampNtz";

/// From these versions on, a table lists its features.
const LISTED: (i64, i64) = (3, 7);

/// Features of writers, with the version that has had them before they were listed.
const EARLIER: [(i64, &str); 7] = [
    (2, "appendOnly"),
    (2, "invariants"),
    (3, "checkConstraints"),
    (4, "changeDataFeed"),
    (4, "generatedColumns"),
    (5, "columnMapping"),
    (6, "identityColumns"),
];

impl BuiltTable {
    /// What gives the table the columns of a shape that has its own, and others behind them; none for
    /// any other shape.
    pub(super) fn growth(&self, shape: &Shape) -> Result<Option<Vec<Action>>, EngineError> {
        let (Some(table), Some(columns)) = (&self.table, self.columns()?) else {
            return Ok(None);
        };
        let failed = |error: DeltaTableError| self.failed(error);
        let snapshot = table.snapshot().map_err(failed)?;
        let (known, wanted) = (columns.fields().len(), shape.columns.fields());
        let is_grown = wanted.len() > known
            && same(&columns, &Schema::new(wanted[..known].to_vec()))
            && *snapshot.metadata().partition_columns() == shape.partition_by;
        if !is_grown {
            return Ok(None);
        }
        let fields = snapshot.schema();
        let mut fields: Vec<StructField> = fields.fields().cloned().collect();
        for field in &wanted[known..] {
            let field = StructField::try_from_arrow(field.as_ref());
            fields.push(field.map_err(|source| failed(DeltaTableError::Arrow { source }))?);
        }
        let schema = StructType::try_new(fields)
            .map_err(|error| failed(DeltaTableError::Generic(error.to_string())))?;
        let metadata = snapshot.metadata().clone().with_schema(&schema);
        let metadata = metadata.map_err(|error| failed(error.into()))?;
        let mut actions = vec![Action::Metadata(metadata)];
        if wanted[known..].iter().any(|field| has_bare_times(field)) {
            let with = with_bare_times(snapshot.protocol())
                .map_err(|error| failed(DeltaTableError::Generic(error.to_string())))?;
            actions.extend(with.map(Action::Protocol));
        }
        Ok(Some(actions))
    }
}

/// Whether there are times without a zone in a column.
fn has_bare_times(field: &Field) -> bool {
    match field.data_type() {
        DataType::Timestamp(_, None) => true,
        DataType::List(item) | DataType::Map(item, _) => has_bare_times(item),
        DataType::Struct(fields) => fields.iter().any(|field| has_bare_times(field)),
        _ => false,
    }
}

/// The protocol of a table that gets times without a zone; none where it has them already.
fn with_bare_times(protocol: &Protocol) -> Result<Option<Protocol>, serde_json::Error> {
    let mut text = serde_json::to_value(protocol)?;
    let number = |text: &Value, name: &str| text.get(name).and_then(Value::as_i64).unwrap_or(1);
    let reader = number(&text, "minReaderVersion");
    let writer = number(&text, "minWriterVersion");
    let listed = |text: &Value, name: &str| -> Vec<String> {
        let list = text.get(name).and_then(Value::as_array);
        let words = list.into_iter().flatten().filter_map(Value::as_str);
        words.map(str::to_owned).collect()
    };
    let mut readers = listed(&text, "readerFeatures");
    let mut writers = listed(&text, "writerFeatures");
    if writers.iter().any(|name| name == TIMES_WITHOUT_ZONE) {
        return Ok(None);
    }
    if writer < LISTED.1 {
        let had = EARLIER.iter().filter(|(since, _)| *since <= writer);
        writers.extend(had.map(|(_, name)| (*name).to_owned()));
    }
    if reader == 2 {
        readers.push("columnMapping".to_owned());
    }
    readers.push(TIMES_WITHOUT_ZONE.to_owned());
    writers.push(TIMES_WITHOUT_ZONE.to_owned());
    text["minReaderVersion"] = json!(LISTED.0);
    text["minWriterVersion"] = json!(LISTED.1);
    text["readerFeatures"] = json!(readers);
    text["writerFeatures"] = json!(writers);
    serde_json::from_value(text).map(Some)
}
