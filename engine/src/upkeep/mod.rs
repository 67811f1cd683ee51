//! `OPTIMIZE` and `VACUUM`: fewer files for the same rows, and none that nobody needs.
//!
//! Neither changes what a table holds. Both answer with a number of files: of those that `OPTIMIZE` has
//! put into others, and of those that `VACUUM` has removed.

mod optimize;

use std::cmp::Ordering;
use std::fmt;
use std::sync::{Arc, LazyLock};

use datafusion::common::{DFSchema, DFSchemaRef, TableReference};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::{Expr, Extension, LogicalPlan, UserDefinedLogicalNodeCore};
use datafusion::sql::parser::Statement as Ast;
use datafusion::sql::planner::object_name_to_table_reference;
use datafusion::sql::sqlparser::ast::{ObjectName, Statement};

use crate::formats::{Compaction, DeltaProvider, Removal};
use crate::sql::Vacuum;
use crate::{EngineError, Session, catalog};

/// What is done to a table.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Task {
    Optimize(Compaction),
    Vacuum(Removal),
}

/// A statement that is planned.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Upkeep {
    table: TableReference,
    task: Task,
}

static NO_COLUMNS: LazyLock<DFSchemaRef> = LazyLock::new(|| Arc::new(DFSchema::empty()));

impl Upkeep {
    /// The upkeep that a plan is, if it is one.
    pub(crate) fn of(plan: &LogicalPlan) -> Option<&Self> {
        match plan {
            LogicalPlan::Extension(extension) => extension.node.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// The table, as the statement names it.
    pub(crate) fn table(&self) -> &TableReference {
        &self.table
    }
}

/// Plans a statement of this kind; none of another.
///
/// # Errors
/// For what such a statement may not say.
pub(crate) fn plan(ast: &Ast, state: &SessionState) -> Result<Option<LogicalPlan>, EngineError> {
    let Ast::Statement(statement) = ast else {
        return Ok(None);
    };
    let normalizes = state.config_options().sql_parser.enable_ident_normalization;
    let named = |name: &ObjectName| object_name_to_table_reference(name.clone(), normalizes);
    let node = match statement.as_ref() {
        Statement::OptimizeTable { name, .. } => Upkeep {
            table: named(name)?,
            task: Task::Optimize(optimize::compaction(statement, normalizes)?),
        },
        Statement::Call(call) => {
            let Some(vacuum) = Vacuum::of(call)? else {
                return Ok(None);
            };
            Upkeep {
                table: named(&vacuum.table)?,
                task: Task::Vacuum(Removal {
                    lite: vacuum.lite,
                    retain_hours: vacuum.retain_hours,
                    force: vacuum.force,
                    dry_run: vacuum.dry_run,
                }),
            }
        }
        _ => return Ok(None),
    };
    Ok(Some(LogicalPlan::Extension(Extension {
        node: Arc::new(node),
    })))
}

/// Does what is planned, and returns how many files it was about.
///
/// # Errors
/// When the table is none, or no Delta table; when somebody else has changed it meanwhile.
pub(crate) async fn apply(session: &Session, upkeep: &Upkeep) -> Result<i64, EngineError> {
    let context = session.context();
    let place = catalog::place(context, &upkeep.table)?;
    let table = session.shared().catalog.opened(&place).await?;
    let Some(table) = table else {
        return Err(EngineError::NotFound {
            message: format!("table {:?} does not exist", upkeep.table.table()),
            location: None,
        });
    };
    let Some(delta) = table.downcast_ref::<DeltaProvider>() else {
        return Err(EngineError::Unsupported {
            message: format!(
                "{:?} is no Delta table: OPTIMIZE and VACUUM are for those",
                upkeep.table.table()
            ),
            location: None,
        });
    };
    let files = match &upkeep.task {
        Task::Optimize(compaction) => delta.compact(&context.state(), compaction).await?,
        Task::Vacuum(removal) => delta.vacuum(removal).await?,
    };
    Ok(i64::try_from(files).unwrap_or(i64::MAX))
}

impl PartialOrd for Upkeep {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl UserDefinedLogicalNodeCore for Upkeep {
    fn name(&self) -> &str {
        match self.task {
            Task::Optimize(_) => "Optimize",
            Task::Vacuum(_) => "Vacuum",
        }
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        Vec::new()
    }

    fn schema(&self) -> &DFSchemaRef {
        &NO_COLUMNS
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.name(), self.table)
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, _: Vec<LogicalPlan>) -> Result<Self> {
        Ok(self.clone())
    }
}
