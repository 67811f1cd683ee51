//! The one error type of the engine.

mod classify;
mod names;
mod render;
mod resources;

use std::time::Duration;

use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use tokio::task::JoinError;

/// A place in SQL text: line and column, both from 1.
pub type Location = (u64, u64);

/// What went wrong, in one line that a user can act on.
///
/// Clones share nothing and carry no source: a message that may cross a network must hold no more
/// than what was chosen for it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
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
    /// The project's catalog file cannot be read or written.
    #[error("{message}")]
    Catalog {
        /// File, line, and what is wrong there.
        message: String,
    },
    /// A file or object cannot be read or written.
    #[error("{message}")]
    Storage {
        /// Which object and why; never a credential.
        message: String,
    },
    /// The principal of the session has no right to it.
    #[error("{message}")]
    Denied {
        /// Who may not do what.
        message: String,
    },
    /// Another writer has changed what this one was to change; sent again, it may succeed.
    #[error("{message}")]
    Conflict {
        /// Which table, and what has become of it.
        message: String,
    },
    /// Memory or temporary disk space ran out for this query.
    #[error("{message}")]
    Resources {
        /// Which limit, and what to do.
        message: String,
    },
    /// Too many statements run and wait already.
    #[error(
        "too many statements: as many as may run ({running}) and wait for their turn ({waiting}) do \
         so already; try again later, or raise concurrent_queries or queue_length in [limits]"
    )]
    QueueFull {
        /// How many may run at once.
        running: usize,
        /// How many may wait.
        waiting: usize,
    },
    /// The statement has waited for too long.
    #[error(
        "the statement has waited {timeout:?} for its turn, while as many ran as may run at once \
         ({running}); try again later, or raise queue_timeout or concurrent_queries in [limits]"
    )]
    QueueTimeout {
        /// How long it has waited.
        timeout: Duration,
        /// How many may run at once.
        running: usize,
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
    /// One word for the kind of error, which stays the same whatever the message says.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Syntax { .. } => "syntax",
            Self::Plan { .. } => "plan",
            Self::NotFound { .. } => "not_found",
            Self::AlreadyExists { .. } => "already_exists",
            Self::Unsupported { .. } => "unsupported",
            Self::Execution { .. } => "execution",
            Self::Conflict { .. } => "conflict",
            Self::Config { .. } => "config",
            Self::Catalog { .. } => "catalog",
            Self::Storage { .. } => "storage",
            Self::Denied { .. } => "denied",
            Self::Resources { .. } => "resources",
            Self::QueueFull { .. } => "queue_full",
            Self::QueueTimeout { .. } => "queue_timeout",
            Self::DeadlineExceeded { .. } => "deadline_exceeded",
            Self::Cancelled => "cancelled",
            Self::Internal { .. } => "internal",
        }
    }

    /// Line and column in the SQL text, both from 1, where they are known. They count from the
    /// start of the script that was parsed.
    pub fn location(&self) -> Option<Location> {
        match self {
            Self::Syntax { location, .. }
            | Self::Plan { location, .. }
            | Self::NotFound { location, .. }
            | Self::Unsupported { location, .. } => *location,
            _ => None,
        }
    }

    /// The message, and under it the line of `script` that it is about with a caret at the place.
    ///
    /// ```
    /// # async fn example() -> Result<(), cohortql_engine::EngineError> {
    /// let engine = cohortql_engine::Engine::builder().build().await?;
    /// let sql = "SELECT 1\nFROM t ORDER 2";
    /// let error = engine.sql(sql).await.unwrap_err();
    /// assert!(error.render(sql).contains("LINE 2: FROM t ORDER 2"));
    /// # Ok(())
    /// # }
    /// # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
    /// ```
    pub fn render(&self, script: &str) -> String {
        render::render(&self.to_string(), self.location(), script)
    }

    /// The same error, said to be about something: `view "v": …`.
    pub(crate) fn about(mut self, what: &str) -> Self {
        match &mut self {
            Self::Syntax { message, location }
            | Self::Plan { message, location }
            | Self::NotFound { message, location }
            | Self::Unsupported { message, location } => {
                *message = format!("{what}: {message}");
                // The place is one in another text than the statement's.
                *location = None;
            }
            Self::AlreadyExists { message }
            | Self::Execution { message }
            | Self::Config { message }
            | Self::Catalog { message }
            | Self::Storage { message }
            | Self::Denied { message }
            | Self::Conflict { message }
            | Self::Resources { message }
            | Self::Internal { message } => *message = format!("{what}: {message}"),
            Self::QueueFull { .. }
            | Self::QueueTimeout { .. }
            | Self::DeadlineExceeded { .. }
            | Self::Cancelled => {}
        }
        self
    }

    /// The same error, a syntax error that has no place at the one given.
    pub(crate) fn placed(mut self, place: impl FnOnce() -> Option<Location>) -> Self {
        if let Self::Syntax { location, .. } = &mut self {
            *location = location.or_else(place);
        }
        self
    }

    /// An error met while planning, with the nearest names that the session knows.
    pub(crate) fn planning(error: &DataFusionError, state: &SessionState) -> Self {
        classify::classify(error, Some(state))
    }

    pub(crate) fn from_join(error: JoinError) -> Self {
        match error.try_into_panic() {
            Ok(panic) => {
                let said = panic
                    .downcast_ref::<&str>()
                    .map(|text| (*text).to_owned())
                    .or_else(|| panic.downcast_ref::<String>().cloned());
                Self::Internal {
                    message: format!(
                        "a worker of the query panicked: {}",
                        said.unwrap_or_else(|| "without a message".to_owned())
                    ),
                }
            }
            Err(_) => Self::Cancelled,
        }
    }
}

impl From<DataFusionError> for EngineError {
    fn from(error: DataFusionError) -> Self {
        classify::classify(&error, None)
    }
}

impl From<ArrowError> for EngineError {
    fn from(error: ArrowError) -> Self {
        DataFusionError::from(error).into()
    }
}

impl From<EngineError> for DataFusionError {
    fn from(error: EngineError) -> Self {
        Self::External(Box::new(error))
    }
}
