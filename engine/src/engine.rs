//! The engine: what all sessions share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::execution::SessionState;

use crate::access::{self, Policies, Principal};
use crate::catalog::{self, Catalog};
use crate::config::RoleConfig;
use crate::ingest::Warehouse;
use crate::queries::{Queries, QueryRecord, Queue};
use crate::runtime::Task;
use crate::stores::Location;
use crate::{
    EngineBuilder, EngineError, QueryId, QueryInfo, QueryStream, Runtimes, Session, Settings,
    formats, models,
};

/// What every session of an engine refers to.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) runtimes: Runtimes,
    pub(crate) queries: Arc<Queries>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) policies: Arc<Policies>,
    pub(crate) warehouse: Option<Warehouse>,
    /// Where the project's models are built, if there is a project.
    pub(crate) models: Option<models::Warehouse>,
    pub(crate) template: SessionState,
}

impl Shared {
    /// Takes in what others have made since: definitions of the catalog file, and built models. A
    /// warehouse that cannot be reached leaves the models as they were known.
    pub(crate) async fn refresh(&self) -> Result<(), EngineError> {
        self.catalog.refresh()?;
        if let Some(models) = &self.models
            && let Err(error) = models.refresh(&self.catalog).await
        {
            tracing::warn!(%error, "cannot see which models there are");
        }
        Ok(())
    }
}

/// A CohortQL engine. Cloning is cheap and gives the same engine.
///
/// ```
/// # async fn example() -> Result<(), cohortql_engine::EngineError> {
/// use cohortql_engine::Engine;
///
/// let engine = Engine::builder().memory_limit(512 << 20).time_zone("Europe/Berlin").build().await?;
/// let session = engine.session();
/// session.sql("CREATE VIEW numbers AS SELECT * FROM generate_series(1, 10) AS t(n)").await?;
/// let batches = session.sql("SELECT sum(n) FROM numbers").await?.collect().await?;
/// assert_eq!(batches[0].num_rows(), 1);
/// # Ok(())
/// # }
/// # tokio::runtime::Runtime::new().unwrap().block_on(example()).unwrap();
/// ```
#[derive(Debug, Clone)]
pub struct Engine {
    session: Session,
}

