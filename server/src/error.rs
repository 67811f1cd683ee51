//! Errors of the server, and the one place where they become gRPC statuses.
//!
//! A status is short, carries the right code, and says nothing about the server's insides: of a
//! local path it names the file, and not the folders above it. Every one has an id, which the log
//! repeats beside the full text. The id, and the place in the SQL where it is known, travel in the
//! status's metadata.

use arrow::error::ArrowError;
use cohortql_engine::EngineError;
use cohortql_protocol::ProtocolError;
use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::sessions::{SET_COOKIE, forget};

/// Metadata key of the id under which the log has an error.
pub const ERROR_ID: &str = "cohortql-error-id";

/// Metadata key of the place in the SQL, as `line:column`, both from 1.
pub const ERROR_LOCATION: &str = "cohortql-error-location";

/// Bytes that a status message may take as it is sent, where everything but plain ASCII is
/// written as `%XX`. HTTP/2 peers may refuse more than 8 KiB of headers in all.
const MESSAGE_BYTES: usize = 3_000;

/// What ends a message that was cut.
const CUT: &str = " … (shortened)";

/// What can go wrong in the server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServerError {
    /// The engine refused or failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// A message could not be read or made.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// The request is malformed, or asks for something that makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// The request is one of the protocol's, but not one this server serves.
    #[error("{0}")]
    Unsupported(String),
    /// A handle or name in the request is not known, or not any more.
    #[error("{0}")]
    NotFound(String),
    /// A login is missing, or is not good.
    #[error("{0}")]
    Unauthenticated(String),
    /// The configuration cannot be served.
    #[error("{0}")]
    Config(String),
    /// A limit of the server is reached.
    #[error("{0}")]
    Limit(String),
    /// The client's deadline has passed.
    #[error("the deadline set by the client has passed")]
    DeadlineExceeded,
    /// The server is shutting down, and what still ran was stopped.
    #[error("the server is shutting down")]
    ShuttingDown,
    /// The server is shutting down, and only finishes what it has begun.
    #[error("the server is shutting down and takes no new statements; try again later")]
    Draining,
    /// A cookie leads to no session.
    #[error("the session of the cookie has ended; set its options again")]
    NoSession,
    /// A token's session was closed, or not used for long.
    #[error("the session of the token has ended; log in again")]
    SessionEnded,
    /// The session was closed while the statement ran.
    #[error("the session was closed")]
    SessionClosed,
    /// The statement was cancelled by request.
    #[error("the query was cancelled")]
    Cancelled,
    /// A result could not be made as Arrow data.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// The listener or the HTTP/2 layer failed.
    #[error("the server cannot go on serving: {0}")]
    Transport(#[from] tonic::transport::Error),
    /// The HTTP port failed.
    #[error("the HTTP port cannot go on: {0}")]
    Http(String),
    /// A broken invariant.
    #[error("internal error: {0}")]
    Internal(String),
}

impl ServerError {
    /// The gRPC code that tells a client what kind of error this is.
    pub fn code(&self) -> Code {
        match self {
            Self::Engine(error) => engine_code(error),
            Self::Protocol(error) => protocol_code(error),
            Self::Invalid(_) => Code::InvalidArgument,
            Self::Unsupported(_) => Code::Unimplemented,
            Self::NotFound(_) => Code::NotFound,
            Self::Limit(_) => Code::ResourceExhausted,
            Self::DeadlineExceeded => Code::DeadlineExceeded,
            Self::ShuttingDown | Self::Draining => Code::Unavailable,
            Self::NoSession => Code::NotFound,
            Self::Unauthenticated(_) | Self::SessionEnded => Code::Unauthenticated,
            Self::SessionClosed | Self::Cancelled => Code::Cancelled,
            Self::Config(_)
            | Self::Arrow(_)
            | Self::Http(_)
            | Self::Transport(_)
            | Self::Internal(_) => Code::Internal,
        }
    }

    fn location(&self) -> Option<(u64, u64)> {
        match self {
            Self::Engine(error) => error.location(),
            _ => None,
        }
    }
}

fn engine_code(error: &EngineError) -> Code {
    match error {
        EngineError::Syntax { .. }
        | EngineError::Plan { .. }
        | EngineError::Execution { .. }
        | EngineError::Config { .. } => Code::InvalidArgument,
        EngineError::NotFound { .. } => Code::NotFound,
        EngineError::Denied { .. } => Code::PermissionDenied,
        EngineError::Conflict { .. } => Code::Aborted,
        EngineError::AlreadyExists { .. } => Code::AlreadyExists,
        EngineError::Unsupported { .. } => Code::Unimplemented,
        // Asking again helps only once somebody has mended the file, the folder or the rights.
        EngineError::Storage { .. } | EngineError::Catalog { .. } => Code::FailedPrecondition,
        EngineError::Resources { .. }
        | EngineError::QueueFull { .. }
        | EngineError::QueueTimeout { .. } => Code::ResourceExhausted,
        EngineError::DeadlineExceeded { .. } => Code::DeadlineExceeded,
        EngineError::Cancelled => Code::Cancelled,
        _ => Code::Internal,
    }
}

