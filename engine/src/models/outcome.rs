//! What a build comes to, model by model.

use std::time::Duration;

use super::checks::TestOutcome;
use super::model::Kind;
use crate::EngineError;

/// What became of a model in a build.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The model.
    pub model: String,
    /// What it is built as.
    pub kind: Kind,
    /// How it went.
    pub status: Status,
    /// How long it took.
    pub elapsed: Duration,
    /// Bytes that its queries have read from files.
    pub bytes_read: u64,
}

/// How the building of a model went.
#[derive(Debug, Clone)]
pub enum Status {
    /// It is there.
    Built {
        /// Rows that its table has; a view has none until it is read.
        rows: Option<u64>,
        /// Which of them are new.
        extent: Extent,
    },
    /// It is what it was before.
    Failed(EngineError),
    /// It was not tried, for this reason.
    Skipped(String),
}

/// How much of a model a build has found anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Extent {
    /// All of it, as is its kind.
    Whole,
    /// All of an incremental model, for this reason.
    Full(String),
    /// The rows of so many values of an incremental model's key.
    Keys(u64),
    /// Nothing, since nothing that it reads has changed.
    Unchanged,
}

/// Where what happens is told.
pub(super) type Report<'a> = &'a (dyn Fn(Event<'_>) + Send + Sync);

/// Something that happens during a build.
#[derive(Debug, Clone, Copy)]
pub enum Event<'a> {
    /// A model is being built.
    Started {
        /// The model.
        model: &'a str,
        /// Its number among those that are to be built, from 1.
        number: usize,
        /// How many these are.
        of: usize,
    },
    /// A model's table gets other columns.
    Columns {
        /// The model.
        model: &'a str,
        /// What becomes of each that is not as it was.
        changes: &'a [String],
    },
    /// A model was built, failed or was skipped.
    Ended(&'a Outcome),
    /// A test is being run, and those that one scan sees to with it.
    Testing {
        /// The test.
        test: &'a str,
        /// Its number among those that are to be run, from 1.
        number: usize,
        /// How many these are.
        of: usize,
    },
    /// A test was run or skipped.
    Tested(&'a TestOutcome),
}
