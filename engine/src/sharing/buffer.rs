//! Rows computed once and read several times.
//!
//! Each partition is a queue of batches that only grows while somebody still reads it. Whoever
//! wants a batch that is not there yet computes it, so nothing runs ahead of its readers and
//! nothing waits for them. Beyond its share of the memory the batches so far go to a file, which
//! every reader reads in its turn. The last reader to finish drops the rows.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryReservation};
use datafusion::execution::spill_file::SpillFile;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, RecordOutput, SpillMetrics,
};
use datafusion::physical_plan::spill::SpillManager;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties};
use futures::StreamExt;
use tokio::sync::Mutex as AsyncMutex;

/// The part of the memory limit that one buffer may hold, as a divisor. What reads it needs memory
/// as well, and not all of that can spill.
const SHARE_OF_MEMORY: usize = 4;

/// What a part of a plan gives, for `readers` readers of each partition.
#[derive(Debug)]
pub(super) struct Buffer {
    input: Arc<dyn ExecutionPlan>,
    readers: usize,
    partitions: Vec<Mutex<Option<Arc<Partition>>>>,
    /// What was spilled.
    metrics: ExecutionPlanMetricsSet,
}

impl Buffer {
    pub(super) fn new(input: Arc<dyn ExecutionPlan>, readers: usize) -> Self {
        let partitions = input.output_partitioning().partition_count();
        Self {
            input,
            readers,
            partitions: (0..partitions).map(|_| Mutex::default()).collect(),
            metrics: ExecutionPlanMetricsSet::new(),
        }
    }

    /// Where the first copy counts, and the buffer itself.
    pub(super) fn metrics(&self) -> ExecutionPlanMetricsSet {
        self.metrics.clone()
    }

    /// One reading of a partition. The first one starts it.
    pub(super) fn read(
        &self,
        number: usize,
        context: Arc<TaskContext>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<SendableRecordBatchStream> {
        let reader = Reader {
            partition: self.partition(number, context)?,
            next: 0,
            file: None,
        };
        let baseline = BaselineMetrics::new(metrics, number);
        let batches = futures::stream::try_unfold(reader, |mut reader| async move {
            let batch = reader.read().await?;
            Ok::<_, DataFusionError>(batch.map(|batch| (batch, reader)))
        });
        let counted = batches.map(move |batch| batch.record_output(&baseline));
        let stream = RecordBatchStreamAdapter::new(self.input.schema(), counted);
        Ok(Box::pin(stream))
    }

    fn partition(&self, number: usize, context: Arc<TaskContext>) -> Result<Arc<Partition>> {
        let Some(slot) = self.partitions.get(number) else {
            return internal_err!("there is no partition {number}");
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(partition) = slot.as_ref() {
            return Ok(Arc::clone(partition));
        }
        let memory = MemoryConsumer::new(format!("SharedExec[{number}]")).with_can_spill(true);
        let share = match context.memory_pool().memory_limit() {
            MemoryLimit::Finite(limit) => limit / SHARE_OF_MEMORY / self.partitions.len(),
            MemoryLimit::Infinite | MemoryLimit::Unknown => usize::MAX,
        };
        let rows = Rows {
            share,
            memory: memory.register(context.memory_pool()),
            spilling: SpillManager::new(
                context.runtime_env(),
                SpillMetrics::new(&self.metrics, number),
                self.input.schema(),
            )
            .with_compression_type(context.session_config().spill_compression()),
            input: Some(self.input.execute(number, context)?),
            failure: None,
            batches: Vec::new(),
            counter: RecordBatchMemoryCounter::new(),
        };
        let partition = Arc::new(Partition {
            unfinished: AtomicUsize::new(self.readers),
            rows: AsyncMutex::new(rows),
        });
        *slot = Some(Arc::clone(&partition));
        Ok(partition)
    }
}

struct Partition {
    /// Readers that have not come to the end, or not begun.
    unfinished: AtomicUsize,
    rows: AsyncMutex<Rows>,
}

impl fmt::Debug for Partition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Partition").finish_non_exhaustive()
    }
}

