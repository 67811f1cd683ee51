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
}

/// How the building of a model went.
#[derive(Debug, Clone)]
pub enum Status {
    /// It is there.
    Built {
        /// Rows that its table has; a view has none until it is read.
        rows: Option<u64>,
    },
    /// It is what it was before.
    Failed(EngineError),
    /// It was not tried, for this reason.
    Skipped(String),
}

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
