//! `system.running`: the statements that have not ended.

use super::Viewer;
use super::column::{Column, known_number, known_text, micros, moment, number, text, texts};
use crate::queries::{Phase, Queries, kept};

/// The statements that a viewer sees, oldest first; that which looks is among them.
pub(super) fn shown(queries: &Queries, viewer: Option<&Viewer>) -> Vec<Column> {
    let mut running = match viewer {
        Some(_) => queries.list(),
        None => Vec::new(),
    };
    running.retain(|query| viewer.is_some_and(|viewer| viewer.sees(query.principal.as_deref())));
    let rows = running.as_slice();
    let tables = |names: &[String]| viewer.map_or_else(Vec::new, |viewer| viewer.tables(names));
    vec![
        text("id", rows, |query| query.id.to_string()),
        text("session", rows, |query| query.session_id.clone()),
        known_text("principal", rows, |query| query.principal.clone()),
        known_text("client", rows, |query| query.client.clone()),
        text("sql", rows, |query| kept(&query.sql).to_string()),
        text("fingerprint", rows, |query| query.fingerprint.to_string()),
        known_text("kind", rows, |query| Some(query.kind?.word().to_owned())),
        text("phase", rows, |query| query.phase().word().to_owned()),
        texts("tables_read", rows, |query| tables(&query.tables.read)),
        texts("tables_written", rows, |query| {
            tables(&query.tables.written)
        }),
        number("rows", rows, |query| query.progress.rows_returned()),
        known_number("rows_read", rows, |query| {
            viewer?.read(query.progress.is_guarded(), query.progress.rows_read())
        }),
        known_number("bytes_read", rows, |query| {
            viewer?.read(query.progress.is_guarded(), query.progress.bytes_read())
        }),
        micros("queued_micros", rows, |query| {
            query.progress.spent(Phase::Queued)
        }),
        micros("planned_micros", rows, |query| {
            query.progress.spent(Phase::Planning)
        }),
        micros("run_micros", rows, |query| {
            query.progress.spent(Phase::Running)
        }),
        number("memory_bytes", rows, |query| query.progress.memory_used()),
        number("peak_memory_bytes", rows, |query| {
            query.progress.peak_memory()
        }),
        moment("started", rows, |query| query.started),
    ]
}