fn protocol_code(error: &ProtocolError) -> Code {
    match error {
        ProtocolError::Invalid(_) | ProtocolError::NotSealed(_) => Code::InvalidArgument,
        ProtocolError::Foreign(_) => Code::PermissionDenied,
        ProtocolError::Expired(_) => Code::NotFound,
        ProtocolError::Limit(_) | ProtocolError::RowTooLarge { .. } => Code::ResourceExhausted,
        ProtocolError::Stream(status) => status.code(),
        _ => Code::Internal,
    }
}

impl From<ServerError> for Status {
    fn from(error: ServerError) -> Self {
        let id = Uuid::new_v4().simple().to_string();
        let code = error.code();
        let message = if code == Code::Internal {
            tracing::error!(error_id = %id, error = %error, "a request failed inside the server");
            format!("internal error; the server's log has it as {id}")
        } else {
            tracing::info!(error_id = %id, code = ?code, error = %error, "a request was refused");
            shortened(&without_folders(&error.to_string()))
        };
        let mut metadata = MetadataMap::new();
        let mut insert = |key: &'static str, value: String| {
            if let Ok(value) = MetadataValue::try_from(value) {
                metadata.insert(key, value);
            }
        };
        insert(ERROR_ID, id);
        if matches!(error, ServerError::NoSession) {
            insert(SET_COOKIE, forget());
        }
        if let Some((line, column)) = error.location() {
            insert(ERROR_LOCATION, format!("{line}:{column}"));
        }
        Self::with_metadata(code, message, metadata)
    }
}

/// The message with the last name alone of each absolute path: clients know tables, and where their
/// files lie is the server's business. A path stands in double quotes or between blanks.
fn without_folders(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    let mut rest = message;
    loop {
        let before = shown.chars().next_back();
        let path = rest.strip_prefix("file://").unwrap_or(rest);
        if path.starts_with('/') && before.is_none_or(|c| c.is_whitespace() || c == '"') {
            let end = match before {
                Some('"') => path.find('"'),
                _ => path.find(|c: char| c.is_whitespace() || matches!(c, ':' | ',' | ';' | ')')),
            };
            let (path, after) = path.split_at(end.unwrap_or(path.len()));
            let named = path.trim_end_matches('/');
            // One name after the root may as well be a value, or division.
            let name = named.rsplit('/').next().unwrap_or(named);
            shown.push_str(if named.matches('/').count() > 1 {
                name
            } else {
                path
            });
            rest = after;
        }
        let mut characters = rest.chars();
        match characters.next() {
            Some(character) => shown.push(character),
            None => return shown,
        }
        rest = characters.as_str();
    }
}

/// The message, cut so that it stays small when it is percent-encoded.
fn shortened(message: &str) -> String {
    let mut bytes = 0;
    for (at, character) in message.char_indices() {
        bytes += match character {
            ' '..='~' if character != '%' => 1,
            _ => 3 * character.len_utf8(),
        };
        if bytes > MESSAGE_BYTES {
            return format!("{}{CUT}", &message[..at]);
        }
    }
    message.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_between_characters() {
        let status = Status::from(ServerError::Invalid("ä".repeat(10_000)));
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().len() < 1_100);
        assert!(status.message().ends_with(CUT));
        assert!(status.metadata().get(ERROR_ID).is_some());
    }

    #[test]
    fn of_a_path_the_file_is_named_and_not_its_folders() {
        for (message, shown) in [
            (
                "table \"t\": \"/srv/shop/orders 2.csv\" does not exist",
                "table \"t\": \"orders 2.csv\" does not exist",
            ),
            (
                "cannot read \"file:///srv/shop/orders/\": empty",
                "cannot read \"orders\": empty",
            ),
            (
                "Object at location /srv/shop/a.parquet not found: gone",
                "Object at location a.parquet not found: gone",
            ),
            (
                "cannot write /srv/shop/a.csv: denied",
                "cannot write a.csv: denied",
            ),
            (
                "no \"s3://shop/a/b.csv\"; 6 / 2 and '/a/b' stay",
                "no \"s3://shop/a/b.csv\"; 6 / 2 and '/a/b' stay",
            ),
            ("/a/b", "b"),
            ("", ""),
        ] {
            assert_eq!(without_folders(message), shown);
        }
    }

    #[test]
    fn internal_errors_say_nothing_but_their_id() {
        let status = Status::from(ServerError::Internal("/etc/secret is gone".to_owned()));
        assert_eq!(status.code(), Code::Internal);
        assert!(!status.message().contains("secret"));
        let id = status.metadata().get(ERROR_ID).unwrap().to_str().unwrap();
        assert!(status.message().contains(id));
    }

    #[test]
    fn the_place_in_the_sql_travels_along() {
        let error = EngineError::Syntax {
            message: "expected an expression, got FROM".to_owned(),
            location: Some((2, 8)),
        };
        let status = Status::from(ServerError::from(error));
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(status.metadata().get(ERROR_LOCATION).unwrap(), "2:8");
    }
}
