//! Builds an engine from code, from a configuration file, or both.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use datafusion::execution::FunctionRegistry;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::planner::RelationPlanner;
use datafusion::prelude::SessionContext;
use object_store::ObjectStore;
use url::Url;

use crate::access::{self, Policies};
use crate::catalog::Catalog;
use crate::config::{Config, Settings, in_file};
use crate::engine::{Shared, base_dir};
use crate::formats::TableDefinition;
use crate::ingest::Warehouse;
use crate::queries::{Queries, Queue};
use crate::sharing::SharingPlanner;
use crate::sql::{IntervalPlanner, TimeTravel};
use crate::{
    Engine, EngineError, Runtimes, environment, formats, models, reports, rules, stores, system,
};

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
    concurrent_queries: Option<usize>,
    queue_length: Option<usize>,
    queue_timeout: Option<Duration>,
    query_memory: Option<u64>,
    query_history: Option<usize>,
    allow_runtime_options: bool,
    object_stores: Vec<(Url, Arc<dyn ObjectStore>)>,
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

    /// Keeps tables and views made by SQL in this folder's catalog; relative locations of tables
    /// count from it.
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

    /// How many statements run at once; others wait, and sessions of each user take turns.
    #[must_use]
    pub fn concurrent_queries(mut self, statements: usize) -> Self {
        self.concurrent_queries = Some(statements);
        self
    }

    /// How many statements wait; more are refused.
    #[must_use]
    pub fn queue_length(mut self, statements: usize) -> Self {
        self.queue_length = Some(statements);
        self
    }

    /// How long a statement waits.
    #[must_use]
    pub fn queue_timeout(mut self, timeout: Duration) -> Self {
        self.queue_timeout = Some(timeout);
        self
    }

    /// Memory for one statement, in bytes.
    #[must_use]
    pub fn query_memory(mut self, bytes: u64) -> Self {
        self.query_memory = Some(bytes);
        self
    }

    /// How many statements that have ended stay in `system.queries`.
    #[must_use]
    pub fn query_history(mut self, statements: usize) -> Self {
        self.query_history = Some(statements);
        self
    }

    /// Lets SQL change the engine's limits by `SET datafusion.runtime.…`. Not for servers.
    #[must_use]
    pub fn allow_runtime_options(mut self, allow: bool) -> Self {
        self.allow_runtime_options = allow;
        self
    }

    /// Reads and writes a bucket, or with `file:///` the disk, through a store of the caller's.
    #[must_use]
    pub fn object_store(mut self, url: Url, store: Arc<dyn ObjectStore>) -> Self {
        self.object_stores.push((url, store));
        self
    }

    /// Starts the engine.
    pub async fn build(mut self) -> Result<Engine, EngineError> {
        let given = std::mem::take(&mut self.object_stores);
        let settings = self.settings()?;
        let runtimes = Runtimes::start(settings.target_partitions)?;
        let stores = stores::registry(&settings, &runtimes)?;
        for (url, store) in given {
            stores.register_store(&url, store);
        }
        let mut state = SessionStateBuilder::new_with_default_features()
            .with_config(environment::session_config(&settings))
            .with_runtime_env(environment::runtime_env(&settings, stores)?)
            .with_optimizer_rules(rules::optimizer_rules())
            .with_query_planner(Arc::new(SharingPlanner))
            .with_physical_optimizer_rules(environment::physical_optimizer_rules())
            .with_relation_planners(relation_planners())
            .with_table_factories(formats::table_factories(settings.base_dir.clone()))
            .build();
        state.register_expr_planner(Arc::new(IntervalPlanner))?;
        let context = SessionContext::new_with_state(state);
        cohortql_udfs::register_all(&context)?;
        let catalog = Arc::new(Catalog::open(settings.project_dir.as_deref())?);
        let base = base_dir(&settings)?;
        let key = access::mask_key(settings.mask_key_file.as_deref(), &base)?;
        let policies = Arc::new(Policies::new(settings.roles.clone(), &base, key)?);
        let warehouse = settings
            .ingest_location
            .as_deref()
            .map(|text| Warehouse::at(text, &base))
            .transpose()?;
        for (name, table) in &settings.tables {
            catalog.declare(TableDefinition::from_config(name, table, &base)?);
        }
        if let Some(project) = &settings.project {
            models::declare_sources(project, &base, &catalog)?;
        }
        let models = settings
            .project
            .as_ref()
            .map(|project| models::Warehouse::of(project, &base, &context.state()))
            .transpose()?;
        context.register_catalog(environment::CATALOG, Arc::clone(&catalog) as _);
        let timers = runtimes.io().clone();
        let queries = Arc::new(Queries::new(settings.query_history, timers));
        let results = models.as_ref();
        let results = results.map(|models| models::results_location(&models.location));
        system::add_to(&catalog, &queries, results.transpose()?);
        let limits = &settings.limits;
        let queue = Queue::new(limits.concurrent_queries, limits.queue_length);
        let shared = Arc::new(Shared {
            settings,
            runtimes,
            queries,
            queue: Arc::new(queue),
            catalog,
            policies,
            warehouse,
            models,
            template: context.state(),
        });
        shared.catalog.attach(&shared);
        if let Some(models) = &shared.models {
            models.refresh(&shared.catalog).await?;
        }
        Ok(Engine::new(shared))
    }

    fn settings(self) -> Result<Settings, EngineError> {
        let mut settings = match (self.config, &self.config_file) {
            (Some(config), _) => Settings::validate(config)?,
            (None, Some(path)) => Config::read(path).and_then(|config| {
                Settings::validate(config).map_err(|error| in_file(path, &error))
            })?,
            (None, None) => Settings::validate(Config::default())?,
        };
        let beside = self.config_file.as_deref().and_then(Path::parent);
        settings.base_dir = self
            .project_dir
            .clone()
            .or_else(|| beside.map(PathBuf::from));
        settings.project_dir = self.project_dir;
        settings.memory_limit = self.memory_limit.unwrap_or(settings.memory_limit);
        settings.temp_limit = self.temp_limit.unwrap_or(settings.temp_limit);
        settings.temp_dir = self.temp_dir.or(settings.temp_dir);
        settings.target_partitions = self.target_partitions.unwrap_or(settings.target_partitions);
        settings.batch_size = self.batch_size.unwrap_or(settings.batch_size);
        settings.time_zone = self.time_zone.or(settings.time_zone);
        settings.statement_timeout = self.statement_timeout.or(settings.statement_timeout);
        settings.query_history = self.query_history.unwrap_or(settings.query_history);
        let limits = &mut settings.limits;
        limits.concurrent_queries = self.concurrent_queries.unwrap_or(limits.concurrent_queries);
        limits.queue_length = self.queue_length.unwrap_or(limits.queue_length);
        limits.queue_timeout = self.queue_timeout.unwrap_or(limits.queue_timeout);
        limits.query_memory = self.query_memory.or(limits.query_memory);
        settings.allow_runtime_options = self.allow_runtime_options;
        settings.checked()
    }
}

/// What FROM knows besides tables; versions come first, since reports are no tables.
fn relation_planners() -> Vec<Arc<dyn RelationPlanner>> {
    let mut planners: Vec<Arc<dyn RelationPlanner>> = vec![Arc::new(TimeTravel)];
    planners.extend(reports::relation_planners());
    planners
}
