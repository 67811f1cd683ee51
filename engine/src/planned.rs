//! A planned statement: its kind, the schema of its answer, its parameters.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{DdlStatement, LogicalPlan, Statement as PlanStatement};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;

use crate::parameters::{self, Parameter};
use crate::source::Source;
use crate::touched::Touched;
use crate::upkeep::{self, Upkeep};
use crate::{EngineError, Statement, TouchedTables, catalog, changes, constants, sql};

/// Whether a statement only reads or changes something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatementKind {
    /// Reads; may run any number of times.
    Query,
    /// DDL, DML, COPY, SET, OPTIMIZE or VACUUM: runs once, and answers with the number of rows affected; under
    /// EXPLAIN ANALYZE with what was measured.
    Change,
}

impl StatementKind {
    /// The word that stands in the tables of schema `system`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Change => "change",
        }
    }
}

/// A statement ready to be executed by [`crate::Session::execute`].
#[derive(Debug, Clone)]
pub struct Planned {
    source: Source,
    plan: LogicalPlan,
    kind: StatementKind,
    schema: SchemaRef,
    parameters: BTreeMap<Parameter, Option<DataType>>,
    values: BTreeMap<Parameter, ScalarValue>,
    /// The session as it stood, for parameters to be bound in; none where there are none.
    state: Option<Arc<SessionState>>,
    touched: Touched,
    took: Duration,
}

impl Planned {
    /// Plans a statement as the session stands now.
    pub(crate) async fn plan(context: SessionContext, source: Source) -> Result<Self, EngineError> {
        let state = Arc::new(context.state());
        let explain = |error: DataFusionError| EngineError::planning(&error, &state);
        let planning = async {
            let statement = match &source {
                Source::Sql(statement) => statement,
                Source::Substrait(plan) => return plan.resolve(&state).await,
            };
            if let Some(plan) = upkeep::plan(statement.ast(), &state)? {
                return Ok(plan);
            }
            let ast = sql::prepare(statement.ast().clone())?;
            let versions = sql::Versions::load(&state, &ast).await?;
            let planning = versions.while_planning(state.statement_to_plan(ast));
            planning.await.map_err(explain)
        };
        let planning = catalog::planning_for(&state, planning);
        let (plan, looked_up) = catalog::noting_lookups(planning).await;
        let mut plan = plan?;
        if matches!(&plan, LogicalPlan::Statement(PlanStatement::Execute(_))) {
            // EXECUTE stands for the statement that PREPARE has kept.
            let kept = context.execute_logical_plan(plan).await.map_err(explain)?;
            plan = kept.into_unoptimized_plan();
        }
        let plan = changes::settled(plan)?;
        let touched = Touched::of(&plan, looked_up, &state.config_options().catalog)?;
        Self::new(source, plan, state, BTreeMap::new(), touched)
    }

    /// Plans a query of literals as the session stands now: there is nothing to rewrite, to look up
    /// or to coerce, and what waits for nothing needs no copy of the session.
    pub(crate) fn constant(
        context: &SessionContext,
        statement: &Statement,
    ) -> Result<Self, EngineError> {
        let state = context.state_ref();
        let plan = constants::plan(statement, &state.read())?;
        Ok(Self {
            source: Source::Sql(statement.clone()),
            kind: StatementKind::Query,
            schema: Arc::clone(plan.schema().inner()),
            plan,
            parameters: BTreeMap::new(),
            values: BTreeMap::new(),
            state: None,
            touched: Touched::nothing(),
            took: Duration::ZERO,
        })
    }

    fn new(
        source: Source,
        plan: LogicalPlan,
        state: Arc<SessionState>,
        values: BTreeMap<Parameter, ScalarValue>,
        touched: Touched,
    ) -> Result<Self, EngineError> {
        let parameters = match &plan {
            // Those of a statement kept by PREPARE get their values from EXECUTE.
            LogicalPlan::Statement(PlanStatement::Prepare(_)) => BTreeMap::new(),
            _ => parameters::of_plan(&plan)?,
        };
        let kind = kind_of(&plan);
        let schema = match kind {
            StatementKind::Query => answer_schema(&plan, &state, parameters.is_empty())?,
            StatementKind::Change => changes::answer_schema(&plan),
        };
        Ok(Self {
            source,
            plan,
            kind,
            schema,
            state: (!parameters.is_empty()).then_some(state),
            parameters,
            values,
            touched,
            took: Duration::ZERO,
        })
    }

    /// Says how long the planning took.
    pub(crate) fn taking(mut self, took: Duration) -> Self {
        self.took = took;
        self
    }

    /// Whether it reads or changes.
    pub fn kind(&self) -> StatementKind {
        self.kind
    }

