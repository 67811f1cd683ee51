//! CohortQL over the network: the Flight SQL server, and the client that `--connect` uses.
//!
//! [`serve`] answers ADBC, JDBC and ODBC drivers, and the control service for the shell;
//! [`Client`] talks to it. This is the only crate that knows tonic.
//!
//! A statement goes from `flight` (what was asked) over `bound` (what is executed, with which
//! parameters) to `cohortql_protocol` (what is sent). Tickets and handles are sealed there too; what
//! they stand for waits on a `shelf`. `error` is where errors become gRPC statuses.

mod bound;
mod caller;
mod client;
mod compute;
mod connection;
mod control;
mod deadline;
mod drain;
mod error;
mod flight;
mod gauge;
mod metadata;
mod parameters;
mod serve;
mod sessions;
mod shelf;
mod tally;

pub use client::{
    Answer, Client, ClientError, RemoteQuery, RemoteStream, RemoteTable, ServerVersion,
};
pub use error::{ERROR_ID, ERROR_LOCATION, ServerError};
pub use serve::{ServeOptions, serve};