/// The rows of a partition, as far as they are computed.
struct Rows {
    /// Gives the next ones; `None` at the end.
    input: Option<SendableRecordBatchStream>,
    /// Why there are no more.
    failure: Option<Arc<DataFusionError>>,
    batches: Vec<Held>,
    /// The most bytes in memory.
    share: usize,
    /// For the batches in memory.
    memory: MemoryReservation,
    counter: RecordBatchMemoryCounter,
    spilling: SpillManager,
}

/// Where a batch is.
#[derive(Clone)]
enum Held {
    Memory(RecordBatch),
    /// In a file, after so many others.
    File(Arc<dyn SpillFile>, usize),
}

impl Rows {
    /// The batch of this number, computed if need be; `None` beyond the last.
    async fn get(&mut self, number: usize) -> Result<Option<Held>> {
        while self.batches.len() <= number {
            if let Some(failure) = &self.failure {
                return Err(DataFusionError::Shared(Arc::clone(failure)));
            }
            let Some(input) = &mut self.input else {
                return Ok(None);
            };
            let added = match input.next().await {
                None => {
                    self.input = None;
                    Ok(())
                }
                Some(batch) => batch.and_then(|batch| self.add(batch)),
            };
            if let Err(failure) = added {
                self.input = None;
                self.failure = Some(Arc::new(failure));
            }
        }
        Ok(self.batches.get(number).cloned())
    }

    fn add(&mut self, batch: RecordBatch) -> Result<()> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let size = self.counter.count_batch(&batch);
        self.batches.push(Held::Memory(batch));
        if self.memory.size() + size <= self.share && self.memory.try_grow(size).is_ok() {
            return Ok(());
        }
        self.spill()
    }

    /// Writes all batches in memory to one file.
    fn spill(&mut self) -> Result<()> {
        let mut batches = Vec::new();
        let mut places = Vec::new();
        for (place, held) in self.batches.iter().enumerate() {
            if let Held::Memory(batch) = held {
                batches.push(batch.clone());
                places.push(place);
            }
        }
        let spilled = self
            .spilling
            .spill_record_batch_and_finish(&batches, "SharedExec");
        let Some(file) = spilled? else {
            return Ok(());
        };
        for (index, place) in places.into_iter().enumerate() {
            self.batches[place] = Held::File(Arc::clone(&file), index);
        }
        self.forget_memory();
        Ok(())
    }

    fn forget_memory(&mut self) {
        self.counter = RecordBatchMemoryCounter::new();
        self.memory.free();
    }
}

/// One that goes through a partition.
struct Reader {
    partition: Arc<Partition>,
    next: usize,
    /// Has the next batches.
    file: Option<SendableRecordBatchStream>,
}

impl Reader {
    async fn read(&mut self) -> Result<Option<RecordBatch>> {
        loop {
            if let Some(file) = &mut self.file {
                if let Some(batch) = file.next().await.transpose()? {
                    self.next += 1;
                    return Ok(Some(batch));
                }
                self.file = None;
            }
            let mut rows = self.partition.rows.lock().await;
            match rows.get(self.next).await? {
                None => return Ok(None),
                Some(Held::Memory(batch)) => {
                    self.next += 1;
                    return Ok(Some(batch));
                }
                Some(Held::File(file, index)) => {
                    let mut stream = rows.spilling.read_spill_as_stream(file, None)?;
                    drop(rows);
                    for _ in 0..index {
                        stream.next().await.transpose()?;
                    }
                    self.file = Some(stream);
                }
            }
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        // The last one leaves nothing behind, since the plan may live on.
        if self.partition.unfinished.fetch_sub(1, Ordering::AcqRel) == 1
            && let Ok(mut rows) = self.partition.rows.try_lock()
        {
            rows.input = None;
            rows.batches = Vec::new();
            rows.forget_memory();
        }
    }
}
