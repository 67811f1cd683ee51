//! The configuration after every value has been checked.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use super::quantities::{parse_duration, parse_size};
use super::{
    Config, Limits, ProjectSettings, RoleConfig, StoreConfig, TableConfig, machine, time_zone,
};
use crate::EngineError;

/// Rows in a batch unless told otherwise.
const DEFAULT_BATCH_SIZE: usize = 8192;

/// Disk space for spilling unless told otherwise.
const DEFAULT_TEMP_LIMIT: u64 = 100 << 30;

/// Statements that have ended and are kept unless told otherwise.
const DEFAULT_QUERY_HISTORY: usize = 10_000;

/// More would take longer to look through than it is worth.
const LONGEST_HISTORY: usize = 1_000_000;

/// More would only make queries slower.
const MOST_PARTITIONS: usize = 1024;
const LARGEST_BATCH: usize = 1 << 20;

/// Less memory than this cannot hold the buffers of one operator.
pub(super) const LEAST_MEMORY: u64 = 1 << 20;

/// What the engine runs with.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Memory for all queries together, in bytes.
    pub memory_limit: u64,
    /// Disk space for spilling, in bytes.
    pub temp_limit: u64,
    /// Folder for spilling; the system's own when there is none.
    pub temp_dir: Option<PathBuf>,
    /// Partitions a query is split into, and threads that compute.
    pub target_partitions: usize,
    /// Rows in a batch.
    pub batch_size: usize,
    /// Time zone of sessions, an IANA name; UTC when there is none.
    pub time_zone: Option<String>,
    /// How long a statement may take.
    pub statement_timeout: Option<Duration>,
    /// Statements that have ended and stay in `system.queries`.
    pub query_history: usize,
    /// Limits on statements.
    pub limits: Limits,
    /// Whether SQL may set `datafusion.runtime.*`, which changes limits.
    pub allow_runtime_options: bool,
    /// Folder whose catalog keeps tables and views made by SQL.
    pub project_dir: Option<PathBuf>,
    /// Folder from which relative locations of tables count: the project's, else that of the configuration
    /// file; without either, the working directory counts.
    pub base_dir: Option<PathBuf>,
    /// Declared tables by name; checked further when they are opened.
    pub tables: BTreeMap<String, TableConfig>,
    /// Object stores by URL prefix; checked further when the engine starts.
    pub stores: BTreeMap<String, StoreConfig>,
    /// Folder or bucket for the tables that clients send; in memory when there is none.
    pub ingest_location: Option<String>,
    /// Roles by name; checked further when the engine starts.
    pub roles: BTreeMap<String, RoleConfig>,
    /// File with the key of mask `hash`.
    pub mask_key_file: Option<PathBuf>,
    /// The project whose models are built and read, if there is one.
    pub project: Option<ProjectSettings>,
}

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
    /// Checks a configuration. Errors name the key, what was expected and what came.
    pub fn validate(mut config: Config) -> Result<Self, EngineError> {
        let project = ProjectSettings::validate(&mut config)?;
        let engine = config.engine;
        let memory_limit = parsed("engine.memory_limit", engine.memory_limit, parse_size)?;
        let temp_limit = parsed("engine.temp_limit", engine.temp_limit, parse_size)?;
        let timeout = parsed(
            "engine.statement_timeout",
            engine.statement_timeout,
            parse_duration,
        )?;
        for (name, table) in &config.tables {
            if table.location.is_empty() {
                return Err(wrong(
                    &format!("tables.{name}.location"),
                    "expected a path or URL, got nothing",
                ));
            }
        }
        let settings = Self {
            memory_limit: memory_limit.unwrap_or_else(machine::default_memory_limit),
            temp_limit: temp_limit.unwrap_or(DEFAULT_TEMP_LIMIT),
            temp_dir: engine.temp_dir.map(PathBuf::from),
            target_partitions: engine.target_partitions.unwrap_or_else(machine::cores),
            batch_size: engine.batch_size.unwrap_or(DEFAULT_BATCH_SIZE),
            time_zone: engine.time_zone,
            statement_timeout: timeout,
            query_history: engine.query_history.unwrap_or(DEFAULT_QUERY_HISTORY),
            limits: Limits::validate(config.limits)?,
            allow_runtime_options: false,
            project_dir: None,
            base_dir: None,
            tables: config.tables,
            stores: config.stores,
            ingest_location: config.ingest.location,
            roles: config.roles,
            mask_key_file: engine.mask_key_file.map(PathBuf::from),
            project,
        };
        settings.checked()
    }

    /// Checks the values that may also come from the builder.
    pub(crate) fn checked(self) -> Result<Self, EngineError> {
        if self.memory_limit < LEAST_MEMORY {
            let message = format!("expected at least 1MB, got {} bytes", self.memory_limit);
            return Err(wrong("engine.memory_limit", &message));
        }
        within(
            "engine.target_partitions",
            self.target_partitions,
            1..=MOST_PARTITIONS,
        )?;
        within("engine.batch_size", self.batch_size, 1..=LARGEST_BATCH)?;
        within(
            "engine.query_history",
            self.query_history,
            0..=LONGEST_HISTORY,
        )?;
        self.limits.check()?;
        if let Some(zone) = &self.time_zone {
            time_zone(zone).map_err(|message| wrong("engine.time_zone", &message))?;
        }
        if self
            .statement_timeout
            .is_some_and(|timeout| timeout.is_zero())
        {
            return Err(wrong(
                "engine.statement_timeout",
                "expected more than nothing, got 0s",
            ));
        }
        Ok(self)
    }
}

