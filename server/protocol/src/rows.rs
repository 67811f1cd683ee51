//! What a client puts: a descriptor, and rows after it, decoded as they arrive.
//!
//! Every message is looked at before Arrow's reader has it, since the reader trusts more than a
//! stranger's bytes deserve: what it trusts is written down in `ipc`. What it has read may say a
//! value once for many rows; whoever takes the rows writes it out, so that they come in portions.

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
use crate::wire::{Portions, Room};

/// What a batch takes beside its values, for each column and once more.
const COLUMN_BYTES: usize = 256;

/// Bytes that the rows of one batch take once values that are said once are written out. A row may
/// take more, alone.
const FLAT_BYTES: u64 = 4 << 20;

/// Bytes that one row may take so: what a message may.
const ROW_BYTES: u64 = 64 << 20;

/// A client's stream of rows.
pub struct Rows {
    descriptor: FlightDescriptor,
    batches: FlightRecordBatchStream,
    /// Bytes of all messages so far, once inflated.
    bytes: Arc<AtomicUsize>,
    /// What is left of a batch.
    portions: Option<Portions>,
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
            portions: None,
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
        loop {
            if let Some(portion) = self.portions.as_mut().and_then(Iterator::next) {
                let rows = portion.num_rows();
                if rows == 1 && !Room::of(ROW_BYTES).takes(portion.columns().iter(), 0..1) {
                    (self.portions, self.over) = (None, true);
                    return Err(ProtocolError::Limit(format!(
                        "a row takes more than {} MiB once the values of its dictionaries, runs \
                         and views are written out; send shorter values",
                        ROW_BYTES >> 20
                    )));
                }
                return Ok(Some(portion));
            }
            self.portions = match self.read().await? {
                Some(batch) => Some(Portions::of(&batch, batch.columns().iter(), FLAT_BYTES)),
                None => return Ok(None),
            };
        }
    }

    /// The next batch with rows as it came.
    async fn read(&mut self) -> Result<Option<RecordBatch>, ProtocolError> {
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
        let mut flat = Room::of(limit as u64);
        while let Some(batch) = self.next().await? {
            let columns = batch.schema_ref().flattened_fields().len();
            beside = beside.saturating_add((columns + 1) * COLUMN_BYTES);
            let bytes = self.bytes.load(Ordering::Relaxed);
            let fits = flat.takes(batch.columns().iter(), 0..batch.num_rows());
            if !fits || bytes.saturating_add(beside) > limit {
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

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, DictionaryArray, Int32Array, StringArray};
    use bytes::Bytes;
    use futures::executor::block_on;

    use super::*;
    use crate::trials::sent::messages;

    /// One text of a number of bytes, which so many rows have.
    fn sent(bytes: usize, rows: usize) -> Rows {
        let texts = StringArray::from(vec!["x".repeat(bytes)]);
        let keys = Int32Array::from(vec![0; rows]);
        let texts: ArrayRef = Arc::new(DictionaryArray::new(keys, Arc::new(texts)));
        let batch = RecordBatch::try_from_iter([("c", texts)]).unwrap();
        let descriptor = FlightDescriptor::new_cmd(Bytes::new());
        let mut sent = vec![FlightData::new().with_descriptor(descriptor)];
        sent.extend(messages(&batch, None));
        block_on(Rows::open(stream::iter(sent.into_iter().map(Ok)))).unwrap()
    }

    #[test]
    fn a_value_that_many_rows_name_comes_in_portions() {
        let mut rows = sent(1 << 20, 100_000);
        let mut count = 0;
        while let Some(batch) = block_on(rows.next()).unwrap() {
            assert!(batch.num_rows() <= 3);
            count += batch.num_rows();
        }
        assert_eq!(count, 100_000);
        let mut rows = sent(8, 100_000);
        let batch = block_on(rows.next()).unwrap().unwrap();
        assert_eq!(batch.num_rows(), 100_000);
        assert!(block_on(rows.next()).unwrap().is_none());
    }

    #[test]
    fn a_row_above_the_limit_is_refused() {
        let mut rows = sent(65 << 20, 2);
        let error = block_on(rows.next()).unwrap_err();
        assert!(matches!(error, ProtocolError::Limit(_)), "{error}");
        assert!(error.to_string().contains("more than 64 MiB"), "{error}");
        assert!(block_on(rows.next()).unwrap().is_none());
    }

    #[test]
    fn what_is_kept_counts_as_it_is_written_out() {
        for (rows, fits) in [(50, true), (70, false)] {
            let collected = block_on(sent(1 << 20, rows).collect(64 << 20));
            assert_eq!(collected.is_ok(), fits, "{rows}");
        }
    }
}
