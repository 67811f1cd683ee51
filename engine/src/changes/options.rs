//! SET and RESET: which options a session may change, and to what.

use datafusion::logical_expr::Statement as PlanStatement;

use crate::config::time_zone;
use crate::statement::STORED_RECURSION_LIMIT;
use crate::{EngineError, Session};

/// Options of the whole engine, which no single session may change.
const ENGINE_WIDE: &str = "datafusion.runtime.";

const TIME_ZONE: &str = "datafusion.execution.time_zone";
const PARTITIONS: &str = "datafusion.execution.target_partitions";
const BATCH_SIZE: &str = "datafusion.execution.batch_size";
const NESTING: &str = "datafusion.sql_parser.recursion_limit";

/// Refuses what the engine's builder has not allowed, and values that would fail later on.
pub(super) fn check(session: &Session, statement: &PlanStatement) -> Result<(), EngineError> {
    let (variable, value) = match statement {
        PlanStatement::SetVariable(set) => (set.variable.as_str(), Some(set.value.as_str())),
        PlanStatement::ResetVariable(reset) => (reset.variable.as_str(), None),
        _ => return Ok(()),
    };
    if variable.starts_with(ENGINE_WIDE) && !session.shared().settings.allow_runtime_options {
        return Err(plan(format!(
            "option {variable:?} belongs to the engine, not to a session: \
             set it in cohortql.toml or on the builder"
        )));
    }
    let Some(value) = value else { return Ok(()) };
    match variable {
        TIME_ZONE => time_zone(value).map_err(plan),
        PARTITIONS | BATCH_SIZE => positive(variable, value).map(drop),
        // Deeper ones could not be read back from the catalog, or exhaust the stack.
        NESTING if positive(variable, value)? > STORED_RECURSION_LIMIT => Err(plan(format!(
            "option {variable:?} must be at most {STORED_RECURSION_LIMIT}, got {value:?}"
        ))),
        _ => Ok(()),
    }
}

fn positive(variable: &str, value: &str) -> Result<usize, EngineError> {
    match value.trim().parse::<usize>() {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(plan(format!(
            "option {variable:?} must be a whole number from 1, got {value:?}"
        ))),
    }
}

fn plan(message: String) -> EngineError {
    EngineError::Plan {
        message,
        location: None,
    }
}
