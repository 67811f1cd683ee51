//! Runs planned statements on the compute threads and hands their batches over.
//!
//! The worker that runs a statement ends when the statement does, when nobody reads its answer
//! any more, or when it is told to stop. DataFusion's operators give way to other work every so
//! often, and ending a worker drops them, so that all of these take effect at once.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use cohortql_udfs::Interrupt;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use futures::future::{Either, select};
use futures::{FutureExt, StreamExt};
use tokio::sync::mpsc;

use crate::prepared::Naming;
use crate::queries::{Phase, Running};
use crate::runtime::Task;
use crate::shape::shaped;
use crate::{
    EngineError, Planned, Progress, QueryStream, Session, StatementKind, changes, constants,
    counting,
};

/// Batches that a query may be ahead of its reader.
const BATCHES_AHEAD: usize = 2;

/// Runs a planned statement. A change is over when this returns; a query has a physical plan and
/// runs.
pub(crate) async fn execute(
    session: &Session,
    planned: Planned,
    mut running: Running,
) -> Result<QueryStream, EngineError> {
    running.does(planned.kind(), Arc::clone(planned.tables()));
    running.unless_failed(planned.require_bound())?;
    match planned.is_light() {
        true => running.time_out_after(session.limits().statement_timeout),
        false => session.take_turn(&mut running).await?,
    }
    running.unless_failed(session.check(planned.logical_plan()))?;
    let schema = planned.schema();
    if planned.kind() == StatementKind::Change {
        return change(session, planned, running, schema).await;
    }
    let row = constants::row(planned.logical_plan(), &schema);
    match running.unless_failed(row)? {
        Some(row) => Ok(told(row, running)),
        None => query(session, planned, running, schema).await,
    }
}

/// The answer of a query that is over before it runs.
fn told(row: RecordBatch, running: Running) -> QueryStream {
    let (id, progress) = (running.id.clone(), Arc::clone(&running.progress));
    progress.enter(Phase::Running);
    progress.returned(row.num_rows());
    running.ends(&Ok(()));
    QueryStream::of(id, row, progress)
}

async fn query(
    session: &Session,
    planned: Planned,
    mut running: Running,
    schema: SchemaRef,
) -> Result<QueryStream, EngineError> {
    let compute = session.shared().runtimes.compute();
    let context = session.context().clone();
    let progress = Arc::clone(&running.progress);
    let start = async move { start(&context, planned.into_plan(), &progress).await };
    let interrupt = Interrupt::default();
    let start = Task::spawn_under(&interrupt, compute, start).map(Result::flatten);
    let started = running.unless_stopped(start).await?;
    let stopped = running.stopped.clone();
    let (id, progress) = (running.id.clone(), Arc::clone(&running.progress));
    let (sender, receiver) = mpsc::channel(BATCHES_AHEAD);
    let promised = Arc::clone(&schema);
    let worker = async move {
        let stop = Box::pin(running.stopped.clone().reason());
        let work = Box::pin(forward(started, promised, &sender, &running.progress));
        let outcome = match select(work, stop).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => None,
        };
        if let Some(outcome) = outcome {
            // Whoever has read the end finds the statement's record.
            running.ends(&outcome);
            if let Err(error) = outcome {
                let _ = sender.send(Err(error)).await;
            }
        }
    };
    let worker = Task::spawn_under(&interrupt, compute, worker);
    Ok(QueryStream::new(
        id, schema, progress, receiver, stopped, worker,
    ))
}

async fn change(
    session: &Session,
    planned: Planned,
    running: Running,
    schema: SchemaRef,
) -> Result<QueryStream, EngineError> {
    let compute = session.shared().runtimes.compute();
    let (id, progress) = (running.id.clone(), Arc::clone(&running.progress));
    let stopped = running.stopped.clone();
    let (sender, receiver) = mpsc::channel(1);
    let session = session.clone();
    if !changes::makes_physical_plan(planned.logical_plan()) {
        running.progress.enter(Phase::Running);
    }
    let worker = async move {
        let work = Box::pin(changed(&session, planned, &running.progress));
        let stop = Box::pin(running.stopped.clone().reason());
        let outcome = match select(work, stop).await {
            Either::Left((outcome, _)) => outcome,
            Either::Right(_) => return,
        };
        running.ends(&outcome);
        // Nobody left to tell is no reason to fail: the change has happened.
        let _ = sender.send(outcome).await;
    };
    let worker = Task::spawn(compute, worker);
    QueryStream::new(id, schema, progress, receiver, stopped, worker)
        .settled()
        .await
}

/// Makes a change.
async fn changed(
    session: &Session,
    planned: Planned,
    progress: &Arc<Progress>,
) -> Result<RecordBatch, EngineError> {
    let naming = Naming::by(&planned);
    let change = changes::apply(session, planned, progress);
    match naming {
        None => change.await,
        Some(naming) => {
            let pool = &session.context().runtime_env().memory_pool;
            session.prepared().changing(naming, pool, change).await
        }
    }
}

/// Makes the physical plan of a query and starts it.
async fn start(
    context: &SessionContext,
    plan: LogicalPlan,
    progress: &Arc<Progress>,
) -> Result<SendableRecordBatchStream, EngineError> {
    let physical = physical_plan(context, plan).await?;
    progress.watch(&physical);
    let task = counting::task_context(context, progress);
    Ok(execute_stream(physical, task)?)
}

pub(crate) async fn physical_plan(
    context: &SessionContext,
    plan: LogicalPlan,
) -> Result<Arc<dyn ExecutionPlan>, EngineError> {
    let state = context.state();
    Ok(state.create_physical_plan(&plan).await?)
}

/// Hands the batches of a stream over. Nothing comes of it when nobody reads them any more.
async fn forward(
    mut stream: SendableRecordBatchStream,
    schema: SchemaRef,
    sender: &mpsc::Sender<Result<RecordBatch, EngineError>>,
    progress: &Progress,
) -> Option<Result<(), EngineError>> {
    while let Some(batch) = stream.next().await {
        let batch = batch
            .map_err(EngineError::from)
            .and_then(|batch| shaped(batch, &schema));
        let batch = match batch {
            Ok(batch) => batch,
            Err(error) => return Some(Err(error)),
        };
        progress.returned(batch.num_rows());
        sender.send(Ok(batch)).await.ok()?;
    }
    Some(Ok(()))
}
