//! Statements that change something: tables, data, options of the session.
//!
//! Each runs once and answers with the number of rows that it wrote, 0 where rows are not the
//! matter.

mod options;

pub(crate) use options::time_zone;

use std::sync::Arc;

use arrow::array::{Array, Int64Array, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{LogicalPlan, Statement as PlanStatement};
use datafusion::physical_plan::execute_stream;
use futures::StreamExt;

use crate::execution::physical_plan;
use crate::{EngineError, Planned, Progress, Session, catalog, counting};

/// The schema of every change's answer.
pub(crate) fn answer_schema() -> SchemaRef {
    let count = Field::new("count", DataType::Int64, false);
    Arc::new(Schema::new(vec![count]))
}

/// The answer of a change that wrote this many rows.
pub(crate) fn answer(rows: i64) -> Result<RecordBatch, EngineError> {
    let count = Arc::new(Int64Array::from(vec![rows]));
    RecordBatch::try_new(answer_schema(), vec![count]).map_err(arrow_error)
}

/// Makes a change and returns how many rows it wrote.
pub(crate) async fn apply(
    session: &Session,
    planned: Planned,
    progress: &Arc<Progress>,
) -> Result<i64, EngineError> {
    match planned.logical_plan() {
        LogicalPlan::Dml(_) | LogicalPlan::Copy(_) => {
            write(session, planned.into_plan(), progress).await
        }
        LogicalPlan::Statement(statement) => {
            supported(statement)?;
            options::check(session, statement)?;
            let context = session.context();
            context.execute_logical_plan(planned.into_plan()).await?;
            Ok(0)
        }
        _ => catalog::apply(session, planned, progress).await,
    }
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

/// Runs an INSERT or a COPY, whose plans answer with the rows written by each of their parts.
async fn write(
    session: &Session,
    plan: LogicalPlan,
    progress: &Arc<Progress>,
) -> Result<i64, EngineError> {
    let context = session.context();
    let physical = physical_plan(context, plan).await?;
    progress.watch(&physical);
    let mut stream = execute_stream(physical, counting::task_context(context, progress))?;
    let mut written = 0_u64;
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        let counts = batch
            .columns()
            .first()
            .and_then(|column| column.as_any().downcast_ref::<UInt64Array>());
        written = counts
            .into_iter()
            .flat_map(|counts| counts.iter().flatten())
            .fold(written, u64::saturating_add);
    }
    Ok(i64::try_from(written).unwrap_or(i64::MAX))
}

fn arrow_error(error: ArrowError) -> EngineError {
    DataFusionError::from(error).into()
}
