//! An engine in this process.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use cohortql_engine::{Engine, EngineError, Planned, Progress, Session, StatementKind};
use datafusion::logical_expr::{DdlStatement, LogicalPlan};
use futures::StreamExt;

use super::Answer;
use crate::cli::error::CliError;
use crate::cli::progress::Reading;

/// Said after CREATE TABLE in a project, whose other definitions stay.
const MEMORY_ONLY: &str = "the table is in memory and ends with this session; to keep it, COPY it TO \
    a file and name that with CREATE EXTERNAL TABLE, or make it a view";

/// One session of an engine.
pub(crate) struct Local {
    engine: Engine,
    session: Session,
}

impl Local {
    pub(crate) fn new(engine: Engine) -> Self {
        let session = engine.default_session().clone();
        Self { engine, session }
    }

    pub(super) async fn run(&self, statement: &str) -> Result<Answer, CliError> {
        let parsed = self.session.parse(statement)?;
        let [statement] = parsed.as_slice() else {
            let message = format!("expected one statement, got {}", parsed.len());
            return Err(CliError::Usage(message));
        };
        let planned = self.session.plan(statement).await?;
        let kind = planned.kind();
        let notice = (self.engine.settings().project_dir.is_some() && is_memory_table(&planned))
            .then_some(MEMORY_ONLY);
        let mut stream = self.session.execute(planned).await?;
        // What EXPLAIN ANALYZE says of a change is to be read.
        if kind == StatementKind::Change && stream.schema().fields().len() == 1 {
            return Ok(Answer::Changed {
                rows: affected(stream.next_batch().await?.as_ref()),
                notice,
            });
        }
        let schema = stream.schema();
        let batches = stream.map(|batch| Ok(batch.map_err(EngineError::from)?));
        Ok(Answer::Rows {
            schema,
            batches: Box::pin(batches),
        })
    }

    /// Counts what the session's newest statement has read.
    pub(super) fn reading(&self) -> Reading {
        let session = self.session.id();
        let queries = self.engine.queries();
        let newest = queries
            .iter()
            .rev()
            .find(|query| query.session_id == session);
        newest.map_or_else(Reading::default, |query| read(&query.progress))
    }
}

fn is_memory_table(planned: &Planned) -> bool {
    let plan = planned.logical_plan();
    matches!(plan, LogicalPlan::Ddl(DdlStatement::CreateMemoryTable(table)) if !table.temporary)
}

fn read(progress: &Progress) -> Reading {
    Reading {
        rows: progress.rows_read(),
        total_rows: progress.total_rows(),
        bytes: progress.bytes_read(),
        total_bytes: progress.total_bytes(),
    }
}

/// The one number that a change answers with.
fn affected(batch: Option<&RecordBatch>) -> u64 {
    let count = batch.and_then(|batch| batch.columns().first());
    let count = count.and_then(|column| column.as_primitive_opt::<Int64Type>());
    let count = count
        .filter(|column| column.len() == 1)
        .map(|column| column.value(0));
    count
        .and_then(|count| u64::try_from(count).ok())
        .unwrap_or(0)
}
