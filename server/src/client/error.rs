//! Errors of the client: what the server said, or why it could not be asked.

use std::error::Error;
use std::io;

use tonic::{Code, Status};

use crate::error::{ERROR_ID, ERROR_LOCATION};

/// What went wrong between a client and its server.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address makes no sense.
    #[error("cannot connect to {given:?}: {reason}")]
    Address {
        /// What the user typed.
        given: String,
        /// What was expected.
        reason: String,
    },
    /// Nobody answers there.
    #[error("no server at {address}: {reason}; is `cohortql serve` running?")]
    Unreachable {
        /// Host and port.
        address: String,
        /// What the network said.
        reason: String,
    },
    /// The server refused a request, or failed.
    #[error("{message}")]
    Refused {
        /// gRPC's kind of error.
        code: Code,
        /// One line for the user.
        message: String,
        /// Line and column in the SQL, both from 1, where they are known.
        location: Option<(u64, u64)>,
        /// The id under which the server's log has more.
        error_id: Option<String>,
    },
    /// The server sent what no Flight SQL server should.
    #[error("the server's answer cannot be read: {0}")]
    Protocol(String),
}

impl ClientError {
    /// Line and column in the SQL, both from 1, where they are known.
    pub fn location(&self) -> Option<(u64, u64)> {
        match self {
            Self::Refused { location, .. } => *location,
            _ => None,
        }
    }

    /// gRPC's kind of error, when it came from the server.
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Refused { code, .. } => Some(*code),
            _ => None,
        }
    }

    pub(super) fn unreachable(address: &str, error: &tonic::transport::Error) -> Self {
        Self::Unreachable {
            address: address.to_owned(),
            reason: root_cause(error),
        }
    }
}

impl From<Status> for ClientError {
    fn from(status: Status) -> Self {
        let text = |key| {
            let value = status.metadata().get(key)?;
            Some(value.to_str().ok()?.to_owned())
        };
        // What broke below gRPC never reached the server, and has no message of its own.
        let broken = Error::source(&status).map(|source| {
            let reason = root_cause(source);
            format!("the connection to the server has failed: {reason}")
        });
        Self::Refused {
            code: match broken {
                Some(_) => Code::Unavailable,
                None => status.code(),
            },
            message: broken.unwrap_or_else(|| status.message().to_owned()),
            location: text(ERROR_LOCATION).and_then(|location| {
                let (line, column) = location.split_once(':')?;
                Some((line.parse().ok()?, column.parse().ok()?))
            }),
            error_id: text(ERROR_ID),
        }
    }
}

/// The innermost error in words; for one of the system's, without its number.
pub(super) fn root_cause(error: &(dyn Error + 'static)) -> String {
    let mut root = error;
    while let Some(source) = root.source() {
        root = source;
    }
    match root.downcast_ref::<io::Error>().map(io::Error::kind) {
        Some(io::ErrorKind::ConnectionRefused) => "connection refused".to_owned(),
        Some(io::ErrorKind::TimedOut) => "no answer in time".to_owned(),
        _ => root.to_string(),
    }
}
