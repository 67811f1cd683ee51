//! The common part of what is done bucket by bucket.
//!
//! A task an input partition reads it, scatters its rows, and adds them to the buckets once it has
//! enough for each of them to be worth fetching a bucket's state into the processor's caches. Where
//! rows shrink to groups, a task first keeps its own, until it has seen many of them. When memory
//! runs out, what the buckets hold goes to files, a file a partition, bucket after bucket. When all
//! input is read, each output partition finishes its buckets one by one.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::utils::memory::RecordBatchMemoryCounter;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryReservation};
use datafusion::execution::spill_file::SpillFile;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{
    BaselineMetrics, ExecutionPlanMetricsSet, SpillMetrics, Time,
};
use datafusion::physical_plan::spill::SpillManager;
use futures::StreamExt;

use super::scatter::{Deal, Scattered, scatter};

/// Rows that are scattered together.
const WINDOW_ROWS: usize = 1 << 17;

/// Bytes of rows that a task gathers before it adds them to the buckets.
const RUN_BYTES: usize = 32 << 20;

/// The part of the memory limit that gathered rows may take, as a divisor.
const SHARE_OF_MEMORY: usize = 8;

/// A task that has seen more groups than this leaves them to the buckets.
const FEW_GROUPS: usize = 1 << 12;

/// What a bucket holds.
pub(super) trait Contents: Send + Sized + 'static {
    /// Of what it is made.
    type Plan: Plan<Self>;

    /// Adds rows of the input, all of this bucket.
    fn add(&mut self, rows: &[RecordBatch]) -> Result<()>;

    /// All that it holds, in rows that can be spilled.
    fn unload(self) -> Result<RecordBatch>;

    /// Adds what [`Contents::unload`] gave.
    fn reload(&mut self, rows: &RecordBatch) -> Result<()>;

    /// Its result.
    fn finish(self) -> Result<RecordBatch>;

    /// Bytes on the heap.
    fn size(&self) -> usize;

    /// How many groups there are, where rows shrink to them.
    fn groups(&self) -> Option<usize>;
}

/// How the buckets of an operator are made.
pub(super) trait Plan<C>: Send + Sync + 'static {
    /// The operator's name.
    const NAME: &'static str;

    /// What the rows of a bucket have in common, in rows of the input.
    fn keys(&self) -> &[Arc<dyn PhysicalExpr>];

    /// The same in rows of [`Contents::unload`].
    fn unloaded_keys(&self) -> &[Arc<dyn PhysicalExpr>];

    /// Of [`Contents::unload`].
    fn unloaded(&self) -> SchemaRef;

    /// A bucket without rows.
    fn empty(self: &Arc<Self>) -> Result<C>;
}

/// A bucket and what it has reserved.
struct Bucket<C> {
    contents: C,
    reserved: usize,
}

/// The buckets of all partitions.
pub(super) struct Work<C: Contents> {
    plan: Arc<C::Plan>,
    deal: Deal,
    inputs: usize,
    /// `None` without rows.
    buckets: Vec<Mutex<Option<Bucket<C>>>>,
    memory: MemoryReservation,
    /// The most bytes of rows that a task gathers.
    run_bytes: usize,
    spilling: SpillManager,
    spilled: Mutex<Vec<Vec<Spilled>>>,
    busy: Time,
}

/// A file of the rows of a partition, bucket after bucket.
#[derive(Clone)]
struct Spilled {
    file: Arc<dyn SpillFile>,
    /// Of each batch.
    buckets: VecDeque<usize>,
}

