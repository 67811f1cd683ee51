//! Bulk ingestion, as a program that embeds the engine sees it.

mod broken;
mod columns;
mod delta;
mod memory;
mod records;
mod rights;

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use futures::{StreamExt, stream};

use super::{cells, engine, failure};
use crate::{EngineError, IfExists, IfMissing, Incoming, IngestRequest, Session};

/// What clients ask for, by the names that drivers give it.
#[derive(Clone, Copy)]
enum Mode {
    Create,
    Append,
    Replace,
    CreateAppend,
}

fn request(table: &str, mode: Mode) -> IngestRequest {
    let (if_missing, if_exists) = match mode {
        Mode::Create => (IfMissing::Create, IfExists::Fail),
        Mode::Append => (IfMissing::Fail, IfExists::Append),
        Mode::Replace => (IfMissing::Create, IfExists::Replace),
        Mode::CreateAppend => (IfMissing::Create, IfExists::Append),
    };
    IngestRequest {
        catalog: None,
        schema: None,
        table: table.to_owned(),
        if_missing,
        if_exists,
        options: Default::default(),
    }
}

/// Rows for a table that is there.
pub(super) fn request_to_append(table: &str) -> IngestRequest {
    request(table, Mode::Append)
}

/// Rows for a new Delta table in a folder.
pub(super) fn request_to_create_delta(table: &str, folder: &std::path::Path) -> IngestRequest {
    delta_at(table, Mode::Create, folder.to_str().unwrap())
}

/// The same request with an option.
fn with(mut request: IngestRequest, name: &str, value: &str) -> IngestRequest {
    request.options.insert(name.to_owned(), value.to_owned());
    request
}

/// A Delta table at a location, as one asks for it.
fn delta_at(table: &str, mode: Mode, location: &str) -> IngestRequest {
    with(
        with(request(table, mode), "format", "delta"),
        "location",
        location,
    )
}

/// Rows of a number and a text.
pub(super) fn rows(ids: std::ops::Range<i64>) -> RecordBatch {
    let names: ArrayRef = Arc::new(StringArray::from_iter_values(
        ids.clone().map(|id| format!("n{id}")),
    ));
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(ids));
    RecordBatch::try_from_iter([("id", ids), ("name", names)]).unwrap()
}

fn coming(batches: Vec<RecordBatch>) -> Incoming {
    stream::iter(batches.into_iter().map(Ok)).boxed()
}

pub(super) async fn ingest(
    session: &Session,
    request: IngestRequest,
    batch: RecordBatch,
) -> Result<u64, EngineError> {
    let schema: SchemaRef = batch.schema();
    session.ingest(request, schema, coming(vec![batch])).await
}

/// Rows that break off after the first batch.
pub(super) fn breaking_off(batch: RecordBatch) -> Incoming {
    let end = EngineError::Execution {
        message: "the rows broke off".to_owned(),
    };
    stream::iter([Ok(batch), Err(end)]).boxed()
}

/// Rows that never end after the first batch.
fn endless(batch: RecordBatch) -> Incoming {
    stream::iter([Ok(batch)]).chain(stream::pending()).boxed()
}

pub(super) async fn count(session: &Session, table: &str) -> String {
    cells(session, &format!("SELECT count(*) FROM {table}")).await
}
