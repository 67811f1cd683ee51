//! What a client puts: a descriptor, and rows of parameters after it.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::{FlightData, FlightDescriptor};
use futures::{Stream, StreamExt, TryStreamExt, stream};
use tonic::Status;

use crate::error::ProtocolError;

/// A client's stream of rows, decoded as it arrives.
pub struct Rows {
    descriptor: FlightDescriptor,
    batches: FlightRecordBatchStream,
}

impl Rows {
    /// Waits for the first message, which says what the rows are for.
    pub async fn open(
        mut messages: impl Stream<Item = Result<FlightData, Status>> + Send + Unpin + 'static,
    ) -> Result<Self, ProtocolError> {
        let first = messages.next().await.transpose().map_err(broken)?;
        let first = first
            .ok_or_else(|| ProtocolError::Invalid("expected a command, got nothing".to_owned()))?;
        let descriptor = first.flight_descriptor.clone().ok_or_else(|| {
            ProtocolError::Invalid(
                "expected a descriptor in the first message, got none".to_owned(),
            )
        })?;
        // A client without rows to send may leave the Arrow part of the message empty.
        let arrow = stream::iter([Ok(first)])
            .chain(messages)
            .try_filter(|message| std::future::ready(!message.data_header.is_empty()))
            .map_err(FlightError::from);
        Ok(Self {
            descriptor,
            batches: FlightRecordBatchStream::new_from_flight_data(arrow),
        })
    }

    /// What the rows are for.
    pub fn descriptor(&self) -> &FlightDescriptor {
        &self.descriptor
    }

    /// The rows' schema, once the first batch or the end was met.
    pub fn schema(&self) -> Option<&SchemaRef> {
        self.batches.schema()
    }

    /// The next batch; none at the end.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, ProtocolError> {
        self.batches.next().await.transpose().map_err(unreadable)
    }

    /// Reads to the end.
    pub async fn drain(mut self) -> Result<(), ProtocolError> {
        while self.next().await?.is_some() {}
        Ok(())
    }

    /// All rows, while they take no more than `limit` bytes; none when not even a schema came.
    pub async fn collect(
        mut self,
        limit: usize,
    ) -> Result<Option<(SchemaRef, Vec<RecordBatch>)>, ProtocolError> {
        let mut batches = Vec::new();
        let mut bytes = 0_usize;
        while let Some(batch) = self.next().await? {
            bytes = bytes.saturating_add(batch.get_array_memory_size());
            if bytes > limit {
                return Err(ProtocolError::Limit(format!(
                    "the bound parameters take more than {} MiB",
                    limit >> 20
                )));
            }
            batches.push(batch);
        }
        Ok(self.schema().map(|schema| (Arc::clone(schema), batches)))
    }
}

fn broken(status: Status) -> ProtocolError {
    ProtocolError::Stream(Box::new(status))
}

fn unreadable(error: FlightError) -> ProtocolError {
    match error {
        FlightError::Tonic(status) => ProtocolError::Stream(status),
        other => ProtocolError::Invalid(format!("the parameters cannot be read: {other}")),
    }
}
