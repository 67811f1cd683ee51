//! The audit: one line of JSON for each statement and each login, in a rotating file.
//!
//! Lines are written by a thread of their own, in the order in which statements end. When it cannot keep up,
//! statements wait for it rather than go unrecorded.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use cohortql_engine::{QueryRecord, StatementKind};
use serde::Serialize;

use super::rotating::RotatingFile;
use crate::auth::{Login, LoginOutcome};
use crate::error::ServerError;

/// Lines that may wait for the disk.
const LINES_AHEAD: usize = 4_096;

/// Characters of a user's name that are shown.
const NAME_CHARACTERS: usize = 200;

/// Where the audit goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditConfig {
    /// The file.
    pub file: PathBuf,
    /// Bytes after which it is put aside.
    pub largest: u64,
    /// Files put aside that are kept.
    pub kept: usize,
}

impl AuditConfig {
    /// A file of up to 100 MiB, and ten put aside.
    pub fn new(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            largest: 100 << 20,
            kept: 10,
        }
    }

    /// Checks that the file can be written, and others made beside it, without doing either.
    pub(crate) fn check(&self) -> Result<(), ServerError> {
        RotatingFile::check(&self.file).map_err(|error| self.unwritable(&error))
    }

    fn unwritable(&self, error: &io::Error) -> ServerError {
        let file = self.file.display();
        ServerError::Config(format!("server.audit: {file} cannot be written: {error}"))
    }
}

/// Writes the audit for as long as it lives; what was recorded is on disk once it is dropped.
#[derive(Debug)]
pub(crate) struct Audit {
    lines: Option<SyncSender<Vec<u8>>>,
    failures: Arc<AtomicU64>,
    writer: Option<JoinHandle<()>>,
}

impl Audit {
    /// Opens the file.
    pub(crate) fn start(config: &AuditConfig) -> Result<Self, ServerError> {
        let wrong = |error: io::Error| config.unwritable(&error);
        let file = RotatingFile::open(&config.file, config.largest, config.kept).map_err(wrong)?;
        let (lines, waiting) = sync_channel(LINES_AHEAD);
        let failures = Arc::new(AtomicU64::new(0));
        let failed = Arc::clone(&failures);
        let writer = Builder::new()
            .name("cohortql-audit".to_owned())
            .spawn(move || write(file, &waiting, &failed))
            .map_err(wrong)?;
        Ok(Self {
            lines: Some(lines),
            failures,
            writer: Some(writer),
        })
    }

    /// Lines that could not be written.
    pub(crate) fn failures(&self) -> u64 {
        self.failures.load(Ordering::Relaxed)
    }

    /// Records a statement that has ended.
    pub(crate) fn statement(&self, record: &QueryRecord) {
        self.put(&Line::of(record));
    }

    /// Records a login, or so many like it.
    pub(crate) fn login(&self, login: &Login<'_>, times: u64) {
        let is_ok = login.outcome == LoginOutcome::Ok;
        self.put(&LoginLine {
            time: moment(SystemTime::now()),
            event: "login",
            user: login.user.map(cut),
            client: login.address.to_string(),
            outcome: if is_ok { "ok" } else { "denied" },
            reason: (!is_ok).then(|| login.outcome.word()),
            times,
        });
    }

    fn put(&self, line: &impl Serialize) {
        let Ok(mut bytes) = serde_json::to_vec(line) else {
            self.failures.fetch_add(1, Ordering::Relaxed);
            return;
        };
        bytes.push(b'\n');
        let sent = self.lines.as_ref().map(|lines| lines.send(bytes));
        if !matches!(sent, Some(Ok(()))) {
            self.failures.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl Drop for Audit {
    fn drop(&mut self) {
        self.lines = None;
        if let Some(writer) = self.writer.take() {
            // A writer that panicked has nothing more to write.
            let _ = writer.join();
        }
    }
}

fn write(mut file: RotatingFile, lines: &Receiver<Vec<u8>>, failures: &AtomicU64) {
    while let Ok(line) = lines.recv() {
        if let Err(error) = file.append(&line) {
            failures.fetch_add(1, Ordering::Relaxed);
            tracing::error!(%error, "the audit cannot be written");
        }
    }
}

/// A statement as it stands in the file.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    event: &'static str,
    id: String,
    session: &'a str,
    principal: Option<&'a str>,
    client: Option<&'a str>,
    kind: Option<&'static str>,
    fingerprint: String,
    sql: &'a str,
    tables_read: &'a [String],
    tables_written: &'a [String],
    rows: u64,
    rows_read: u64,
    bytes_read: u64,
    queued_ms: f64,
    planned_ms: f64,
    run_ms: f64,
    peak_memory: u64,
    outcome: &'static str,
    error: Option<String>,
}

impl<'a> Line<'a> {
    fn of(record: &'a QueryRecord) -> Self {
        Self {
            time: moment(record.ended),
            event: "statement",
            id: record.id.to_string(),
            session: &record.session_id,
            principal: record.principal.as_deref(),
            client: record.client.as_deref(),
            kind: record.kind.map(|kind| match kind {
                StatementKind::Query => "query",
                StatementKind::Change => "change",
            }),
            fingerprint: record.fingerprint.to_string(),
            sql: &record.sql,
            tables_read: &record.tables.read,
            tables_written: &record.tables.written,
            rows: record.rows,
            rows_read: record.rows_read,
            bytes_read: record.bytes_read,
            queued_ms: millis(record.queued),
            planned_ms: millis(record.planned),
            run_ms: millis(record.run),
            peak_memory: record.peak_memory,
            outcome: record.outcome.word(),
            error: record.error.as_ref().map(ToString::to_string),
        }
    }
}

/// A login as it stands in the file.
#[derive(Serialize)]
struct LoginLine<'a> {
    time: String,
    event: &'static str,
    user: Option<&'a str>,
    client: String,
    outcome: &'static str,
    reason: Option<&'static str>,
    times: u64,
}

/// A name, which anybody can send, as far as it is shown.
fn cut(name: &str) -> &str {
    let end = name.char_indices().nth(NAME_CHARACTERS);
    end.map_or(name, |(end, _)| &name[..end])
}

fn moment(time: SystemTime) -> String {
    DateTime::<Utc>::from(time).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Milliseconds with three digits after the point.
fn millis(time: Duration) -> f64 {
    (time.as_secs_f64() * 1e6).round() / 1e3
}
