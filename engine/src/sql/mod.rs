//! What CohortQL's SQL adds to DataFusion's.

mod dialect;
mod values;

use datafusion::execution::SessionState;
use datafusion::sql::parser::Statement as Ast;

use crate::EngineError;

pub use dialect::dialect;
pub(crate) use values::with_values;

/// Rewrites a parsed statement into what DataFusion plans.
pub(crate) async fn prepare(_state: &SessionState, statement: Ast) -> Result<Ast, EngineError> {
    Ok(statement)
}
