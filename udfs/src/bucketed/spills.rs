//! What buckets held when memory ran out, in files: one a partition each time, bucket after bucket,
//! so that reading them back is one pass.

use std::collections::VecDeque;
use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::{Result, internal_err};
use datafusion::execution::spill_file::SpillFile;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, SpillMetrics};
use datafusion::physical_plan::spill::SpillManager;
use futures::StreamExt;

/// The files of all partitions.
pub(super) struct Spills {
    manager: SpillManager,
    partitions: Vec<Vec<Spilled>>,
}

/// A file.
struct Spilled {
    file: Arc<dyn SpillFile>,
    /// Of each batch in it.
    buckets: VecDeque<usize>,
}

impl Spills {
    /// No files yet, for rows of `schema`.
    pub(super) fn new(
        partitions: usize,
        schema: SchemaRef,
        context: &TaskContext,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Self {
        let manager =
            SpillManager::new(context.runtime_env(), SpillMetrics::new(metrics, 0), schema);
        let compression = context.session_config().spill_compression();
        Self {
            manager: manager.with_compression_type(compression),
            partitions: (0..partitions).map(|_| Vec::new()).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.partitions.iter().all(Vec::is_empty)
    }

    /// Writes the rows of some buckets of a partition, which come in order.
    pub(super) fn write(
        &mut self,
        partition: usize,
        buckets: impl Iterator<Item = Result<(usize, RecordBatch)>>,
    ) -> Result<()> {
        let mut file = self.manager.create_in_progress_file("buckets")?;
        let mut order = VecDeque::new();
        for bucket in buckets {
            let (number, rows) = bucket?;
            if rows.num_rows() > 0 {
                file.append_batch(&rows)?;
                order.push_back(number);
            }
        }
        if let Some(file) = file.finish()? {
            self.partitions[partition].push(Spilled {
                file,
                buckets: order,
            });
        }
        Ok(())
    }

    /// The files of a partition, to be read once.
    pub(super) fn take(&mut self, partition: usize) -> Result<Vec<Reader>> {
        let files = std::mem::take(&mut self.partitions[partition]).into_iter();
        let readers = files.map(|spilled| {
            let manager = &self.manager;
            Ok(Reader {
                rows: manager.read_spill_as_stream_unbuffered(spilled.file, None)?,
                buckets: spilled.buckets,
            })
        });
        readers.collect()
    }
}

/// A file that is being read.
pub(super) struct Reader {
    rows: SendableRecordBatchStream,
    buckets: VecDeque<usize>,
}

impl Reader {
    /// The rows of a bucket, if the file has any; to be asked of each bucket in order.
    pub(super) async fn rows_of(&mut self, bucket: usize) -> Result<Option<RecordBatch>> {
        if self.buckets.front() != Some(&bucket) {
            return Ok(None);
        }
        self.buckets.pop_front();
        match self.rows.next().await {
            Some(rows) => rows.map(Some),
            None => internal_err!("the file of a bucket ends before its rows"),
        }
    }
}
