//! Rows brought together by the bucket of their keys.
//!
//! Each window of rows is reordered once, by counting: with enough rows in it, what a bucket gets
//! of one window is long enough to be worked on as a batch.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use datafusion::arrow::compute::{concat_batches, take};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::common::hash_utils::create_hashes;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::repartition::REPARTITION_RANDOM_STATE;

use crate::math::counting_sort::starts;

/// Buckets of all partitions together, if there are not more partitions than that.
const BUCKETS: usize = 256;

/// The same for keys of any length: their groups fill the caches in any case, and each bucket
/// keeps memory for more of them.
const BUCKETS_OF_LONG_KEYS: usize = 32;

/// A partition has at least so many.
const LEAST_BUCKETS: usize = 16;

/// Bits of a hash below those that choose the bucket within a partition.
const PARTITION_BITS: u32 = 40;

/// Where the rows of a key go: to the partition to which `RepartitionExec` sends them, and to a
/// bucket of that.
#[derive(Debug, Clone, Copy)]
pub(super) struct Deal {
    partitions: usize,
    /// Of each partition; a power of two.
    buckets: usize,
}

impl Deal {
    pub(super) fn new(partitions: usize, keys: &[DataType]) -> Self {
        let partitions = partitions.max(1);
        let is_short = keys.iter().all(|key| key.primitive_width().is_some());
        let buckets = if is_short {
            BUCKETS
        } else {
            BUCKETS_OF_LONG_KEYS
        };
        let buckets = (buckets / partitions).max(LEAST_BUCKETS);
        Self {
            partitions,
            buckets: buckets.next_power_of_two(),
        }
    }

    pub(super) fn partitions(self) -> usize {
        self.partitions
    }

    /// How many buckets all partitions have.
    pub(super) fn all_buckets(self) -> usize {
        self.partitions * self.buckets
    }

    /// The buckets of a partition.
    pub(super) fn buckets_of(self, partition: usize) -> std::ops::Range<usize> {
        partition * self.buckets..(partition + 1) * self.buckets
    }

    fn bucket(self, hash: u64) -> usize {
        let partition = if self.partitions.is_power_of_two() {
            hash as usize & (self.partitions - 1)
        } else {
            (hash % self.partitions as u64) as usize
        };
        partition * self.buckets + ((hash >> PARTITION_BITS) as usize & (self.buckets - 1))
    }
}

/// The rows of a window, bucket after bucket.
#[derive(Debug)]
pub(super) struct Scattered {
    rows: RecordBatch,
    /// Where each bucket's rows end.
    ends: Vec<usize>,
}

impl Scattered {
    pub(super) fn all(&self) -> &RecordBatch {
        &self.rows
    }

    /// The rows of a bucket; `None` if there are none.
    pub(super) fn bucket(&self, bucket: usize) -> Option<RecordBatch> {
        let start = bucket.checked_sub(1).map_or(0, |before| self.ends[before]);
        let rows = self.ends[bucket] - start;
        (rows > 0).then(|| self.rows.slice(start, rows))
    }
}

/// Brings the rows of a window together by the bucket of `keys`.
pub(super) fn scatter(
    window: &[RecordBatch],
    keys: &[Arc<dyn PhysicalExpr>],
    deal: Deal,
) -> Result<Scattered> {
    let rows = match window {
        [one] => one.clone(),
        many => concat_batches(&many[0].schema(), many)?,
    };
    let keys = evaluated(keys, &rows)?;
    let mut hashes = vec![0; rows.num_rows()];
    create_hashes(&keys, REPARTITION_RANDOM_STATE.random_state(), &mut hashes)?;
    let mut ends = vec![0; deal.all_buckets()];
    for hash in &mut hashes {
        let bucket = deal.bucket(*hash);
        *hash = bucket as u64;
        ends[bucket] += 1;
    }
    starts(&mut ends);
    let mut order = vec![0; rows.num_rows()];
    for (row, bucket) in hashes.iter().enumerate() {
        let place = &mut ends[*bucket as usize];
        order[*place] = row as u32;
        *place += 1;
    }
    let order = UInt32Array::from(order);
    let columns = rows.columns().iter();
    let columns = columns.map(|column| take(column, &order, None));
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let rows = RecordBatch::try_new(rows.schema(), columns)?;
    Ok(Scattered { rows, ends })
}

/// What `exprs` give for each of `rows`.
pub(super) fn evaluated(
    exprs: &[Arc<dyn PhysicalExpr>],
    rows: &RecordBatch,
) -> Result<Vec<ArrayRef>> {
    let arrays = exprs.iter().map(|expr| {
        let value = expr.evaluate(rows)?;
        value.into_array_of_size(rows.num_rows())
    });
    arrays.collect()
}
