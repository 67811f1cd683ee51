//! What tests come to.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::declared::Severity;
use super::test::Test;

/// What a test has come to.
#[derive(Debug, Clone)]
pub struct TestOutcome {
    /// The test's name.
    pub test: String,
    /// The model or source that it is a test of; a query of `sql/tests/` has none.
    pub model: Option<String>,
    /// The column, of a test of one.
    pub column: Option<String>,
    /// What is expected, such as `not_null`; `query` for one of `sql/tests/`.
    pub kind: &'static str,
    /// The worst that a failure is.
    pub severity: Severity,
    /// How it went.
    pub status: TestStatus,
    /// Rows that are wrong; of `row_count` rows too many or too few, of `anomaly` and `freshness` 1
    /// where it does not hold. None where it was not found out.
    pub failures: Option<u64>,
    /// The number that was judged, where it is another: the count of `row_count`, the value of
    /// `anomaly`, the age in seconds of `freshness`.
    pub value: Option<f64>,
    /// What is wrong, or why it was not found out.
    pub message: Option<String>,
    /// When it began.
    pub started: DateTime<Utc>,
    /// How long it took; tests that one scan saw to share its time.
    pub elapsed: Duration,
}

/// How a test went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TestStatus {
    /// It holds, or almost: there are no more failing rows than allowed.
    Passed,
    /// It does not hold, which only is said.
    Warned,
    /// It does not hold.
    Failed,
    /// It could not be run.
    Errored,
    /// It was not tried.
    Skipped,
}

impl TestStatus {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Warned => "warned",
            Self::Failed => "failed",
            Self::Errored => "error",
            Self::Skipped => "skipped",
        }
    }

    /// Whether a build stops here: what reads the tested model is not built.
    pub fn stops(self) -> bool {
        matches!(self, Self::Failed | Self::Errored)
    }
}

impl TestOutcome {
    /// The outcome of a test that has not gone any way yet.
    pub(super) fn of(test: &Test, status: TestStatus, message: Option<String>) -> Self {
        Self {
            test: test.name.clone(),
            model: test.subject.as_ref().map(ToString::to_string),
            column: test.column.clone(),
            kind: test.kind(),
            severity: test.severity(),
            status,
            failures: None,
            value: None,
            message,
            started: Utc::now(),
            elapsed: Duration::ZERO,
        }
    }
}
