//! Configuration: raw as `cohortql.toml` has it, and validated as the engine uses it.

mod raw;
mod settings;

pub use raw::{Config, EngineConfig, StoreConfig, TableConfig};
pub use settings::{Settings, StoreSettings, TableSettings};
