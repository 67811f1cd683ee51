//! The rows that a task gathers before it adds them to the buckets.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::execution::memory_pool::MemoryReservation;
use datafusion::physical_expr::PhysicalExpr;

use super::scatter::{Deal, Scattered, scatter};

/// Rows that are scattered together.
const WINDOW_ROWS: usize = 1 << 17;

/// The rows, those of a window not scattered yet.
pub(super) struct Run {
    window: Vec<RecordBatch>,
    window_rows: usize,
    window_bytes: usize,
    scattered: Vec<Scattered>,
    memory: MemoryReservation,
    counter: RecordBatchMemoryCounter,
}

impl Run {
    /// No rows yet; `memory` is for them.
    pub(super) fn new(memory: MemoryReservation) -> Self {
        Self {
            window: Vec::new(),
            window_rows: 0,
            window_bytes: 0,
            scattered: Vec::new(),
            memory,
            counter: RecordBatchMemoryCounter::new(),
        }
    }

    /// Adds rows; true when there are enough for a window, or `limit` bytes of them.
    pub(super) fn push(&mut self, batch: RecordBatch, limit: usize) -> bool {
        if batch.num_rows() > 0 {
            self.window_rows += batch.num_rows();
            self.window_bytes += batch.columns().iter().map(bytes).sum::<usize>();
            self.window.push(batch);
        }
        self.window_rows >= WINDOW_ROWS || self.window_bytes >= limit
    }

    /// Scatters the rows of the window. True when the run should be added, at `limit` bytes or
    /// where memory is short.
    pub(super) fn scatter(
        &mut self,
        keys: &[Arc<dyn PhysicalExpr>],
        deal: Deal,
        limit: usize,
    ) -> Result<bool> {
        if self.window.is_empty() {
            return Ok(false);
        }
        let scattered = scatter(&self.window, keys, deal)?;
        self.window.clear();
        self.window_rows = 0;
        self.window_bytes = 0;
        let size = self.counter.count_batch(scattered.all());
        self.scattered.push(scattered);
        Ok(self.memory.try_grow(size).is_err() || self.memory.size() >= limit)
    }

    /// The rows of a bucket, as far as they are scattered.
    pub(super) fn rows_of(&self, bucket: usize) -> Vec<RecordBatch> {
        let windows = self.scattered.iter();
        windows.filter_map(|window| window.bucket(bucket)).collect()
    }

    /// Forgets what is scattered.
    pub(super) fn clear(&mut self) {
        self.scattered.clear();
        self.counter = RecordBatchMemoryCounter::new();
        self.memory.free();
    }
}

/// Of the values themselves: many batches may be parts of one.
fn bytes(column: &ArrayRef) -> usize {
    let views = |bytes: usize| bytes + column.len() * size_of::<u128>();
    match column.data_type() {
        DataType::Utf8View => views(column.as_string_view().total_buffer_bytes_used()),
        DataType::BinaryView => views(column.as_binary_view().total_buffer_bytes_used()),
        _ => column.to_data().get_slice_memory_size().unwrap_or_default(),
    }
}
