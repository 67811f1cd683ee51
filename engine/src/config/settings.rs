//! The configuration after every value has been checked.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::{Config, StoreConfig, TableConfig};
use crate::EngineError;

/// Rows in a batch unless told otherwise.
const DEFAULT_BATCH_SIZE: usize = 8192;

/// What the engine runs with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Memory for all queries together, in bytes.
    pub memory_limit: Option<u64>,
    /// Disk space for spilling, in bytes.
    pub temp_limit: Option<u64>,
    /// Folder for spilling.
    pub temp_dir: Option<PathBuf>,
    /// Partitions a query is split into.
    pub target_partitions: usize,
    /// Rows in a batch.
    pub batch_size: usize,
    /// Time zone of sessions, an IANA name.
    pub time_zone: Option<String>,
    /// How long a statement may take.
    pub statement_timeout: Option<Duration>,
    /// Folder from which relative paths count: the project's, else that of the configuration
    /// file; without either, the working directory counts.
    pub base_dir: Option<PathBuf>,
    /// Declared tables by name.
    pub tables: BTreeMap<String, TableSettings>,
    /// Object stores by URL prefix.
    pub stores: BTreeMap<String, StoreSettings>,
}

/// A declared table.
pub type TableSettings = TableConfig;

/// A declared object store.
pub type StoreSettings = StoreConfig;

impl TableConfig {
    /// A table at a location, everything else found from the files.
    pub fn at(location: impl Into<String>) -> Self {
        Self {
            location: location.into(),
            ..Self::default()
        }
    }
}

impl Settings {
    /// Checks a configuration.
    pub fn validate(config: Config) -> Result<Self, EngineError> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Ok(Self {
            memory_limit: None,
            temp_limit: None,
            temp_dir: config.engine.temp_dir.map(PathBuf::from),
            target_partitions: config.engine.target_partitions.unwrap_or(cores),
            batch_size: config.engine.batch_size.unwrap_or(DEFAULT_BATCH_SIZE),
            time_zone: config.engine.time_zone,
            statement_timeout: None,
            base_dir: None,
            tables: config.tables,
            stores: config.stores,
        })
    }
}
