//! The answer of a statement, batch by batch.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::error::DataFusionError;
use datafusion::execution::RecordBatchStream;
use futures::future::BoxFuture;
use futures::{Stream, StreamExt};
use tokio::sync::mpsc;

use crate::queries::Stopped;
use crate::runtime::Task;
use crate::{EngineError, Progress, QueryId};

/// A stream of record batches that is computed on the engine's own threads.
///
/// A few batches are computed ahead; then the query waits for its reader. Dropping the stream
/// cancels the query. After an error the stream is at its end.
pub struct QueryStream {
    id: QueryId,
    schema: SchemaRef,
    progress: Arc<Progress>,
    first: Option<RecordBatch>,
    source: Option<Source>,
}

/// Where batches come from for as long as the query runs.
struct Source {
    batches: mpsc::Receiver<Result<RecordBatch, EngineError>>,
    stopped: BoxFuture<'static, EngineError>,
    worker: Task<()>,
}

impl QueryStream {
    pub(crate) fn new(
        id: QueryId,
        schema: SchemaRef,
        progress: Arc<Progress>,
        batches: mpsc::Receiver<Result<RecordBatch, EngineError>>,
        stopped: Stopped,
        worker: Task<()>,
    ) -> Self {
        Self {
            id,
            schema,
            progress,
            first: None,
            source: Some(Source {
                batches,
                stopped: Box::pin(stopped.reason()),
                worker,
            }),
        }
    }

    /// An answer of one batch that is there already.
    pub(crate) fn of(id: QueryId, batch: RecordBatch, progress: Arc<Progress>) -> Self {
        Self {
            id,
            schema: batch.schema(),
            progress,
            first: Some(batch),
            source: None,
        }
    }

    /// Waits until the first batch is there, so that whatever the statement does has been done.
    pub(crate) async fn settled(mut self) -> Result<Self, EngineError> {
        self.first = self.next_batch().await?;
        Ok(self)
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
}

impl Source {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<RecordBatch, EngineError>>> {
        if let Poll::Ready(reason) = self.stopped.as_mut().poll(context) {
            return Poll::Ready(Some(Err(reason)));
        }
        if let Some(batch) = ready!(self.batches.poll_recv(context)) {
            return Poll::Ready(Some(batch));
        }
        // The channel also closes when the worker panics; that is no end of the answer.
        match ready!(Pin::new(&mut self.worker).poll(context)) {
            Ok(()) => Poll::Ready(None),
            Err(error) => Poll::Ready(Some(Err(error))),
        }
    }
}

impl Stream for QueryStream {
    type Item = Result<RecordBatch, DataFusionError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(batch) = self.first.take() {
            return Poll::Ready(Some(Ok(batch)));
        }
        let Some(source) = self.source.as_mut() else {
            return Poll::Ready(None);
        };
        let next = ready!(source.poll(context));
        if !matches!(next, Some(Ok(_))) {
            self.source = None;
        }
        Poll::Ready(next.map(|batch| batch.map_err(DataFusionError::from)))
    }
}

impl RecordBatchStream for QueryStream {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }
}

impl fmt::Debug for QueryStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("QueryStream")
            .field("id", &self.id)
            .field("schema", &self.schema)
            .finish_non_exhaustive()
    }
}
