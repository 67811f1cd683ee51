//! `system.queries`: the statements that have ended last.

use super::Viewer;
use super::column::{Column, known_number, known_text, micros, moment, number, text, texts};
use crate::queries::Queries;

/// The statements that a viewer sees, oldest first.
pub(super) fn shown(queries: &Queries, viewer: Option<&Viewer>) -> Vec<Column> {
    let mut ended = match viewer {
        Some(_) => queries.finished(),
        None => Vec::new(),
    };
    ended.retain(|query| viewer.is_some_and(|viewer| viewer.sees(query.principal.as_deref())));
    let rows = ended.as_slice();
    let tables = |names: &[String]| viewer.map_or_else(Vec::new, |viewer| viewer.tables(names));
    vec![
        text("id", rows, |query| query.id.to_string()),
        text("session", rows, |query| query.session_id.clone()),
        known_text("principal", rows, |query| query.principal.clone()),
        known_text("client", rows, |query| query.client.clone()),
        text("sql", rows, |query| query.sql.to_string()),
        text("fingerprint", rows, |query| query.fingerprint.to_string()),
        known_text("kind", rows, |query| Some(query.kind?.word().to_owned())),
        texts("tables_read", rows, |query| tables(&query.tables.read)),
        texts("tables_written", rows, |query| {
            tables(&query.tables.written)
        }),
        number("rows", rows, |query| query.rows),
        known_number("rows_read", rows, |query| {
            viewer?.read(query.guarded, query.rows_read)
        }),
        known_number("bytes_read", rows, |query| {
            viewer?.read(query.guarded, query.bytes_read)
        }),
        micros("queued_micros", rows, |query| query.queued),
        micros("planned_micros", rows, |query| query.planned),
        micros("run_micros", rows, |query| query.run),
        number("peak_memory_bytes", rows, |query| query.peak_memory),
        moment("started", rows, |query| query.started),
        moment("ended", rows, |query| query.ended),
        text("outcome", rows, |query| query.outcome.word().to_owned()),
        known_text("error_code", rows, |query| {
            Some(query.error.as_ref()?.code().to_owned())
        }),
        known_text("error", rows, |query| {
            Some(query.error.as_ref()?.to_string())
        }),
    ]
}
