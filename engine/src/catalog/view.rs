//! Views: queries that are planned anew each time they are read.
//!
//! A plan kept from the day of its making would go on reading a table that has been dropped and
//! made again since. The text does not.

use std::future::Future;
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::config::ConfigOptions;
use datafusion::datasource::ViewTable;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use datafusion::optimizer::Analyzer;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;

use super::record::Record;
use crate::{EngineError, sql};

tokio::task_local! {
    /// The views being opened, outermost first: one that is met again reads itself.
    static OPENING: Vec<String>;

    /// The time zone of the session that plans.
    static ZONE: Option<String>;
}

/// Plans for a session, whose time zone the views that are opened meanwhile follow.
pub(crate) async fn planning_for<F: Future>(state: &SessionState, planning: F) -> F::Output {
    let zone = state.config_options().execution.time_zone.clone();
    ZONE.scope(zone, planning).await
}

/// Plans a view with the engine's options and the caller's time zone.
pub(super) async fn open(
    mut state: SessionState,
    record: &Record,
) -> Result<Arc<dyn TableProvider>, EngineError> {
    let name = record.to_string();
    let mut chain = OPENING.try_with(Clone::clone).unwrap_or_default();
    if chain.contains(&name) {
        return Err(EngineError::Plan {
            message: format!("view {name} reads itself"),
            location: None,
        });
    }
    chain.push(name);
    if let Ok(zone) = ZONE.try_with(Clone::clone) {
        set_time_zone(&mut state, zone)?;
    }
    OPENING.scope(chain, plan(state, record)).await
}

fn set_time_zone(state: &mut SessionState, zone: Option<String>) -> Result<(), EngineError> {
    if state.config_options().execution.time_zone == zone {
        return Ok(());
    }
    state.config_mut().options_mut().execution.time_zone = zone;
    // Some functions keep the options that they were made with.
    let options = state.config_options();
    let functions = state.scalar_functions().values();
    let renewed: Vec<_> = functions
        .filter_map(|function| function.inner().with_updated_config(options))
        .collect();
    for function in renewed {
        state.register_udf(Arc::new(function))?;
    }
    Ok(())
}

async fn plan(state: SessionState, record: &Record) -> Result<Arc<dyn TableProvider>, EngineError> {
    let statement = record.statement();
    let ast = sql::prepare(statement.ast().clone())?;
    let versions = sql::Versions::load(&state, &ast).await?;
    let plan = versions
        .while_planning(state.statement_to_plan(ast))
        .await
        .map_err(|error| EngineError::planning(&error, &state))?;
    let LogicalPlan::Ddl(DdlStatement::CreateView(view)) = plan else {
        return Err(EngineError::Internal {
            message: format!("the definition of {record} makes no view"),
        });
    };
    table(Arc::unwrap_or_clone(view.input), statement.text())
}

/// The view of a planned query.
pub(super) fn table(query: LogicalPlan, text: &str) -> Result<Arc<dyn TableProvider>, EngineError> {
    let coercion = Analyzer::with_rules(vec![Arc::new(TypeCoercion::new())]);
    let query = coercion.execute_and_check(query, &ConfigOptions::default(), |_, _| {})?;
    Ok(Arc::new(ViewTable::new(query, Some(text.to_owned()))))
}