impl Engine {
    /// Starts describing an engine.
    pub fn builder() -> EngineBuilder {
        EngineBuilder::default()
    }

    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self {
            session: Session::new(shared),
        }
    }

    /// A new session with options of its own.
    pub fn session(&self) -> Session {
        Session::new(Arc::clone(self.session.shared()))
    }

    /// A new session of somebody who has come in from `client`, and who sees and does no more than the
    /// roles allow.
    pub fn session_for(&self, principal: Principal, client: Option<String>) -> Session {
        Session::of(Arc::clone(self.session.shared()), principal, client)
    }

    /// Puts other roles in force, for every session at once. Statements that were planned under other
    /// rights fail when they are run.
    ///
    /// # Errors
    /// When a role is malformed; then the roles stay what they were.
    pub fn set_roles(&self, roles: BTreeMap<String, RoleConfig>) -> Result<(), EngineError> {
        let shared = self.session.shared();
        let base = base_dir(&shared.settings)?;
        shared.policies.replace(roles, &base)
    }

    /// What is wrong with the roles in force when they are tried on the tables that there are, one line
    /// each; such a table is closed to those who have the role.
    pub async fn check_roles(&self) -> Vec<String> {
        let shared = Arc::clone(self.session.shared());
        let work = async move { access::complaints(&shared.policies, &shared.template).await };
        match Task::spawn(self.runtimes().compute(), work).await {
            Ok(complaints) => complaints,
            Err(error) => vec![error.to_string()],
        }
    }

    /// The session that the engine's own methods use.
    pub fn default_session(&self) -> &Session {
        &self.session
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.session.shared().settings
    }

    /// The threads that compute and those that wait.
    pub fn runtimes(&self) -> &Runtimes {
        &self.session.shared().runtimes
    }

    /// Runs one statement in the engine's default session.
    pub async fn sql(&self, sql: &str) -> Result<QueryStream, EngineError> {
        self.session.sql(sql).await
    }

    /// Makes a file or folder a table and returns the table's name: the one given, or that of
    /// the file or folder. A folder whose files or folders have different columns becomes several
    /// tables unless a name is given. Relative paths count from the working directory.
    pub async fn register_path(
        &self,
        location: &str,
        name: Option<&str>,
    ) -> Result<Vec<String>, EngineError> {
        let location = Location::parse(location, &working_dir()?)?;
        let name = name.map(str::to_owned);
        let state = self.session.context().state();
        let work = async move {
            let tables = formats::discover(&state, &location, name.as_deref()).await?;
            let mut opened = Vec::with_capacity(tables.len());
            for table in tables {
                let provider = formats::open(&state, &table).await?;
                opened.push((table.name, provider));
            }
            Ok::<_, EngineError>(opened)
        };
        let opened = Task::spawn(self.runtimes().compute(), work).await??;
        let mut names = Vec::with_capacity(opened.len());
        for (name, provider) in opened {
            self.register_table(&name, provider)?;
            names.push(name);
        }
        Ok(names)
    }

    /// Makes record batches a table. The schema may be left out when there is a batch.
    pub fn register_batches(
        &self,
        name: &str,
        schema: Option<SchemaRef>,
        batches: Vec<RecordBatch>,
    ) -> Result<(), EngineError> {
        let schema = schema
            .or_else(|| batches.first().map(RecordBatch::schema))
            .ok_or_else(|| EngineError::Plan {
                message: format!("table {name:?} needs a schema when it has no batches"),
                location: None,
            })?;
        let table = MemTable::try_new(schema, vec![batches])?;
        self.register_table(name, Arc::new(table))
    }

    /// Makes any table provider a table.
    pub fn register_table(
        &self,
        name: &str,
        table: Arc<dyn TableProvider>,
    ) -> Result<(), EngineError> {
        catalog::register(&self.session.shared().catalog, name, table)
    }

    /// Has `observer` told of each statement when it has ended, or could not be planned. It is
    /// called where the statement ran, so it should be quick; and it should not hold the engine,
    /// which holds it.
    pub fn observe(&self, observer: Arc<dyn Fn(&QueryRecord) + Send + Sync>) {
        self.session.shared().queries.observe(observer);
    }

    /// Bytes of memory that statements and tables in memory hold.
    pub fn memory_used(&self) -> u64 {
        let environment = self.session.context().runtime_env();
        u64::try_from(environment.memory_pool.reserved()).unwrap_or(u64::MAX)
    }

    /// The statements that are running now, oldest first, whosever they are.
    pub fn queries(&self) -> Vec<QueryInfo> {
        self.session.shared().queries.list()
    }

    /// Waits until a statement no longer runs; returns at once when it does not.
    pub async fn ended(&self, id: &QueryId) {
        self.session.shared().queries.end_of(id).await;
    }

    /// Cancels a running statement, whosever it is; false when it is not running.
    pub fn cancel(&self, id: &QueryId) -> bool {
        let reason = EngineError::Cancelled;
        self.session.shared().queries.stop(id, reason, |_| true)
    }
}

/// The folder from which the relative locations of tables count; COPY writes from the working
/// directory.
pub(crate) fn base_dir(settings: &Settings) -> Result<PathBuf, EngineError> {
    let here = working_dir()?;
    Ok(match &settings.base_dir {
        Some(base) => here.join(base),
        None => here,
    })
}

/// The folder from which relative paths of the command line count.
pub(crate) fn working_dir() -> Result<PathBuf, EngineError> {
    std::env::current_dir().map_err(|error| EngineError::Storage {
        message: format!("the working directory can't be used: {error}"),
    })
}
