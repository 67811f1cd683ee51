//! A session: options of its own over the engine's tables and threads.

use std::fmt;
use std::sync::Arc;

use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::SessionContext;

use crate::engine::Shared;
use crate::queries::Running;
use crate::runtime::Task;
use crate::{EngineError, Planned, QueryStream, Statement, execution};

/// A session. Cloning is cheap and gives the same session.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    context: SessionContext,
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let state = SessionStateBuilder::new_from_existing(shared.template.clone()).build();
        Self {
            context: SessionContext::new_with_state(state),
            shared,
        }
    }

    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// The session's name.
    pub fn id(&self) -> String {
        self.context.session_id()
    }

    /// The DataFusion context underneath.
    pub fn context(&self) -> &SessionContext {
        &self.context
    }

    /// Splits a script into statements.
    pub fn parse(&self, script: &str) -> Result<Vec<Statement>, EngineError> {
        let limit = self
            .context
            .state_ref()
            .read()
            .config_options()
            .sql_parser
            .recursion_limit;
        Statement::parse_all(script, limit.get())
    }

    /// Plans a statement: resolves its names and types. Nothing is read but schemas, and nothing
    /// is changed. The statement timeout holds for planning and for running, each by itself.
    pub async fn plan(&self, statement: &Statement) -> Result<Planned, EngineError> {
        let running = self.start(statement);
        self.plan_in(&running, statement).await
    }

    /// Planning reads schemas and may wait for their stores, so that it can be stopped like the
    /// running itself.
    async fn plan_in(
        &self,
        running: &Running,
        statement: &Statement,
    ) -> Result<Planned, EngineError> {
        let (shared, context) = (Arc::clone(&self.shared), self.context.clone());
        let statement = statement.clone();
        let work = async move {
            shared.catalog.refresh()?;
            Planned::plan(context, statement).await
        };
        let work = Task::spawn(self.shared.runtimes.compute(), work);
        running.unless_stopped(work).await??
    }

    /// Puts a statement on the list of those that are running.
    fn start(&self, statement: &Statement) -> Running {
        self.shared.queries.start(
            self.id(),
            statement.text().to_owned(),
            self.shared.settings.statement_timeout,
            self.shared.runtimes.io(),
        )
    }

    /// Runs a planned statement. A change has happened once this returns; a query goes on
    /// running while its stream is read. Parameters must have been bound.
    pub async fn execute(&self, planned: Planned) -> Result<QueryStream, EngineError> {
        let running = self.start(planned.statement());
        execution::execute(self, planned, running).await
    }

    /// Runs one statement: parses, plans and executes it.
    pub async fn sql(&self, sql: &str) -> Result<QueryStream, EngineError> {
        let statements = self.parse(sql)?;
        let [statement] = statements.as_slice() else {
            return Err(EngineError::Syntax {
                message: match statements.len() {
                    0 => "expected a statement, got nothing".to_owned(),
                    several => format!("expected one statement, got {several}"),
                },
                location: statements.get(1).map(Statement::location),
            });
        };
        let running = self.start(statement);
        let planned = self.plan_in(&running, statement).await?;
        execution::execute(self, planned, running).await
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
