//! A session: options of its own over the engine's tables and threads.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use datafusion::common::TableReference;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;
use futures::FutureExt;

use crate::access::{Access, GuardedCatalogs, Principal, Privilege};
use crate::engine::Shared;
use crate::prepared::Prepared;
use crate::queries::{Party, Phase, Running, Sender};
use crate::runtime::Task;
use crate::source::Source;
use crate::system::Viewer;
use crate::{
    EngineError, Fingerprint, Planned, Progress, QueryId, QueryInfo, QueryStream, SessionLimits,
    Statement, SubstraitPlan, execution,
};

/// A session. Cloning is cheap and gives the same session.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    context: SessionContext,
    access: Option<Access>,
    client: Option<Arc<str>>,
    limits: Arc<Mutex<SessionLimits>>,
    prepared: Arc<Prepared>,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let state = SessionStateBuilder::new_from_existing(shared.template.clone());
        Self::with(shared, state, None, None)
    }

    pub(crate) fn of(shared: Arc<Shared>, principal: Principal, client: Option<String>) -> Self {
        let access = Access::new(principal, Arc::clone(&shared.policies));
        let catalogs = GuardedCatalogs::new(shared.template.clone(), access.clone());
        let state = SessionStateBuilder::new_from_existing(shared.template.clone())
            .with_catalog_list(Arc::new(catalogs));
        Self::with(shared, state, Some(access), client)
    }

    fn with(
        shared: Arc<Shared>,
        state: SessionStateBuilder,
        access: Option<Access>,
        client: Option<String>,
    ) -> Self {
        let viewer = Arc::new(Viewer::new(access.clone()));
        let config = shared.template.config().clone().with_extension(viewer);
        Self {
            context: SessionContext::new_with_state(state.with_config(config).build()),
            shared,
            access,
            client: client.map(Into::into),
            limits: Arc::default(),
            prepared: Arc::default(),
        }
    }

    /// Whose session this is; none when everything is allowed.
    pub fn principal(&self) -> Option<&Principal> {
        self.access.as_ref().map(Access::principal)
    }

    /// Where the principal has come in from.
    pub fn client(&self) -> Option<&str> {
        self.client.as_deref()
    }

    /// Whether the session has a privilege.
    pub fn has(&self, privilege: Privilege) -> bool {
        self.access
            .as_ref()
            .is_none_or(|access| access.has(privilege))
    }

    /// Refuses what takes a privilege that the session does not have.
    ///
    /// # Errors
    /// [`EngineError::Denied`], naming the privilege.
    pub fn require(&self, privilege: Privilege) -> Result<(), EngineError> {
        let access = self.access.as_ref();
        access.map_or(Ok(()), |access| access.require(privilege))
    }

    /// Refuses writing to a table, or making one of that name, where no role allows it.
    ///
    /// # Errors
    /// [`EngineError::Denied`], naming the table.
    pub fn may_write(&self, table: &TableReference) -> Result<(), EngineError> {
        let access = self.access.as_ref();
        access.map_or(Ok(()), |access| access.may_write(table))
    }

    /// Refuses reading and writing files at a location, relative ones counted from `base`, that no role
    /// allows.
    ///
    /// # Errors
    /// [`EngineError::Denied`], naming the location.
    pub fn may_reach(&self, location: &str, base: &Path) -> Result<(), EngineError> {
        let access = self.access.as_ref();
        access.map_or(Ok(()), |access| access.may_reach(location, base))
    }

    /// Refuses a plan that does what the session may not.
    pub(crate) fn check(&self, plan: &LogicalPlan) -> Result<(), EngineError> {
        let Some(access) = &self.access else {
            return Ok(());
        };
        let state = self.context.state_ref();
        access.check(plan, &state.read(), &self.shared.settings)
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The statements that PREPARE has kept.
    pub(crate) fn prepared(&self) -> &Prepared {
        &self.prepared
    }

    /// The same session but for its options and the statements that it keeps.
    pub(crate) fn over(&self, context: SessionContext) -> Self {
        Self {
            context,
            prepared: Arc::default(),
            ..self.clone()
        }
    }

    /// The session's name.
    pub fn id(&self) -> String {
        self.context.session_id()
    }

    /// The DataFusion context underneath.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Splits a script into statements. Long ones take their share of the memory limit for as long
    /// as they are there.
    ///
    /// # Errors
    /// [`EngineError::Syntax`]; [`EngineError::Resources`] when there is no memory to read it.
    pub fn parse(&self, script: &str) -> Result<Vec<Statement>, EngineError> {
        let limit = self
            .context
            .state_ref()
            .read()
            .config_options()
            .sql_parser
            .recursion_limit;
        let pool = &self.context.runtime_env().memory_pool;
        Statement::parse_within(script, limit.get(), pool)
    }

    /// Sets limits on each statement from now on. What is above the engine's own limits, or left
    /// out, is what the engine allows.
    pub fn set_limits(&self, limits: SessionLimits) {
        *self.limits.lock().unwrap_or_else(PoisonError::into_inner) = limits;
    }

    /// The limits in force.
    pub fn limits(&self) -> SessionLimits {
        let own = *self.limits.lock().unwrap_or_else(PoisonError::into_inner);
        own.within(&self.shared.settings)
    }

    /// The statements that are running now and that the session may see, oldest first: all of them
    /// with the privilege `monitor`, else those of its principal.
    pub fn queries(&self) -> Vec<QueryInfo> {
        let mut queries = self.shared.queries.list();
        queries.retain(|query| self.sees(query));
        queries
    }

    /// Cancels a running statement that the session may see; false when there is none of that name.
    pub fn cancel(&self, id: &QueryId) -> bool {
        let reason = EngineError::Cancelled;
        self.shared
            .queries
            .stop(id, reason, |query| self.sees(query))
    }

    fn sees(&self, query: &QueryInfo) -> bool {
        self.viewer().sees(query.principal.as_deref())
    }

    /// Rows and bytes that a running statement has read, where they are for the session to know:
    /// what is behind a view or a part of a table is so with the privilege `monitor` alone.
    pub fn reads(&self, query: &QueryInfo) -> Option<(u64, u64)> {
        let (viewer, progress) = (self.viewer(), &query.progress);
        let guarded = progress.is_guarded();
        let rows = viewer.read(guarded, progress.rows_read())?;
        Some((rows, viewer.read(guarded, progress.bytes_read())?))
    }

    fn viewer(&self) -> Viewer {
        Viewer::new(self.access.clone())
    }

    /// Plans a statement: resolves its names and types. Nothing is read but schemas, and nothing
    /// is changed. The statement timeout holds for planning and for running, each by itself.
    pub async fn plan(&self, statement: &Statement) -> Result<Planned, EngineError> {
        self.plan_source(Source::Sql(statement.clone())).await
    }

    /// Plans what somebody else has written a plan for, as [`Self::plan`] does for SQL.
    pub async fn plan_substrait(&self, plan: &SubstraitPlan) -> Result<Planned, EngineError> {
        self.plan_source(Source::Substrait(plan.clone())).await
    }

    async fn plan_source(&self, source: Source) -> Result<Planned, EngineError> {
        let mut running = self.start(&source, Duration::ZERO);
        let planned = self.plan_in(&mut running, source).await?;
        running.only_planned();
        Ok(planned)
    }

    /// Planning reads schemas and may wait for their stores, so that it can be stopped like the
    /// running itself; but for literals, which are planned at once.
    async fn plan_in(&self, running: &mut Running, source: Source) -> Result<Planned, EngineError> {
        let planned = match source.constant() {
            Some(literals) => running.unless_failed(Planned::constant(&self.context, literals))?,
            None => {
                running.time_out_after(self.limits().statement_timeout);
                let (shared, context) = (Arc::clone(&self.shared), self.context.clone());
                let work = async move {
                    shared.refresh().await?;
                    Planned::plan(context, source).await
                };
                let work = Task::spawn(self.shared.runtimes.compute(), work).map(Result::flatten);
                running.unless_stopped(work).await?
            }
        };
        running.unless_failed(self.check(planned.logical_plan()))?;
        Ok(planned.taking(running.progress.spent(Phase::Planning)))
    }

    /// Puts a statement on the list of those that are running.
    fn start(&self, source: &Source, planned: Duration) -> Running {
        self.start_as((Arc::clone(source.text()), source.fingerprint()), planned)
    }

    /// Puts what is running on the list, under a text of our own.
    pub(crate) fn start_text(&self, text: &str) -> Running {
        self.start_as((text.into(), Fingerprint::of_text(text)), Duration::ZERO)
    }

    fn start_as(&self, text: (Arc<str>, Fingerprint), planned: Duration) -> Running {
        let sender = Sender {
            session_id: self.id(),
            principal: self.principal().map(|principal| principal.name.clone()),
            client: self.client().map(str::to_owned),
        };
        let progress = Progress::new(planned, self.limits().memory);
        self.shared.queries.start(sender, text, progress)
    }

    /// Waits until it is a statement's turn, from when on its time counts.
    pub(crate) async fn take_turn(&self, running: &mut Running) -> Result<(), EngineError> {
        let patience = self.shared.settings.limits.queue_timeout;
        let queue = &self.shared.queue;
        running.admitted(queue, self.party(), patience).await?;
        running.time_out_after(self.limits().statement_timeout);
        Ok(())
    }

    /// Who this session takes turns with others as.
    fn party(&self) -> Party {
        match (self.principal(), self.client()) {
            (Some(principal), _) => Party::Principal(principal.name.clone()),
            (None, Some(client)) => Party::Client(client.to_owned()),
            (None, None) => Party::Session(self.id()),
        }
    }

    /// Runs a planned statement, when it is its turn. A change has happened once this returns; a
    /// query goes on running while its stream is read. Parameters must have been bound.
    pub async fn execute(&self, planned: Planned) -> Result<QueryStream, EngineError> {
        let running = self.start(planned.source(), planned.took());
        execution::execute(self, planned, running).await
    }

    /// Runs one statement: parses, plans and executes it.
    pub async fn sql(&self, sql: &str) -> Result<QueryStream, EngineError> {
        let source = Source::Sql(self.only(sql)?);
        let mut running = self.start(&source, Duration::ZERO);
        let planned = self.plan_in(&mut running, source).await?;
        execution::execute(self, planned, running).await
    }

    /// Plans the one statement of a text.
    pub(crate) async fn plan_text(&self, sql: &str) -> Result<Planned, EngineError> {
        self.plan(&self.only(sql)?).await
    }

    /// The one statement of a text.
    fn only(&self, sql: &str) -> Result<Statement, EngineError> {
        let mut statements = self.parse(sql)?;
        match (statements.pop(), statements.get(1), statements.len()) {
            (Some(statement), _, 0) => Ok(statement),
            (None, _, _) => Err(EngineError::Syntax {
                message: "expected a statement, got nothing".to_owned(),
                location: None,
            }),
            (Some(last), second, before) => Err(EngineError::Syntax {
                message: format!("expected one statement, got {}", before + 1),
                location: Some(second.unwrap_or(&last).location()),
            }),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Session")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}