/// Checks a number.
pub(super) fn within(
    key: &str,
    number: usize,
    allowed: RangeInclusive<usize>,
) -> Result<(), EngineError> {
    if allowed.contains(&number) {
        return Ok(());
    }
    let (least, most) = allowed.into_inner();
    Err(wrong(
        key,
        &format!("expected {least} to {most}, got {number}"),
    ))
}

/// Reads a text, if there is one.
pub(super) fn parsed<T>(
    key: &str,
    text: Option<String>,
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, EngineError> {
    text.map(|text| parse(&text).map_err(|message| wrong(key, &message)))
        .transpose()
}

/// What is wrong with a key.
pub(super) fn wrong(key: &str, message: &str) -> EngineError {
    EngineError::Config {
        message: format!("{key}: {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        Config::parse(text)
            .and_then(Settings::validate)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_whole_file() {
        let text = r#"
            [engine]
            memory_limit = "2GB"
            statement_timeout = "30s"
            time_zone = "Europe/Berlin"

            [tables.orders]
            location = "data/orders/*.parquet"
            columns = { order_id = "id" }
            soft_delete_column = "_fivetran_deleted"
        "#;
        let settings = Settings::validate(Config::parse(text).unwrap()).unwrap();
        assert_eq!(settings.memory_limit, 2 << 30);
        assert_eq!(settings.statement_timeout, Some(Duration::from_secs(30)));
        assert_eq!(settings.tables["orders"].columns["order_id"], "id");
    }

    #[test]
    fn defaults_come_from_the_machine() {
        let settings = Settings::validate(Config::default()).unwrap();
        assert!(settings.memory_limit >= LEAST_MEMORY);
        assert!(settings.target_partitions >= 1);
    }

    #[test]
    fn wrong_values_are_named() {
        assert_eq!(
            refusal("[engine]\nmemory_limit = 'lots'"),
            "engine.memory_limit: expected a size such as \"512MB\" or \"4GB\", got \"lots\""
        );
        assert_eq!(
            refusal("[engine]\ntarget_partitions = 0"),
            "engine.target_partitions: expected 1 to 1024, got 0"
        );
        assert!(refusal("[engine]\ntime_zone = 'Mars/Base'").contains("got \"Mars/Base\""));
        assert!(refusal("[tables.t]\nformat = 'csv'").contains("tables.t.location"));
    }

    #[test]
    fn the_sections_of_the_server_are_passed_over_and_no_others() {
        let text = "[server]\nlisten = '127.0.0.1:0'\n[users.ada]\nroles = ['analyst']";
        Settings::validate(Config::parse(text).unwrap()).unwrap();
        let error = refusal("[servers]\nlisten = '127.0.0.1:0'");
        assert!(error.contains("`servers`"), "{error}");
    }

    #[test]
    fn unknown_keys_are_refused_with_their_line() {
        let error = refusal("[engine]\nmemory = '1GB'");
        assert!(
            error.contains("memory") && error.contains("line 2"),
            "{error}"
        );
    }
}
