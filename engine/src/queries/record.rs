//! What is kept of a statement that has ended.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::{Phase, QueryId, QueryInfo};
use crate::sql::Fingerprint;
use crate::{EngineError, StatementKind};

/// Bytes of a statement's text that are kept.
const KEPT_TEXT: usize = 4_000;

/// Stands where a text was cut.
const CUT: &str = "…";

/// The names of the tables that a statement touches, in order, as SQL writes them: with the
/// schema, and with the catalog where that is not the engine's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TouchedTables {
    /// Tables and views that it reads, and those that views of them read.
    pub read: Vec<String>,
    /// Tables and views that it writes, makes or drops.
    pub written: Vec<String>,
}

/// How a statement ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// As it should.
    Ok,
    /// With an error.
    Error,
    /// It was told to stop, or nobody wanted its answer any more.
    Cancelled,
    /// It took longer than its timeout.
    Timeout,
    /// It was not allowed.
    Denied,
}

impl Outcome {
    /// The word that stands in `system.queries`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
            Self::Timeout => "timeout",
            Self::Denied => "denied",
        }
    }

    pub(crate) fn of(error: Option<&EngineError>) -> Self {
        match error {
            None => Self::Ok,
            Some(EngineError::Cancelled) => Self::Cancelled,
            Some(EngineError::DeadlineExceeded { .. }) => Self::Timeout,
            Some(EngineError::Denied { .. }) => Self::Denied,
            Some(_) => Self::Error,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// A statement that has ended: who sent it, what it was, what it cost and what came of it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct QueryRecord {
    /// Its name while it ran.
    pub id: QueryId,
    /// The session that sent it.
    pub session_id: String,
    /// Whose session that was; nobody's when the engine was used without users.
    pub principal: Option<String>,
    /// Where the principal had come in from.
    pub client: Option<String>,
    /// The start of its text, up to 4,000 bytes.
    pub sql: Arc<str>,
    /// The same for all statements that differ only in their constants.
    pub fingerprint: Fingerprint,
    /// Whether it read or changed; unknown when it could not be planned.
    pub kind: Option<StatementKind>,
    /// The tables that it touched; none are known when it could not be planned.
    pub tables: Arc<TouchedTables>,
    /// Rows that a query gave to its reader, or that a change affected.
    pub rows: u64,
    /// Rows read from the files of tables.
    pub rows_read: u64,
    /// Bytes read from files and object stores.
    pub bytes_read: u64,
    /// Whether it has read what is behind a view or a part of a table, so that the principal may
    /// not know how much that was.
    pub guarded: bool,
    /// How long it waited for a place among those that may run.
    pub queued: Duration,
    /// How long its planning took.
    pub planned: Duration,
    /// How long it ran, waits for the reader of its answer included.
    pub run: Duration,
    /// The most memory that it used at once, in bytes, as far as operators account for it.
    pub peak_memory: u64,
    /// When it came.
    pub started: SystemTime,
    /// When it ended.
    pub ended: SystemTime,
    /// How it ended.
    pub outcome: Outcome,
    /// Why it ended so, unless it ended well.
    pub error: Option<EngineError>,
}

impl QueryRecord {
    /// That of a statement which ends now.
    pub(crate) fn of(info: &QueryInfo, error: Option<EngineError>) -> Self {
        let progress = &info.progress;
        Self {
            id: info.id.clone(),
            session_id: info.session_id.clone(),
            principal: info.principal.clone(),
            client: info.client.clone(),
            sql: kept(&info.sql),
            fingerprint: info.fingerprint,
            kind: info.kind,
            tables: Arc::clone(&info.tables),
            rows: progress.rows_returned(),
            rows_read: progress.rows_read(),
            bytes_read: progress.bytes_read(),
            guarded: progress.is_guarded(),
            queued: progress.spent(Phase::Queued),
            planned: progress.spent(Phase::Planning),
            run: progress.spent(Phase::Running),
            peak_memory: progress.peak_memory(),
            started: info.started,
            ended: SystemTime::now(),
            outcome: Outcome::of(error.as_ref()),
            error,
        }
    }

    /// About how many bytes it takes.
    pub(crate) fn size(&self) -> usize {
        let names = self.tables.read.iter().chain(&self.tables.written);
        let texts = [&self.principal, &self.client];
        size_of::<Self>()
            + self.sql.len()
            + self.session_id.len()
            + names
                .map(|name| size_of::<String>() + name.len())
                .sum::<usize>()
            + texts
                .iter()
                .filter_map(|text| text.as_ref())
                .map(String::len)
                .sum::<usize>()
            + self
                .error
                .as_ref()
                .map_or(0, |error| error.to_string().len())
    }
}

/// A text, cut between two characters if it is long.
pub(crate) fn kept(text: &Arc<str>) -> Arc<str> {
    if text.len() <= KEPT_TEXT {
        return Arc::clone(text);
    }
    let end = text.floor_char_boundary(KEPT_TEXT - CUT.len());
    let start = text.get(..end).unwrap_or_default();
    format!("{start}{CUT}").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        let short: Arc<str> = "é".repeat(KEPT_TEXT / 2).into();
        assert!(Arc::ptr_eq(&kept(&short), &short));
        for text in [
            "x".repeat(KEPT_TEXT + 1),
            "é".repeat(KEPT_TEXT),
            "語".repeat(KEPT_TEXT),
        ] {
            let cut = kept(&text.clone().into());
            assert!(cut.len() <= KEPT_TEXT && cut.len() > KEPT_TEXT - 8);
            assert!(text.starts_with(cut.strip_suffix(CUT).unwrap()));
        }
    }

    #[test]
    fn what_stopped_a_statement_is_its_outcome() {
        let timeout = Duration::from_secs(1);
        for (error, word) in [
            (None, "ok"),
            (Some(EngineError::Cancelled), "cancelled"),
            (Some(EngineError::DeadlineExceeded { timeout }), "timeout"),
            (
                Some(EngineError::QueueTimeout {
                    timeout,
                    running: 1,
                }),
                "error",
            ),
        ] {
            assert_eq!(Outcome::of(error.as_ref()).word(), word);
        }
    }
}