    /// The schema of the answer, equal to that of the stream.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The parameters that are not bound yet, in order, with their types where they are known.
    /// Positions that the statement leaves out are there too, without a type, so that the n-th
    /// parameter is `$n`.
    pub fn parameters(&self) -> &BTreeMap<Parameter, Option<DataType>> {
        &self.parameters
    }

    /// The tables that it reads and writes.
    pub fn tables(&self) -> &Arc<TouchedTables> {
        &self.touched.tables
    }

    /// Whether it does next to nothing.
    pub(crate) fn is_light(&self) -> bool {
        self.touched.light
    }

    /// Whether it is a short query of literals, as [`Statement::is_constant`] says.
    pub fn is_constant(&self) -> bool {
        self.source.constant().is_some()
    }

    /// How long its planning took.
    pub(crate) fn took(&self) -> Duration {
        self.took
    }

    /// The text this was planned from, or what stands for it.
    pub fn text(&self) -> &str {
        self.source.text()
    }

    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// The unoptimised logical plan.
    pub fn logical_plan(&self) -> &LogicalPlan {
        &self.plan
    }

    /// Another plan over what this one reads, said by the same text.
    pub(crate) fn of_plan(
        &self,
        state: SessionState,
        plan: LogicalPlan,
    ) -> Result<Self, EngineError> {
        Self::new(
            self.source.clone(),
            plan,
            Arc::new(state),
            BTreeMap::new(),
            self.touched.clone(),
        )
    }

    /// Gives every parameter a value, in the order of [`Self::parameters`], cast to its type.
    /// A planned statement may be bound any number of times.
    pub fn bind(&self, values: &[ScalarValue]) -> Result<Self, EngineError> {
        let values = parameters::cast_values(&self.parameters, values)?;
        let Some(state) = &self.state else {
            return Ok(self.clone());
        };
        let plan = self
            .plan
            .clone()
            .replace_params_with_values(&parameters::as_param_values(&values))
            .map_err(|error| EngineError::planning(&error, state))?;
        let bound = Self::new(
            self.source.clone(),
            plan,
            Arc::clone(state),
            values,
            self.touched.clone(),
        )?;
        Ok(bound.taking(self.took))
    }

    /// The statement with the values of its parameters in it; none that was not said in SQL.
    pub(crate) fn bound_statement(&self) -> Result<Option<Statement>, EngineError> {
        match &self.source {
            Source::Substrait(_) => Ok(None),
            Source::Sql(statement) if self.values.is_empty() => Ok(Some(statement.clone())),
            Source::Sql(statement) => {
                let text = sql::with_values(statement.ast(), &self.values)?;
                statement.with_text(text).map(Some)
            }
        }
    }

    /// Refuses a statement whose parameters have no values.
    pub(crate) fn require_bound(&self) -> Result<(), EngineError> {
        let Some(unbound) = self.parameters.keys().next() else {
            return Ok(());
        };
        let message = match &self.plan {
            LogicalPlan::Ddl(DdlStatement::CreateView(view)) => format!(
                "view {} cannot be stored while its parameter {unbound} has no value: bind it, \
                 or write the value into the query",
                view.name
            ),
            _ => format!("parameter {unbound} has no value"),
        };
        Err(EngineError::Plan {
            message,
            location: None,
        })
    }

    pub(crate) fn into_plan(self) -> LogicalPlan {
        self.plan
    }
}

fn kind_of(plan: &LogicalPlan) -> StatementKind {
    match plan {
        LogicalPlan::Ddl(_)
        | LogicalPlan::Dml(_)
        | LogicalPlan::Copy(_)
        | LogicalPlan::Statement(_) => StatementKind::Change,
        // Analysing a plan runs it.
        LogicalPlan::Analyze(analyze) => kind_of(&analyze.input),
        plan if Upkeep::of(plan).is_some() => StatementKind::Change,
        _ => StatementKind::Query,
    }
}

/// The schema after type coercion, which is the one that the physical plan has. Without values
/// for its parameters a plan may not be coercible yet; then its own schema is the best there is.
fn answer_schema(
    plan: &LogicalPlan,
    state: &SessionState,
    bound: bool,
) -> Result<SchemaRef, EngineError> {
    if matches!(plan, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_)) {
        return Ok(Arc::clone(plan.schema().inner()));
    }
    let analyzer = state.analyzer();
    match analyzer.execute_and_check(plan.clone(), state.config_options(), |_, _| {}) {
        Ok(analyzed) => Ok(Arc::clone(analyzed.schema().inner())),
        Err(_) if !bound => Ok(Arc::clone(plan.schema().inner())),
        Err(error) => Err(EngineError::planning(&error, state)),
    }
}