impl<C: Contents> Work<C> {
    /// The work of an operator with so many partitions before and behind it.
    pub(super) fn new(
        plan: Arc<C::Plan>,
        inputs: usize,
        partitions: usize,
        context: &TaskContext,
        metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Self> {
        let deal = Deal::new(partitions);
        let inputs = inputs.max(1);
        let pool = context.memory_pool();
        let run_bytes = match pool.memory_limit() {
            MemoryLimit::Finite(limit) => RUN_BYTES.min(limit / SHARE_OF_MEMORY / inputs),
            MemoryLimit::Infinite | MemoryLimit::Unknown => RUN_BYTES,
        };
        let spilling = SpillManager::new(
            context.runtime_env(),
            SpillMetrics::new(metrics, 0),
            plan.unloaded(),
        );
        let consumer = MemoryConsumer::new(C::Plan::NAME).with_can_spill(true);
        Ok(Self {
            buckets: (0..deal.all_buckets()).map(|_| Mutex::default()).collect(),
            deal,
            inputs,
            memory: consumer.register(pool),
            run_bytes,
            spilling: spilling.with_compression_type(context.session_config().spill_compression()),
            spilled: Mutex::new(vec![Vec::new(); partitions]),
            busy: BaselineMetrics::new(metrics, 0).elapsed_compute().clone(),
            plan,
        })
    }

    /// Adds all that `inputs` give, each in a task of its own.
    pub(super) async fn take_in(
        self: Arc<Self>,
        inputs: Vec<SendableRecordBatchStream>,
    ) -> Result<()> {
        let tasks = inputs.into_iter().enumerate().map(|(task, input)| {
            let work = Arc::clone(&self);
            SpawnedTask::spawn(async move { work.read(task, input).await })
        });
        let tasks: Vec<_> = tasks.collect();
        for task in tasks {
            let read = task.join_unwind().await;
            read.map_err(|error| DataFusionError::External(Box::new(error)))??;
        }
        let mut spilled = lock(&self.spilled);
        if spilled.iter().any(|files| !files.is_empty()) {
            // What is left would take the memory for what comes back.
            self.spill(&mut spilled)?;
        }
        Ok(())
    }

    async fn read(&self, task: usize, mut input: SendableRecordBatchStream) -> Result<()> {
        let mut few = Some(self.plan.empty()?).filter(|few| few.groups().is_some());
        let few_memory = self.memory.new_empty();
        let mut run = Run::new(self.memory.new_empty());
        while let Some(batch) = input.next().await {
            let batch = batch?;
            let _timer = self.busy.timer();
            if let Some(mut groups) = few.take() {
                groups.add(&[batch])?;
                let many = groups.groups() > Some(FEW_GROUPS);
                if many || few_memory.try_resize(groups.size()).is_err() {
                    self.add_groups(groups.unload()?)?;
                    few_memory.free();
                } else {
                    few = Some(groups);
                }
                continue;
            }
            run.push(batch);
            if run.window_rows >= WINDOW_ROWS && self.scatter(&mut run)? {
                self.add(task, &mut run)?;
            }
        }
        drop(input);
        let _timer = self.busy.timer();
        if let Some(groups) = few {
            self.add_groups(groups.unload()?)?;
        }
        self.scatter(&mut run)?;
        self.add(task, &mut run)
    }

    /// Adds groups that a task has kept to itself.
    fn add_groups(&self, groups: RecordBatch) -> Result<()> {
        let scattered = scatter(&[groups], self.plan.unloaded_keys(), self.deal)?;
        for bucket in 0..self.buckets.len() {
            if let Some(groups) = scattered.bucket(bucket) {
                self.change(bucket, |contents| contents.reload(&groups))?;
            }
        }
        Ok(())
    }

    /// Scatters the window of a run; true when the run should be added.
    fn scatter(&self, run: &mut Run) -> Result<bool> {
        if run.window.is_empty() {
            return Ok(false);
        }
        let scattered = scatter(&run.window, self.plan.keys(), self.deal)?;
        run.window.clear();
        run.window_rows = 0;
        let size = run.counter.count_batch(scattered.all());
        run.scattered.push(scattered);
        // Where memory is short the rows are added at once, which may spill.
        Ok(run.memory.try_grow(size).is_err() || run.memory.size() >= self.run_bytes)
    }

    /// Adds the rows of a run to the buckets.
    fn add(&self, task: usize, run: &mut Run) -> Result<()> {
        let buckets = self.buckets.len();
        // Tasks that go through the buckets side by side do not wait for each other.
        let first = task * buckets / self.inputs;
        for step in 0..buckets {
            let bucket = (first + step) % buckets;
            let rows = run.scattered.iter();
            let rows: Vec<_> = rows.filter_map(|window| window.bucket(bucket)).collect();
            if !rows.is_empty() {
                self.change(bucket, |contents| contents.add(&rows))?;
            }
        }
        run.clear();
        Ok(())
    }

    /// Changes what a bucket holds, and spills all of them when memory is short afterwards.
    fn change(&self, number: usize, change: impl FnOnce(&mut C) -> Result<()>) -> Result<()> {
        let reserved = {
            let mut bucket = lock(&self.buckets[number]);
            let bucket = match bucket.as_mut() {
                Some(bucket) => bucket,
                None => bucket.insert(self.bucket()?),
            };
            change(&mut bucket.contents)?;
            self.reserve(bucket)
        };
        match reserved {
            Ok(()) => Ok(()),
            Err(_) => self.make_room(number),
        }
    }

    /// Spills all buckets, unless another task has just done so and this one fits by now.
    fn make_room(&self, number: usize) -> Result<()> {
        let mut spilled = lock(&self.spilled);
        let fits = match lock(&self.buckets[number]).as_mut() {
            Some(bucket) => self.reserve(bucket).is_ok(),
            None => true,
        };
        if fits {
            Ok(())
        } else {
            self.spill(&mut spilled)
        }
    }

    fn bucket(&self) -> Result<Bucket<C>> {
        Ok(Bucket {
            contents: self.plan.empty()?,
            reserved: 0,
        })
    }

    /// Reserves what a bucket has grown by.
    fn reserve(&self, bucket: &mut Bucket<C>) -> Result<()> {
        let size = bucket.contents.size();
        if size > bucket.reserved {
            self.memory.try_grow(size - bucket.reserved)?;
        } else {
            self.memory.shrink(bucket.reserved - size);
        }
        bucket.reserved = size;
        Ok(())
    }

    /// Writes what all buckets hold to files.
    fn spill(&self, spilled: &mut [Vec<Spilled>]) -> Result<()> {
        for (partition, files) in spilled.iter_mut().enumerate() {
            let mut file = self.spilling.create_in_progress_file("buckets")?;
            let mut order = VecDeque::new();
            for number in self.deal.buckets_of(partition) {
                let Some(bucket) = lock(&self.buckets[number]).take() else {
                    continue;
                };
                let rows = bucket.contents.unload()?;
                self.memory.shrink(bucket.reserved);
                if rows.num_rows() > 0 {
                    file.append_batch(&rows)?;
                    order.push_back(number);
                }
            }
            if let Some(file) = file.finish()? {
                files.push(Spilled {
                    file,
                    buckets: order,
                });
            }
        }
        Ok(())
    }

    /// What is needed to finish the buckets of a partition.
    pub(super) fn finishing(self: &Arc<Self>, partition: usize) -> Result<Finishing<C>> {
        let files = std::mem::take(&mut lock(&self.spilled)[partition]);
        let files = files.into_iter().map(|spilled| {
            let stream = self
                .spilling
                .read_spill_as_stream_unbuffered(spilled.file, None)?;
            Ok((stream, spilled.buckets))
        });
        Ok(Finishing {
            work: Arc::clone(self),
            left: self.deal.buckets_of(partition),
            files: files.collect::<Result<_>>()?,
        })
    }
}

/// A partition whose buckets are being finished.
pub(super) struct Finishing<C: Contents> {
    work: Arc<Work<C>>,
    left: std::ops::Range<usize>,
    files: Vec<(SendableRecordBatchStream, VecDeque<usize>)>,
}

impl<C: Contents> Finishing<C> {
    /// The result of the next bucket that has one; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        for number in self.left.by_ref() {
            let mut bucket = lock(&self.work.buckets[number]).take();
            for (stream, buckets) in &mut self.files {
                if buckets.front() != Some(&number) {
                    continue;
                }
                buckets.pop_front();
                if let Some(rows) = stream.next().await {
                    let bucket = match bucket.as_mut() {
                        Some(bucket) => bucket,
                        None => bucket.insert(self.work.bucket()?),
                    };
                    bucket.contents.reload(&rows?)?;
                    self.work.reserve(bucket)?;
                }
            }
            let Some(bucket) = bucket else {
                continue;
            };
            let timer = self.work.busy.timer();
            let result = bucket.contents.finish()?;
            drop(timer);
            self.work.memory.shrink(bucket.reserved);
            if result.num_rows() > 0 {
                return Ok(Some(result));
            }
        }
        Ok(None)
    }
}

/// Rows that a task has gathered.
struct Run {
    window: Vec<RecordBatch>,
    window_rows: usize,
    scattered: Vec<Scattered>,
    memory: MemoryReservation,
    counter: RecordBatchMemoryCounter,
}

impl Run {
    fn new(memory: MemoryReservation) -> Self {
        Self {
            window: Vec::new(),
            window_rows: 0,
            scattered: Vec::new(),
            memory,
            counter: RecordBatchMemoryCounter::new(),
        }
    }

    fn push(&mut self, batch: RecordBatch) {
        if batch.num_rows() > 0 {
            self.window_rows += batch.num_rows();
            self.window.push(batch);
        }
    }

    fn clear(&mut self) {
        self.scattered.clear();
        self.counter = RecordBatchMemoryCounter::new();
        self.memory.free();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
