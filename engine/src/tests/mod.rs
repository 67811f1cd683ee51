//! Tests of the engine as its users see it.

mod access;
mod catalog;
mod ingest;
mod limits;
mod parameters;
mod projects;
mod sharing;
mod statements;

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;

use crate::{Engine, EngineError, Session};

/// An engine with little of everything, so that tests do not depend on the machine.
async fn engine() -> Engine {
    Engine::builder()
        .target_partitions(2)
        .build()
        .await
        .unwrap()
}

/// The answer of one statement.
async fn batches(session: &Session, sql: &str) -> Result<Vec<RecordBatch>, EngineError> {
    session.sql(sql).await?.collect().await
}

/// The cells of an answer: one line a row, columns separated by commas.
async fn cells(session: &Session, sql: &str) -> String {
    let batches = batches(session, sql).await.unwrap();
    let table = pretty_format_batches(&batches).unwrap().to_string();
    let rows = table.lines().skip(3).filter(|line| line.starts_with('|'));
    rows.map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        cells.join(",")
    })
    .collect::<Vec<_>>()
    .join("\n")
}

/// What a statement fails with, while planning or while running.
async fn failure(session: &Session, sql: &str) -> EngineError {
    batches(session, sql).await.unwrap_err()
}
