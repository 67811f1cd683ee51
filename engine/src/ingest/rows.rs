//! The rows on their way to the table: brought to its columns, counted, and read once.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::common::utils::memory::get_record_batch_memory_size;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};

use super::Incoming;
use super::columns::Columns;
use crate::{EngineError, Progress};

/// A batch that takes more bytes is handed on in parts, since several are on their way at a time.
const LARGEST_BATCH: usize = 4 << 20;

/// The rows of an ingestion.
pub(crate) struct Rows {
    schema: SchemaRef,
    unread: Mutex<Option<BoxStream<'static, Result<RecordBatch, EngineError>>>>,
    met: Arc<Met>,
}

/// What was met while reading.
#[derive(Default)]
struct Met {
    rows: AtomicU64,
    failure: Mutex<Option<EngineError>>,
}

impl Rows {
    pub(super) fn new(
        columns: Columns,
        incoming: Incoming,
        batch_size: usize,
        progress: Arc<Progress>,
    ) -> Arc<Self> {
        let schema = Arc::clone(columns.schema());
        let met = Arc::new(Met::default());
        let fitting = incoming
            .map_ok(move |batch| parts(batch, batch_size))
            .try_flatten()
            .map({
                let met = Arc::clone(&met);
                move |part| {
                    let cast = part.and_then(|part| {
                        let before = met.rows.load(Ordering::Relaxed);
                        let cast = columns.fit(&part, before)?;
                        let rows = cast.num_rows();
                        progress.returned(rows);
                        let count = u64::try_from(rows).unwrap_or(u64::MAX);
                        met.rows.fetch_add(count, Ordering::Relaxed);
                        Ok(cast)
                    });
                    if let Err(failure) = &cast {
                        lock(&met.failure).get_or_insert_with(|| failure.clone());
                    }
                    cast
                }
            });
        Arc::new(Self {
            schema,
            unread: Mutex::new(Some(fitting.boxed())),
            met,
        })
    }

    /// The columns of the rows, which are those of the table.
    pub(crate) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// How many rows were read.
    pub(super) fn count(&self) -> u64 {
        self.met.rows.load(Ordering::Relaxed)
    }

    /// Why reading failed, if it did.
    pub(crate) fn failure(&self) -> Option<EngineError> {
        lock(&self.met.failure).clone()
    }

    /// The rows.
    ///
    /// # Errors
    /// When they were read before.
    pub(crate) fn read(
        &self,
    ) -> Result<BoxStream<'static, Result<RecordBatch, EngineError>>, EngineError> {
        lock(&self.unread)
            .take()
            .ok_or_else(|| EngineError::Internal {
                message: "the rows of an ingestion were read twice".to_owned(),
            })
    }

    /// Waits for the first row; false when there is none.
    pub(super) async fn are_there(&self) -> Result<bool, EngineError> {
        let mut stream = self.read()?;
        while let Some(batch) = stream.try_next().await? {
            if batch.num_rows() > 0 {
                let whole = stream::iter([Ok(batch)]).chain(stream);
                *lock(&self.unread) = Some(whole.boxed());
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl fmt::Debug for Rows {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Rows")
            .field("read", &self.count())
            .finish_non_exhaustive()
    }
}

/// The batch in parts of no more rows and bytes than are handled at a time.
fn parts(
    batch: RecordBatch,
    batch_size: usize,
) -> BoxStream<'static, Result<RecordBatch, EngineError>> {
    let rows = batch.num_rows();
    let pieces = get_record_batch_memory_size(&batch).div_ceil(LARGEST_BATCH);
    let step = (rows / pieces.max(1)).clamp(1, batch_size.max(1));
    if step >= rows {
        return stream::iter([Ok(batch)]).boxed();
    }
    let starts = (0..rows).step_by(step);
    stream::iter(starts.map(move |start| Ok(batch.slice(start, step.min(rows - start))))).boxed()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, Int64Array};

    use super::*;

    #[tokio::test]
    async fn large_batches_come_in_parts() {
        let values: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100_000));
        let batch = RecordBatch::try_from_iter([("x", values)]).unwrap();
        for (size, expected) in [(8192, 13), (200_000, 1)] {
            let parts: Vec<_> = parts(batch.clone(), size).try_collect().await.unwrap();
            assert_eq!(parts.len(), expected);
            let rows: usize = parts.iter().map(RecordBatch::num_rows).sum();
            assert_eq!(rows, 100_000);
        }
        let none = batch.slice(0, 0);
        let parts: Vec<_> = parts(none, 8192).try_collect().await.unwrap();
        assert_eq!(parts.len(), 1);
    }
}
