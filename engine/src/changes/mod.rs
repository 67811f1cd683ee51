//! Statements that change something: tables, data, options of the session.
//!
//! Each runs once and answers with the number of rows that it wrote, 0 where rows are not the
//! matter.

mod copy;
mod options;

use std::sync::Arc;

use arrow::array::{Array, Int64Array, RecordBatch, UInt64Array};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{DdlStatement, LogicalPlan, Statement as PlanStatement};
use datafusion::physical_plan::execute_stream;
use futures::TryStreamExt;

use self::copy::Arrival;
pub(crate) use self::copy::settled;
use crate::execution::physical_plan;
use crate::upkeep::{self, Upkeep};
use crate::{EngineError, Planned, Progress, Session, catalog, counting};

/// The schema of a change's answer: the number of rows, or what EXPLAIN ANALYZE says.
pub(crate) fn answer_schema(plan: &LogicalPlan) -> SchemaRef {
    match plan {
        LogicalPlan::Analyze(_) => Arc::clone(plan.schema().inner()),
        _ => count_schema(),
    }
}

fn count_schema() -> SchemaRef {
    let count = Field::new("count", DataType::Int64, false);
    Arc::new(Schema::new(vec![count]))
}

/// Whether a change is a physical plan that runs.
pub(crate) fn makes_physical_plan(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Analyze(_) | LogicalPlan::Dml(_) | LogicalPlan::Copy(_) => true,
        LogicalPlan::Ddl(ddl) => matches!(ddl, DdlStatement::CreateMemoryTable(_)),
        _ => false,
    }
}

/// Makes a change and returns its answer.
pub(crate) async fn apply(
    session: &Session,
    planned: Planned,
    progress: &Arc<Progress>,
) -> Result<RecordBatch, EngineError> {
    let rows = match planned.logical_plan() {
        LogicalPlan::Analyze(_) => {
            let schema = planned.schema();
            let batches = run(session, planned.into_plan(), progress).await?;
            let answer = concat_batches(&schema, &batches).map_err(arrow_error)?;
            progress.returned(answer.num_rows());
            return Ok(answer);
        }
        LogicalPlan::Dml(_) | LogicalPlan::Copy(_) => {
            written(&run(session, planned.into_plan(), progress).await?)
        }
        LogicalPlan::Statement(statement) => {
            supported(statement)?;
            options::check(session, statement)?;
            let context = session.context();
            context.execute_logical_plan(planned.into_plan()).await?;
            0
        }
        plan => match Upkeep::of(plan) {
            Some(upkeep) => upkeep::apply(session, upkeep).await?,
            None => catalog::apply(session, planned, progress).await?,
        },
    };
    progress.returned(usize::try_from(rows).unwrap_or(0));
    let count = Arc::new(Int64Array::from(vec![rows]));
    RecordBatch::try_new(count_schema(), vec![count]).map_err(arrow_error)
}

fn supported(statement: &PlanStatement) -> Result<(), EngineError> {
    match statement {
        PlanStatement::TransactionStart(_) | PlanStatement::TransactionEnd(_) => {
            Err(EngineError::Unsupported {
                message: "transactions are not supported: every statement stands for itself"
                    .to_owned(),
                location: None,
            })
        }
        _ => Ok(()),
    }
}

/// Runs a plan that writes.
async fn run(
    session: &Session,
    plan: LogicalPlan,
    progress: &Arc<Progress>,
) -> Result<Vec<RecordBatch>, EngineError> {
    let context = session.context();
    let (plan, arrival) = Arrival::of(plan)?;
    let physical = arrival.holding(physical_plan(context, plan).await?)?;
    progress.watch(&physical);
    let stream = execute_stream(physical, counting::task_context(context, progress))?;
    let answer = stream.try_collect().await?;
    arrival.put_in_place()?;
    Ok(answer)
}

/// The rows written, of which an INSERT or a COPY tells those of each of its parts.
fn written(batches: &[RecordBatch]) -> i64 {
    let columns = batches.iter().filter_map(|batch| batch.columns().first());
    let counts = columns.filter_map(|column| column.as_any().downcast_ref::<UInt64Array>());
    let rows = counts
        .flat_map(|counts| counts.iter().flatten())
        .fold(0, u64::saturating_add);
    i64::try_from(rows).unwrap_or(i64::MAX)
}

fn arrow_error(error: ArrowError) -> EngineError {
    DataFusionError::from(error).into()
}
