//! What a client puts: a descriptor, and rows after it, decoded as they arrive.
//!
//! Every message is looked at before Arrow's reader has it, since the reader trusts more than a
//! stranger's bytes deserve: what it trusts is written down in `ipc`.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::{FlightData, FlightDescriptor};
use futures::{FutureExt, Stream, StreamExt, stream};
use tonic::Status;

use crate::error::ProtocolError;
use crate::ipc::{Inspector, inspect_values, invalid};

/// What a batch takes beside its values, for each column and once more.
const COLUMN_BYTES: usize = 256;

/// A client's stream of rows.
pub struct Rows {
    descriptor: FlightDescriptor,
    batches: FlightRecordBatchStream,
    /// Bytes of all messages so far, once inflated.
    bytes: Arc<AtomicUsize>,
    over: bool,
}

impl std::fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Rows")
    }
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
        let bytes = Arc::new(AtomicUsize::new(0));
        let (mut inspector, counter) = (Inspector::default(), Arc::clone(&bytes));
        let arrow = stream::iter([Ok(first)])
            .chain(messages)
            // A client without rows to send may leave the Arrow part of a message empty.
            .filter(|message| {
                let empty = matches!(message, Ok(message) if message.data_header.is_empty());
                std::future::ready(!empty)
            })
            .map(move |message| {
                let message = message.map_err(FlightError::from)?;
                let taken = inspector.inspect(&message).map_err(refused)?;
                counter.fetch_add(taken, Ordering::Relaxed);
                Ok(message)
            });
        Ok(Self {
            descriptor,
            batches: FlightRecordBatchStream::new_from_flight_data(arrow),
            bytes,
            over: false,
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

    /// The next batch with rows; none at the end, and after an error.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>, ProtocolError> {
        while !self.over {
            // The reader's last panics, should the inspector have missed one, are the client's
            // error and not the end of the server's task. The reader is not asked again.
            let read = AssertUnwindSafe(self.batches.next()).catch_unwind().await;
            match read {
                Ok(Some(Ok(batch))) if batch.num_rows() == 0 => {}
                Ok(Some(Ok(batch))) => {
                    let checked = batch.columns().iter().try_for_each(inspect_values);
                    self.over = checked.is_err();
                    return checked.map(|()| Some(batch));
                }
                Ok(None) => self.over = true,
                Ok(Some(Err(error))) => {
                    self.over = true;
                    return Err(unreadable(error));
                }
                Err(_) => {
                    self.over = true;
                    return Err(unreadable(FlightError::DecodeError(
                        "a message is damaged".to_owned(),
                    )));
                }
            }
        }
        Ok(None)
    }

    /// Reads to the end.
    pub async fn drain(mut self) -> Result<(), ProtocolError> {
        while self.next().await?.is_some() {}
        Ok(())
    }

    /// All rows, while they take no more than `limit` bytes; none when not even a schema came.
    /// Without rows there is one empty batch, which has the schema.
    pub async fn collect(
        mut self,
        limit: usize,
    ) -> Result<Option<(SchemaRef, Vec<RecordBatch>)>, ProtocolError> {
        let mut batches = Vec::new();
        let mut beside = 0_usize;
        while let Some(batch) = self.next().await? {
            let columns = batch.schema_ref().flattened_fields().len();
            beside = beside.saturating_add((columns + 1) * COLUMN_BYTES);
            let bytes = self.bytes.load(Ordering::Relaxed);
            if bytes.saturating_add(beside) > limit {
                return Err(ProtocolError::Limit(format!(
                    "the bound parameters take more than {} MiB",
                    limit >> 20
                )));
            }
            batches.push(batch);
        }
        Ok(self.schema().map(|schema| {
            if batches.is_empty() {
                batches.push(RecordBatch::new_empty(Arc::clone(schema)));
            }
            (Arc::clone(schema), batches)
        }))
    }
}

fn broken(status: Status) -> ProtocolError {
    ProtocolError::Stream(Box::new(status))
}

/// Carries the inspector's error through the reader.
fn refused(error: ProtocolError) -> FlightError {
    FlightError::ExternalError(Box::new(error))
}

fn unreadable(error: FlightError) -> ProtocolError {
    match error {
        FlightError::Tonic(status) => ProtocolError::Stream(status),
        FlightError::ExternalError(error) => match error.downcast() {
            Ok(refused) => *refused,
            Err(error) => invalid(error),
        },
        FlightError::Arrow(error) => invalid(error),
        FlightError::DecodeError(error) | FlightError::ProtocolError(error) => invalid(error),
        other => invalid(other),
    }
}
