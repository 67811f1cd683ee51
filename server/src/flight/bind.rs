//! What a client puts: a descriptor, and rows of parameters after it.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::{FlightData, FlightDescriptor};
use futures::{StreamExt, TryStreamExt, stream};
use tonic::{Status, Streaming};

use crate::error::ServerError;

/// A client's stream of rows, decoded as it arrives.
pub(super) struct Rows {
    descriptor: FlightDescriptor,
    batches: FlightRecordBatchStream,
}

impl Rows {
    /// Waits for the first message, which says what the rows are for.
    pub(super) async fn open(mut messages: Streaming<FlightData>) -> Result<Self, ServerError> {
        let first =
            messages.message().await.map_err(broken)?.ok_or_else(|| {
                ServerError::Invalid("expected a command, got nothing".to_owned())
            })?;
        let descriptor = first.flight_descriptor.clone().ok_or_else(|| {
            ServerError::Invalid("expected a descriptor in the first message, got none".to_owned())
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

    pub(super) fn descriptor(&self) -> &FlightDescriptor {
        &self.descriptor
    }

    /// The rows' schema, once the first batch or the end was met.
    pub(super) fn schema(&self) -> Option<&SchemaRef> {
        self.batches.schema()
    }

    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>, ServerError> {
        self.batches.next().await.transpose().map_err(unreadable)
    }

    /// Reads to the end.
    pub(super) async fn drain(mut self) -> Result<(), ServerError> {
        while self.next().await?.is_some() {}
        Ok(())
    }

    /// All rows, while they take no more than `limit` bytes; none when not even a schema came.
    pub(super) async fn collect(
        mut self,
        limit: usize,
    ) -> Result<Option<(SchemaRef, Vec<RecordBatch>)>, ServerError> {
        let mut batches = Vec::new();
        let mut bytes = 0_usize;
        while let Some(batch) = self.next().await? {
            bytes = bytes.saturating_add(batch.get_array_memory_size());
            if bytes > limit {
                return Err(ServerError::Limit(format!(
                    "the bound parameters take more than {} MiB",
                    limit >> 20
                )));
            }
            batches.push(batch);
        }
        Ok(self.schema().map(|schema| (Arc::clone(schema), batches)))
    }
}

fn broken(status: Status) -> ServerError {
    ServerError::Stream(Box::new(status))
}

fn unreadable(error: FlightError) -> ServerError {
    match error {
        FlightError::Tonic(status) => ServerError::Stream(status),
        other => ServerError::Invalid(format!("the parameters cannot be read: {other}")),
    }
}
