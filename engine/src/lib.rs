//! The CohortQL engine: sessions over shared tables, planned and executed apart from I/O.
//!
//! An [`Engine`] owns two thread pools (one computes, one waits for the network), a memory pool
//! that spills to disk, and a catalog of tables. Each [`Session`] has options of its own and
//! shares the rest. SQL goes through three steps, which [`Engine::sql`] takes at once:
//! [`Session::parse`] makes [`Statement`]s, [`Session::plan`] makes a [`Planned`] statement whose
//! parameters and schema are known, and [`Session::execute`] makes a [`QueryStream`].
//!
//! ```
//! # async fn example() -> Result<(), cohortql_engine::EngineError> {
//! let engine = cohortql_engine::Engine::builder().build().await?;
//! let batches = engine.sql("SELECT 1 AS one").await?.collect().await?;
//! assert_eq!(batches[0].num_rows(), 1);
//! # Ok(())
//! # }
//! # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
//! ```

mod access;
mod builder;
pub mod catalog;
mod changes;
pub mod config;
mod constants;
mod counting;
mod defaults;
mod engine;
mod environment;
mod error;
mod execution;
pub mod formats;
mod ingest;
mod limits;
pub mod load;
mod memory;
pub mod models;
mod nearest;
mod parameters;
mod planned;
mod prepared;
mod progress;
mod queries;
pub mod reports;
mod rules;
mod runtime;
mod session;
mod shape;
mod sharing;
mod source;
pub mod sql;
mod statement;
pub mod stores;
mod stream;
mod substrait;
mod system;
mod touched;
mod upkeep;

pub use access::{Principal, Privilege};
pub use builder::EngineBuilder;
pub use config::{Config, Settings};
pub use engine::Engine;
pub use error::{EngineError, Location};
pub use ingest::{IfExists, IfMissing, Incoming, IngestRequest};
pub use limits::SessionLimits;
pub use nearest::did_you_mean;
pub use parameters::Parameter;
pub use planned::{Planned, StatementKind};
pub use progress::Progress;
pub use queries::{Outcome, Phase, QueryId, QueryInfo, QueryRecord, TouchedTables};
pub use runtime::Runtimes;
pub use session::Session;
pub use sql::Fingerprint;
pub use statement::Statement;
pub use stream::QueryStream;
pub use substrait::SubstraitPlan;

#[cfg(test)]
mod tests;
