//! The answer of a statement, batch by batch.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::RecordBatchStream;
use futures::{Stream, StreamExt};
use tokio::sync::{mpsc, oneshot};

use crate::runtime::Task;
use crate::{EngineError, Progress, QueryId};

/// A stream of record batches that is computed on the engine's own threads.
///
/// A few batches are computed ahead; then the query waits for its reader. Dropping the stream
/// cancels the query.
#[derive(Debug)]
pub struct QueryStream {
    id: QueryId,
    schema: SchemaRef,
    progress: Arc<Progress>,
    batches: mpsc::Receiver<Result<RecordBatch, EngineError>>,
    stopped: Option<oneshot::Receiver<EngineError>>,
    worker: Option<Task<()>>,
}

impl QueryStream {
    pub(crate) fn new(
        id: QueryId,
        schema: SchemaRef,
        progress: Arc<Progress>,
        batches: mpsc::Receiver<Result<RecordBatch, EngineError>>,
        stopped: oneshot::Receiver<EngineError>,
        worker: Task<()>,
    ) -> Self {
        Self {
            id,
            schema,
            progress,
            batches,
            stopped: Some(stopped),
            worker: Some(worker),
        }
    }

    /// The query's name in [`crate::Engine::queries`].
    pub fn id(&self) -> &QueryId {
        &self.id
    }

    /// How far the query has come.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// The schema of every batch.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The next batch, or nothing at the end.
    pub async fn next_batch(&mut self) -> Result<Option<RecordBatch>, EngineError> {
        self.next().await.transpose().map_err(EngineError::from)
    }

    /// All batches.
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>, EngineError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next_batch().await? {
            batches.push(batch);
        }
        Ok(batches)
    }

    fn stop(&mut self) {
        self.stopped = None;
        self.worker = None;
        self.batches.close();
    }
}

impl Stream for QueryStream {
    type Item = Result<RecordBatch, DataFusionError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(stopped) = self.stopped.as_mut()
            && let Poll::Ready(outcome) = Pin::new(stopped).poll(context)
        {
            self.stopped = None;
            if let Ok(error) = outcome {
                self.stop();
                return Poll::Ready(Some(Err(error.into())));
            }
        }
        let next = futures::ready!(self.batches.poll_recv(context));
        Poll::Ready(next.map(|batch| batch.map_err(DataFusionError::from)))
    }
}

impl RecordBatchStream for QueryStream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}
