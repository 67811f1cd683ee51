//! Views: queries that are planned anew each time they are read.
//!
//! A plan kept from the day of its making would go on reading a table that has been dropped and
//! made again since. The text does not.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::config::ConfigOptions;
use datafusion::datasource::ViewTable;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use datafusion::optimizer::Analyzer;
use datafusion::optimizer::analyzer::type_coercion::TypeCoercion;

use super::record::Record;
use crate::{EngineError, sql};

tokio::task_local! {
    /// The views being opened, outermost first: one that is met again reads itself.
    static OPENING: Vec<String>;
}

/// Plans a view.
pub(super) async fn open(
    state: SessionState,
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
    OPENING.scope(chain, plan(state, record)).await
}

async fn plan(state: SessionState, record: &Record) -> Result<Arc<dyn TableProvider>, EngineError> {
    let statement = record.statement();
    let ast = sql::prepare(&state, statement.ast().clone()).await?;
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
