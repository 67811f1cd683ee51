//! CohortQL over the network: the Flight SQL server, and the client that `--connect` uses.
//!
//! [`serve`] answers ADBC, JDBC and ODBC drivers, and the control service for the shell;
//! [`Client`] talks to it. This is the only crate that knows tonic.
//!
//! Every call passes `auth`, over connections that `tls` has accepted; `config` says who may come in,
//! and `insight` tells of calls, logins and statements. A statement goes from `flight` (what was asked) over `bound` (what is executed, with
//! which parameters) to `cohortql_protocol` (what is sent). Tickets and handles are sealed there too;
//! what they stand for waits on a `shelf`. `error` is where errors become gRPC statuses.

mod auth;
mod bound;
mod caller;
mod check;
mod client;
mod compute;
pub mod config;
mod connection;
mod control;
mod deadline;
mod drain;
mod driver;
mod error;
mod flight;
mod gauge;
mod insight;
mod metadata;
mod parameters;
mod reload;
mod serve;
mod sessions;
mod shelf;
mod tally;
mod tls;
mod webhook;

pub use auth::{ANONYMOUS, PasswordHash, hash_password, is_user_name};
pub use check::{Finding, check};
pub use client::{
    Answer, Client, ClientError, ClientTls, ConnectOptions, Login, RemoteQuery, RemoteStream,
    RemoteTable, ServerVersion,
};
pub use config::{ServerConfig, token_hash};
pub use error::{ERROR_ID, ERROR_LOCATION, ServerError};
pub use insight::{AuditConfig, TracesConfig};
pub use reload::{ConfigFile, Reload};
pub use serve::{ServeOptions, serve};
pub use webhook::Webhook;
