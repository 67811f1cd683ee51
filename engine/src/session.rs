//! A session: options of its own over the engine's tables and threads.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{Array, Int64Array, RecordBatch, UInt64Array};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::execute_stream;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::engine::Shared;
use crate::runtime::Task;
use crate::{EngineError, Planned, QueryStream, Statement, StatementKind, sql};

/// Batches that a query may be ahead of its reader.
const BATCHES_AHEAD: usize = 2;

/// A session. Cloning is cheap and gives the same session.
#[derive(Clone)]
pub struct Session {
    shared: Arc<Shared>,
    context: SessionContext,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Session")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
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
            .state()
            .config_options()
            .sql_parser
            .recursion_limit
            .get();
        Statement::parse_all(script, limit)
    }

    /// Plans a statement: resolves its names and types.
    pub async fn plan(&self, statement: &Statement) -> Result<Planned, EngineError> {
        let state = self.context.state();
        let statement = statement.clone();
        let work = async move {
            let ast = sql::prepare(&state, statement.ast().clone()).await?;
            let plan = state.statement_to_plan(ast).await?;
            Planned::new(statement, plan)
        };
        Task::spawn(self.shared.runtimes.compute(), work).await?
    }

    /// Runs a planned statement. A change has happened once this returns; a query goes on
    /// running while its stream is read.
    pub async fn execute(&self, planned: Planned) -> Result<QueryStream, EngineError> {
        let schema = planned.schema();
        let kind = planned.kind();
        let text = planned.statement().text().to_owned();
        let (running, stopped) = self.shared.queries.start(self.id(), text);
        let id = running.id.clone();
        let progress = Arc::clone(&running.progress);
        let started = self.start(planned.into_plan(), kind).await?;

        let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
        let shape = Arc::clone(&schema);
        let moved = Arc::clone(&progress);
        let limit = self.shared.settings.statement_timeout;
        let work = async move {
            let _running = running;
            let forwarded = forward(started, shape, &sender, &moved);
            if !within(limit, forwarded).await {
                let timeout = limit.unwrap_or_default();
                let _ = sender
                    .send(Err(EngineError::DeadlineExceeded { timeout }))
                    .await;
            }
        };
        let worker = Task::spawn(self.shared.runtimes.compute(), work);
        Ok(QueryStream::new(
            id, schema, progress, receiver, stopped, worker,
        ))
    }

    /// Runs one statement: parses, plans and executes it.
    pub async fn sql(&self, sql: &str) -> Result<QueryStream, EngineError> {
        let statements = self.parse(sql)?;
        let [statement] = statements.as_slice() else {
            return Err(EngineError::Syntax {
                message: format!("expected one statement, got {}", statements.len()),
                location: None,
            });
        };
        let planned = self.plan(statement).await?;
        self.execute(planned).await
    }

    async fn start(
        &self,
        plan: LogicalPlan,
        kind: StatementKind,
    ) -> Result<SendableRecordBatchStream, EngineError> {
        let context = self.context.clone();
        let work = async move {
            let frame = context.execute_logical_plan(plan).await?;
            let task = Arc::new(frame.task_ctx());
            let physical = frame.create_physical_plan().await?;
            let mut stream = execute_stream(physical, task)?;
            if kind == StatementKind::Change {
                let schema = stream.schema();
                let mut batches = Vec::new();
                while let Some(batch) = stream.next().await {
                    batches.push(batch?);
                }
                let counted = count(&batches)?;
                let answer = futures::stream::iter([Ok(counted)]);
                let _ = schema;
                stream = Box::pin(
                    datafusion::physical_plan::stream::RecordBatchStreamAdapter::new(
                        crate::planned::count_schema(),
                        answer,
                    ),
                );
            }
            Ok::<_, EngineError>(stream)
        };
        Task::spawn(self.shared.runtimes.compute(), work).await?
    }
}

async fn within(limit: Option<Duration>, work: impl Future<Output = ()>) -> bool {
    match limit {
        Some(limit) => timeout(limit, work).await.is_ok(),
        None => {
            work.await;
            true
        }
    }
}

async fn forward(
    mut stream: SendableRecordBatchStream,
    schema: SchemaRef,
    sender: &mpsc::Sender<Result<RecordBatch, EngineError>>,
    progress: &crate::Progress,
) {
    while let Some(batch) = stream.next().await {
        let batch = match batch {
            Ok(batch) => shaped(&batch, &schema),
            Err(error) => Err(error.into()),
        };
        let failed = batch.is_err();
        if let Ok(batch) = &batch {
            progress.returned(batch.num_rows());
        }
        if sender.send(batch).await.is_err() || failed {
            return;
        }
    }
}

/// Gives a batch the schema that was promised: the optimiser knows more than the plan said,
/// such as that a minimum is never NULL.
fn shaped(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch, EngineError> {
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                Ok(Arc::clone(column))
            } else {
                arrow::compute::cast(column, field.data_type())
            }
        })
        .collect::<Result<Vec<_>, _>>()
        .map_err(datafusion::error::DataFusionError::from)?;
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
        .map_err(|error| datafusion::error::DataFusionError::from(error).into())
}

/// Adds up the counts that INSERT and COPY report; everything else reports none.
fn count(batches: &[RecordBatch]) -> Result<RecordBatch, EngineError> {
    let mut rows = 0_i64;
    for batch in batches {
        if batch.num_columns() == 1
            && batch.column(0).data_type() == &DataType::UInt64
            && let Some(counts) = batch.column(0).as_any().downcast_ref::<UInt64Array>()
        {
            let sum: u64 = counts.iter().flatten().sum();
            rows = rows.saturating_add(i64::try_from(sum).unwrap_or(i64::MAX));
        }
    }
    let column = Arc::new(Int64Array::from(vec![rows]));
    RecordBatch::try_new(crate::planned::count_schema(), vec![column])
        .map_err(|error| datafusion::error::DataFusionError::from(error).into())
}
