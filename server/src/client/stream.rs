//! A remote query's rows as they arrive.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow_flight::FlightData;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use futures::{Stream, StreamExt, TryStreamExt, ready};
use tonic::Streaming;

use super::ClientError;

/// Record batches of a schema known from the start. Dropping it cancels the query.
#[derive(Debug)]
pub struct RemoteStream {
    schema: SchemaRef,
    batches: Option<FlightRecordBatchStream>,
}

impl RemoteStream {
    pub(super) fn new(schema: SchemaRef, messages: Streaming<FlightData>) -> Self {
        let messages = messages.map_err(FlightError::from);
        Self {
            schema,
            batches: Some(FlightRecordBatchStream::new_from_flight_data(messages)),
        }
    }

    /// No columns and no rows: the answer of a change.
    pub(super) fn empty() -> Self {
        Self {
            schema: Arc::new(Schema::empty()),
            batches: None,
        }
    }

    /// The schema of every batch, as the server promised it.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// The next batch, or nothing at the end.
    pub async fn next_batch(&mut self) -> Result<Option<RecordBatch>, ClientError> {
        self.next().await.transpose()
    }

    /// All batches.
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>, ClientError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next_batch().await? {
            batches.push(batch);
        }
        Ok(batches)
    }
}

impl Stream for RemoteStream {
    type Item = Result<RecordBatch, ClientError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let promised = Arc::clone(&self.schema);
        let Some(batches) = self.batches.as_mut() else {
            return Poll::Ready(None);
        };
        let next = ready!(batches.poll_next_unpin(context)).map(|batch| match batch {
            Ok(batch) if batch.schema() == promised => Ok(batch),
            Ok(_) => Err(ClientError::Protocol(
                "the rows have another schema than promised".to_owned(),
            )),
            Err(FlightError::Tonic(status)) => Err(ClientError::from(*status)),
            Err(other) => Err(ClientError::Protocol(other.to_string())),
        });
        if !matches!(next, Some(Ok(_))) {
            self.batches = None;
        }
        Poll::Ready(next)
    }
}
