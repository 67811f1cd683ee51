//! What can be wrong with a message, and with making one.

use arrow::error::ArrowError;
use tonic::Status;

/// What can go wrong with messages. Which gRPC code each becomes is the server's to say.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProtocolError {
    /// A message is malformed, or asks for something that makes no sense.
    #[error("{0}")]
    Invalid(String),
    /// A ticket or handle was not sealed by this server, or was altered since.
    #[error("the {0} was not issued by this server or has been altered; run the statement again")]
    NotSealed(&'static str),
    /// A ticket or handle was issued to somebody else.
    #[error("the {0} was issued to another user")]
    Foreign(&'static str),
    /// A ticket or handle is past its time.
    #[error("the {0} has expired; run the statement again")]
    Expired(&'static str),
    /// What came takes more than it may.
    #[error("{0}")]
    Limit(String),
    /// One row does not fit a message.
    #[error(
        "one row of the result takes {:.1} MiB, and a message holds less than {:.1} MiB; \
         select fewer columns or shorter values",
        mebibytes(*bytes), mebibytes(*limit)
    )]
    RowTooLarge {
        /// Size of the row as it would be sent.
        bytes: usize,
        /// What a message may take.
        limit: usize,
    },
    /// The stream from the client broke off or was refused by the transport.
    #[error("the request stream failed: {}", .0.message())]
    Stream(Box<Status>),
    /// A result could not be encoded, or a request not decoded, as Arrow data.
    #[error(transparent)]
    Arrow(#[from] ArrowError),
    /// A broken invariant.
    #[error("internal error: {0}")]
    Internal(String),
}

#[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
fn mebibytes(bytes: usize) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}
