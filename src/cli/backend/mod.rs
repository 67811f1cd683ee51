//! Who answers statements: an engine in this process or a server.

mod local;
mod remote;

use std::pin::Pin;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::Stream;

pub(crate) use local::Local;
pub(crate) use remote::Remote;

use super::error::CliError;
use super::progress::Reading;

/// Runs statements.
pub(crate) enum Backend {
    Local(Box<Local>),
    Remote(Box<Remote>),
}

/// The rows of an answer as they come. Dropping it cancels the query.
pub(crate) type Batches = Pin<Box<dyn Stream<Item = Result<RecordBatch, CliError>> + Send>>;

/// What came of a statement.
pub(crate) enum Answer {
    /// It reads.
    Rows { schema: SchemaRef, batches: Batches },
    /// It has changed something; how many rows, if the statement counts, and what the user may
    /// not expect of it.
    Changed {
        rows: u64,
        notice: Option<&'static str>,
    },
}

impl Backend {
    /// Runs one statement, which has no semicolon.
    pub(crate) async fn run(&self, statement: &str) -> Result<Answer, CliError> {
        match self {
            Self::Local(local) => local.run(statement).await,
            Self::Remote(remote) => remote.run(statement).await,
        }
    }

    /// How far the running statement has come.
    pub(crate) fn reading(&self) -> Reading {
        match self {
            Self::Local(local) => local.reading(),
            Self::Remote(remote) => remote.reading(),
        }
    }

    /// The server, if there is one.
    pub(crate) fn remote(&self) -> Option<&Remote> {
        match self {
            Self::Local(_) => None,
            Self::Remote(remote) => Some(remote),
        }
    }
}
