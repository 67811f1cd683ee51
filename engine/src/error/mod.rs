//! The one error type of the engine.

use std::time::Duration;

use datafusion::error::DataFusionError;
use tokio::task::JoinError;

mod classify;

/// A place in SQL text: line and column, both from 1.
pub type Location = (u64, u64);

/// What went wrong, in one line that a user can act on.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// The SQL text does not parse.
    #[error("{message}")]
    Syntax {
        /// What was expected and what was found.
        message: String,
        /// Where in the SQL text.
        location: Option<Location>,
    },
    /// The statement parses but means nothing: wrong types, bad constants, ambiguous names.
    #[error("{message}")]
    Plan {
        /// What object, what was expected, what came.
        message: String,
        /// Where in the SQL text.
        location: Option<Location>,
    },
    /// Something named in the statement does not exist.
    #[error("{message}")]
    NotFound {
        /// What is missing, with the nearest name that exists.
        message: String,
        /// Where in the SQL text.
        location: Option<Location>,
    },
    /// Something to be made exists already.
    #[error("{message}")]
    AlreadyExists {
        /// What exists.
        message: String,
    },
    /// Valid SQL that the engine cannot do.
    #[error("{message}")]
    Unsupported {
        /// What is not supported.
        message: String,
        /// Where in the SQL text.
        location: Option<Location>,
    },
    /// A value met while running does not fit: a failed cast, a division by zero.
    #[error("{message}")]
    Execution {
        /// What value or object, and why.
        message: String,
    },
    /// A configuration file or builder option is wrong.
    #[error("{message}")]
    Config {
        /// File, key, what was expected, what came.
        message: String,
    },
    /// A file or object cannot be read or written.
    #[error("{message}")]
    Storage {
        /// Which object and why; never a credential.
        message: String,
    },
    /// Memory or temporary disk space ran out for this query.
    #[error("{message}")]
    Resources {
        /// Which limit, and what to do.
        message: String,
    },
    /// The statement timeout passed.
    #[error("the statement took longer than its timeout of {timeout:?}")]
    DeadlineExceeded {
        /// The timeout in force.
        timeout: Duration,
    },
    /// The query was cancelled.
    #[error("the query was cancelled")]
    Cancelled,
    /// A broken invariant: a defect in the engine or below it.
    #[error("internal error: {message}")]
    Internal {
        /// What should have held.
        message: String,
    },
}

impl EngineError {
    /// Line and column in the SQL text, both from 1, where they are known.
    pub fn location(&self) -> Option<Location> {
        match self {
            Self::Syntax { location, .. }
            | Self::Plan { location, .. }
            | Self::NotFound { location, .. }
            | Self::Unsupported { location, .. } => *location,
            _ => None,
        }
    }

    /// The message, and under it the line of `sql` it is about with a caret at the place.
    pub fn render(&self, sql: &str) -> String {
        let message = self.to_string();
        let Some((line, column)) = self.location() else {
            return message;
        };
        let Some(text) = usize::try_from(line - 1)
            .ok()
            .and_then(|at| sql.lines().nth(at))
        else {
            return message;
        };
        let label = format!("LINE {line}: ");
        let before = usize::try_from(column.saturating_sub(1)).unwrap_or(0);
        let indent = " ".repeat(label.len() + before);
        format!("{message}\n{label}{text}\n{indent}^")
    }

    pub(crate) fn from_join(error: &JoinError) -> Self {
        if error.is_cancelled() {
            Self::Cancelled
        } else {
            Self::Internal {
                message: "a worker of the query panicked".to_owned(),
            }
        }
    }
}

impl From<DataFusionError> for EngineError {
    fn from(error: DataFusionError) -> Self {
        classify::classify(&error)
    }
}

impl From<EngineError> for DataFusionError {
    fn from(error: EngineError) -> Self {
        Self::External(Box::new(error))
    }
}
