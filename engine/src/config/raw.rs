//! `cohortql.toml` as it is written, before anything is checked but the names of its keys.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::project::{AlertConfig, ModelsConfig, ProjectConfig, TargetConfig, TestsConfig};
use super::source::SourceConfig;
use crate::EngineError;

/// The whole file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[engine]`
    pub engine: EngineConfig,
    /// `[tables.NAME]`
    pub tables: BTreeMap<String, TableConfig>,
    /// `[stores."s3://bucket/prefix"]`
    pub stores: BTreeMap<String, StoreConfig>,
    /// `[ingest]`
    pub ingest: IngestConfig,
    /// `[limits]`
    pub limits: LimitsConfig,
    /// `[roles.NAME]`
    pub roles: BTreeMap<String, RoleConfig>,
    /// `[project]`
    pub project: Option<ProjectConfig>,
    /// `[targets.NAME]`
    pub targets: BTreeMap<String, TargetConfig>,
    /// `[sources.NAME]`
    pub sources: BTreeMap<String, SourceConfig>,
    /// `[vars]`
    pub vars: toml::Table,
    /// `[models]`
    pub models: ModelsConfig,
    /// `[tests]`
    pub tests: TestsConfig,
    /// `[alerts.NAME]`
    pub alerts: BTreeMap<String, AlertConfig>,
    /// `[server]`, which is the server's to read.
    server: IgnoredAny,
    /// `[users.NAME]`, which are the server's to read.
    users: IgnoredAny,
}

/// Limits and defaults of the engine.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineConfig {
    /// Memory for all queries, such as `"4GB"`.
    pub memory_limit: Option<String>,
    /// Disk space for spilling, such as `"100GB"`.
    pub temp_limit: Option<String>,
    /// Folder for spilling.
    pub temp_dir: Option<String>,
    /// Partitions a query is split into.
    pub target_partitions: Option<usize>,
    /// Rows in a batch.
    pub batch_size: Option<usize>,
    /// Time zone of sessions, an IANA name.
    pub time_zone: Option<String>,
    /// How long a statement may take, such as `"30s"`.
    pub statement_timeout: Option<String>,
    /// Statements that have ended and stay in `system.queries`.
    pub query_history: Option<usize>,
    /// File with the key of mask `hash`; a key is drawn at each start when there is none.
    pub mask_key_file: Option<String>,
}

/// Tables that clients send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct IngestConfig {
    /// Folder or bucket in which they are kept as Delta tables; in memory when there is none.
    pub location: Option<String>,
}

/// Limits on statements.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LimitsConfig {
    /// Statements that run at once.
    pub concurrent_queries: Option<usize>,
    /// Statements that wait for a place; more are refused.
    pub queue_length: Option<usize>,
    /// How long a statement waits for a place, such as `"60s"`.
    pub queue_timeout: Option<String>,
    /// Memory for one statement, such as `"1GB"`.
    pub query_memory: Option<String>,
}

/// A table.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TableConfig {
    /// Path, folder, pattern or URL.
    pub location: String,
    /// `parquet`, `csv`, `json`, `arrow`, `delta`; found from the files when left out.
    pub format: Option<String>,
    /// Names of columns here, and those of the columns in the files that they stand for.
    pub columns: BTreeMap<String, String>,
    /// A column that is true in deleted rows, which nobody sees.
    pub soft_delete_column: Option<String>,
    /// Options of the format.
    pub options: BTreeMap<String, String>,
    /// Partition columns in the order of the folders; found from the folders when left out.
    pub partitions: Option<Vec<String>>,
}

/// How to reach a bucket or a prefix of it; credentials are named, never written.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StoreConfig {
    /// Options of the store, without secrets: region, endpoint.
    pub options: BTreeMap<String, String>,
    /// Options whose values are read from environment variables of these names.
    pub env: BTreeMap<String, String>,
    /// Options whose values are read from files.
    pub files: BTreeMap<String, String>,
    /// A profile of the provider's own configuration.
    pub profile: Option<String>,
}

/// What those who have a role may see and do; what no role of theirs allows is denied.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoleConfig {
    /// Tables and views that are shown whole: `"*"`, `"schema.*"`, `"schema.table"`.
    pub read: Vec<String>,
    /// Tables that may be written, and made and dropped with the privilege `ddl`.
    pub write: Vec<String>,
    /// Tables of which a part is shown, by `"schema.table"`.
    pub tables: BTreeMap<String, RoleTableConfig>,
    /// `ddl`, `copy`, `external`, `set`, `files`, `monitor`.
    pub privileges: Vec<String>,
    /// Files, folders and URLs below which COPY and external tables may reach.
    pub locations: Vec<String>,
}

/// The part of a table that a role shows.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoleTableConfig {
    /// The columns shown; all when left out.
    pub columns: Option<Vec<String>>,
    /// A condition in SQL on the rows shown; `current_user` is the user's name.
    pub filter: Option<String>,
    /// Columns shown masked: `full`, `hash`, `last4` or `null`.
    pub masks: BTreeMap<String, String>,
}

impl Config {
    /// Reads a file. Errors name the file, the key, what was expected and what came.
    pub fn read(path: &Path) -> Result<Self, EngineError> {
        let text = std::fs::read_to_string(path).map_err(|error| EngineError::Config {
            message: format!("{} cannot be read: {error}", path.display()),
        })?;
        Self::parse(&text).map_err(|error| in_file(path, &error))
    }

    /// Reads text.
    pub fn parse(text: &str) -> Result<Self, EngineError> {
        toml::from_str(text).map_err(|error| EngineError::Config {
            message: described(&error, text),
        })
    }
}

/// The same error, said to be about a file.
pub(crate) fn in_file(path: &Path, error: &EngineError) -> EngineError {
    EngineError::Config {
        message: format!("{}: {error}", path.display()),
    }
}

/// The place and the reason in one line; the text itself is left out, as it may hold anything.
fn described(error: &toml::de::Error, text: &str) -> String {
    let message = error.message();
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let line = before.matches('\n').count() + 1;
            let column = before
                .chars()
                .rev()
                .take_while(|character| *character != '\n')
                .count()
                + 1;
            format!("line {line}, column {column}: {message}")
        }
        None => message.to_owned(),
    }
}
