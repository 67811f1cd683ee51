//! The common part of what is done bucket by bucket.
//!
//! A task an input partition reads it, scatters its rows, and adds them to the buckets once it has
//! enough for each of them to be worth fetching a bucket's state into the processor's caches. Where
//! rows shrink to groups, a task first keeps its own, until it has seen many of them. When memory
//! runs out, what the buckets hold goes to files, a file a partition, bucket after bucket. When all
//! input is read, each output partition finishes its buckets one by one.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::runtime::SpawnedTask;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryLimit, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::metrics::{BaselineMetrics, ExecutionPlanMetricsSet, Time};
use futures::StreamExt;

use super::run::Run;
use super::scatter::{Deal, scatter};
use super::spills::{Reader, Spills};

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
    spills: Mutex<Spills>,
    busy: Time,
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
        let rows = plan.unloaded();
        let keys = plan.unloaded_keys().iter();
        let keys = keys.map(|key| key.data_type(&rows));
        let deal = Deal::new(partitions, &keys.collect::<Result<Vec<_>>>()?);
        let inputs = inputs.max(1);
        let pool = context.memory_pool();
        let run_bytes = match pool.memory_limit() {
            MemoryLimit::Finite(limit) => RUN_BYTES.min(limit / SHARE_OF_MEMORY / inputs),
            MemoryLimit::Infinite | MemoryLimit::Unknown => RUN_BYTES,
        };
        let spills = Spills::new(partitions, rows, context, metrics);
        let consumer = MemoryConsumer::new(C::Plan::NAME).with_can_spill(true);
        Ok(Self {
            buckets: (0..deal.all_buckets()).map(|_| Mutex::default()).collect(),
            deal,
            inputs,
            memory: consumer.register(pool),
            run_bytes,
            spills: Mutex::new(spills),
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
        let mut spills = lock(&self.spills);
        if !spills.is_empty() {
            // What is left would take the memory for what comes back.
            self.spill(&mut spills)?;
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
            if run.push(batch, self.run_bytes) && self.scatter(&mut run)? {
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

    fn scatter(&self, run: &mut Run) -> Result<bool> {
        run.scatter(self.plan.keys(), self.deal, self.run_bytes)
    }

    /// Adds the rows of a run to the buckets.
    fn add(&self, task: usize, run: &mut Run) -> Result<()> {
        let buckets = self.buckets.len();
        // Tasks that go through the buckets side by side do not wait for each other.
        let first = task * buckets / self.inputs;
        for step in 0..buckets {
            let bucket = (first + step) % buckets;
            let rows = run.rows_of(bucket);
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
            let bucket = self.begun(&mut bucket)?;
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
        let mut spills = lock(&self.spills);
        let fits = match lock(&self.buckets[number]).as_mut() {
            Some(bucket) => self.reserve(bucket).is_ok(),
            None => true,
        };
        if fits {
            Ok(())
        } else {
            self.spill(&mut spills)
        }
    }

    /// The bucket, which is empty if there was none.
    fn begun<'a>(&self, bucket: &'a mut Option<Bucket<C>>) -> Result<&'a mut Bucket<C>> {
        Ok(match bucket {
            Some(bucket) => bucket,
            none => none.insert(Bucket {
                contents: self.plan.empty()?,
                reserved: 0,
            }),
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
    fn spill(&self, spills: &mut Spills) -> Result<()> {
        for partition in 0..self.deal.partitions() {
            let full = self.deal.buckets_of(partition).filter_map(|number| {
                let bucket = lock(&self.buckets[number]).take()?;
                let rows = bucket.contents.unload();
                self.memory.shrink(bucket.reserved);
                Some(rows.map(|rows| (number, rows)))
            });
            spills.write(partition, full)?;
        }
        Ok(())
    }

    /// What is needed to finish the buckets of a partition.
    pub(super) fn finishing(self: &Arc<Self>, partition: usize) -> Result<Finishing<C>> {
        Ok(Finishing {
            work: Arc::clone(self),
            left: self.deal.buckets_of(partition),
            files: lock(&self.spills).take(partition)?,
        })
    }
}

/// A partition whose buckets are being finished.
pub(super) struct Finishing<C: Contents> {
    work: Arc<Work<C>>,
    left: std::ops::Range<usize>,
    files: Vec<Reader>,
}

impl<C: Contents> Finishing<C> {
    /// The result of the next bucket that has one; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<RecordBatch>> {
        for number in self.left.by_ref() {
            let mut bucket = lock(&self.work.buckets[number]).take();
            for file in &mut self.files {
                let Some(rows) = file.rows_of(number).await? else {
                    continue;
                };
                let bucket = self.work.begun(&mut bucket)?;
                bucket.contents.reload(&rows)?;
                self.work.reserve(bucket)?;
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

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
