//! Builds an engine from code, from a configuration file, or both.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::{SessionConfig, SessionContext};

use crate::config::{Config, Settings};
use crate::engine::Shared;
use crate::queries::Queries;
use crate::{Engine, EngineError, Runtimes, formats, reports, stores};

/// Describes an engine. What is set here wins over the configuration.
#[derive(Debug, Default)]
pub struct EngineBuilder {
    config: Option<Config>,
    config_file: Option<PathBuf>,
    project_dir: Option<PathBuf>,
    memory_limit: Option<u64>,
    temp_limit: Option<u64>,
    temp_dir: Option<PathBuf>,
    target_partitions: Option<usize>,
    batch_size: Option<usize>,
    time_zone: Option<String>,
    statement_timeout: Option<Duration>,
}

impl EngineBuilder {
    /// Takes a configuration made in code.
    #[must_use]
    pub fn config(mut self, config: Config) -> Self {
        self.config = Some(config);
        self
    }

    /// Reads a `cohortql.toml`.
    #[must_use]
    pub fn config_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.config_file = Some(path.into());
        self
    }

    /// Keeps tables and views made by SQL in this folder's catalog; relative paths count from it.
    #[must_use]
    pub fn project_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.project_dir = Some(path.into());
        self
    }

    /// Memory for all queries together, in bytes.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// Disk space for spilling, in bytes.
    #[must_use]
    pub fn temp_limit(mut self, bytes: u64) -> Self {
        self.temp_limit = Some(bytes);
        self
    }

    /// Where spilled data goes.
    #[must_use]
    pub fn temp_dir(mut self, path: impl Into<PathBuf>) -> Self {
        self.temp_dir = Some(path.into());
        self
    }

    /// How many partitions a query is split into.
    #[must_use]
    pub fn target_partitions(mut self, partitions: usize) -> Self {
        self.target_partitions = Some(partitions);
        self
    }

    /// Rows in a batch.
    #[must_use]
    pub fn batch_size(mut self, rows: usize) -> Self {
        self.batch_size = Some(rows);
        self
    }

    /// The time zone of sessions, as an IANA name.
    #[must_use]
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.time_zone = Some(name.into());
        self
    }

    /// How long a statement may take.
    #[must_use]
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = Some(timeout);
        self
    }

    /// Starts the engine.
    pub async fn build(self) -> Result<Engine, EngineError> {
        let settings = self.settings()?;
        let runtimes = Runtimes::start(settings.target_partitions)?;
        let mut environment = RuntimeEnvBuilder::new()
            .with_object_store_registry(stores::registry(&settings, &runtimes)?)
            .with_object_list_cache_limit(0);
        if let Some(limit) = settings.memory_limit {
            let limit = usize::try_from(limit).unwrap_or(usize::MAX);
            environment = environment.with_memory_limit(limit, 1.0);
        }
        if let Some(limit) = settings.temp_limit {
            environment = environment.with_max_temp_directory_size(limit);
        }
        if let Some(path) = &settings.temp_dir {
            environment = environment.with_temp_file_path(path);
        }
        let mut options = SessionConfig::new()
            .with_information_schema(true)
            .with_default_catalog_and_schema("cohortql", "public")
            .with_target_partitions(settings.target_partitions)
            .with_batch_size(settings.batch_size);
        options.options_mut().execution.time_zone = settings.time_zone.clone();
        options.options_mut().sql_parser.collect_spans = true;
        let state = SessionStateBuilder::new_with_default_features()
            .with_config(options)
            .with_runtime_env(environment.build_arc()?)
            .with_relation_planners(reports::relation_planners())
            .with_table_factories(formats::table_factories())
            .build();
        let context = SessionContext::new_with_state(state);
        let tables = settings.tables.clone();
        let engine = Engine::new(Arc::new(Shared {
            settings,
            runtimes,
            queries: Arc::new(Queries::default()),
            template: context.state(),
        }));
        for (name, table) in tables {
            engine.register_declared(&name, table).await?;
        }
        Ok(engine)
    }

    fn settings(self) -> Result<Settings, EngineError> {
        let config = match (self.config, &self.config_file) {
            (Some(config), _) => config,
            (None, Some(path)) => Config::read(path)?,
            (None, None) => Config::default(),
        };
        let base = self.config_file.as_deref().and_then(|path| path.parent());
        let mut settings = Settings::validate(config)?;
        settings.base_dir = self.project_dir.or_else(|| base.map(PathBuf::from));
        settings.memory_limit = self.memory_limit.or(settings.memory_limit);
        settings.temp_limit = self.temp_limit.or(settings.temp_limit);
        settings.temp_dir = self.temp_dir.or(settings.temp_dir);
        settings.target_partitions = self.target_partitions.unwrap_or(settings.target_partitions);
        settings.batch_size = self.batch_size.unwrap_or(settings.batch_size);
        settings.time_zone = self.time_zone.or(settings.time_zone);
        settings.statement_timeout = self.statement_timeout.or(settings.statement_timeout);
        Ok(settings)
    }
}
