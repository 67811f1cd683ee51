//! Customer analytics in SQL: cohorts, retention, RFM segments and basket lifts over
//! Parquet, CSV, JSON, Arrow and Delta, on disk and in object stores.
//!
//! This crate is the facade: it gives the parts under one name. The `cohortql` binary
//! beside it is the shell and the server.
//!
//! # An engine in your program
//!
//! An [`Engine`] holds threads, memory and tables; SQL goes in, Arrow record batches
//! come out, all at once or as a stream.
//!
//! ```
//! # #[tokio::main]
//! # async fn main() -> Result<(), cohortql::EngineError> {
//! use cohortql::Engine;
//!
//! let engine = Engine::builder()
//!     .memory_limit(512 << 20)
//!     .time_zone("Europe/Berlin")
//!     .build()
//!     .await?;
//! let orders = concat!(env!("CARGO_MANIFEST_DIR"), "/sql/demo/cdnow_sample.csv");
//! engine.register_path(orders, Some("orders")).await?;
//!
//! let mut stream = engine
//!     .sql("select customer_id, cohort_month(order_date) from orders group by customer_id")
//!     .await?;
//! let mut customers = 0;
//! while let Some(batch) = stream.next_batch().await? {
//!     customers += batch.num_rows();
//! }
//! assert_eq!(customers, 2357);
//! # Ok(())
//! # }
//! ```
//!
//! Tables are files and folders ([`Engine::register_path`]), record batches
//! ([`Engine::register_batches`]), anything of DataFusion's
//! ([`Engine::register_table`]), or what `cohortql.toml` and SQL declare. Dropping a
//! [`QueryStream`] cancels its query. Memory beyond the limit spills to disk.
//!
//! # The functions alone
//!
//! Somebody who has a DataFusion session needs no engine: one call registers every
//! function with it.
//!
//! ```
//! # fn main() -> Result<(), cohortql::datafusion::error::DataFusionError> {
//! use cohortql::datafusion::prelude::SessionContext;
//!
//! let context = SessionContext::new();
//! cohortql::udfs::register_all(&context)?;
//! # Ok(())
//! # }
//! ```
//!
//! Named arguments (`tiles => 5`), the reports that stand in FROM, and time travel are
//! the engine's, and need one.
//!
//! # A server in your program
//!
//! [`server::serve`] puts an engine behind Arrow Flight SQL, on any listener, until a
//! future of yours resolves; [`server::Client`] talks to it.
//!
//! # Examples
//!
//! `cargo run --example batches`, `--example streaming` and `--example own_context`.

pub use arrow;
pub use datafusion;

pub use cohortql_engine as engine;
pub use cohortql_engine::{
    Config, Engine, EngineBuilder, EngineError, Planned, Progress, QueryStream, Session, Statement,
};
pub use cohortql_server as server;
pub use cohortql_udfs as udfs;
