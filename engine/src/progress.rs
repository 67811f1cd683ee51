//! How far a running query has come.

use std::fs::File;
use std::io::Seek;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use datafusion::common::stats::Precision;
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::statistics::{StatisticsArgs, StatisticsContext};

use crate::access::GuardedExec;
use crate::memory::Memory;
use crate::queries::{Clock, Phase};
use crate::sharing::SharedExec;

/// Counters that a query moves while it runs; reading them is cheap.
#[derive(Debug)]
pub struct Progress {
    clock: Mutex<Clock>,
    memory: Arc<Memory>,
    rows_returned: AtomicU64,
    bytes_fetched: AtomicU64,
    files: Mutex<Vec<OpenFile>>,
    scans: Mutex<Vec<Scan>>,
    guarded: AtomicBool,
}

/// A local file that a reader is going through. The handle shares the reader's position.
#[derive(Debug)]
struct OpenFile {
    handle: File,
    size: u64,
}

/// Local files followed at a time; more are counted when they are opened.
const FILES_FOLLOWED: usize = 64;

/// A leaf of the plan, which reads a table.
#[derive(Debug)]
struct Scan {
    plan: Arc<dyn ExecutionPlan>,
    rows: Option<u64>,
    bytes: Option<u64>,
}

impl Progress {
    /// That of a statement which begins now, for which as much time was spent on planning before,
    /// and which may use as many bytes of memory.
    pub(crate) fn new(planned: Duration, memory: Option<u64>) -> Self {
        Self {
            clock: Mutex::new(Clock::start(planned)),
            memory: Arc::new(Memory::within(memory)),
            rows_returned: AtomicU64::default(),
            bytes_fetched: AtomicU64::default(),
            files: Mutex::default(),
            scans: Mutex::default(),
            guarded: AtomicBool::default(),
        }
    }

    /// Where the statement stands.
    pub fn phase(&self) -> Phase {
        self.clock().phase()
    }

    /// The time that the statement has spent in a phase so far.
    pub fn spent(&self, phase: Phase) -> Duration {
        self.clock().spent(phase)
    }

    /// Bytes of memory that operators have reserved now.
    pub fn memory_used(&self) -> u64 {
        count(self.memory.used())
    }

    /// The most bytes of memory that operators had reserved at once.
    pub fn peak_memory(&self) -> u64 {
        count(self.memory.peak())
    }

    /// Rows handed to the caller so far, or affected by a change.
    pub fn rows_returned(&self) -> u64 {
        self.rows_returned.load(Ordering::Relaxed)
    }

    /// Rows read from tables so far, after what the files' own indexes have left out.
    pub fn rows_read(&self) -> u64 {
        self.with_scans(|scans| scans.iter().filter_map(Scan::rows_read).sum())
    }

    /// Bytes read from files so far.
    pub fn bytes_read(&self) -> u64 {
        let counted: u64 = self.with_scans(|scans| scans.iter().filter_map(Scan::bytes_read).sum());
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let open: u64 = files.iter().map(OpenFile::position).sum();
        counted.max(self.bytes_fetched.load(Ordering::Relaxed) + open)
    }

    /// Rows in the tables read, where all of them know.
    pub fn total_rows(&self) -> Option<u64> {
        self.with_scans(|scans| total(scans, |scan| scan.rows))
    }

    /// Bytes of the files read, where all tables are made of files.
    pub fn total_bytes(&self) -> Option<u64> {
        self.with_scans(|scans| total(scans, |scan| scan.bytes))
    }

    /// Whether it reads what is behind a view or a part of a table, so that those whose statement
    /// it is may not know how much they have read.
    pub fn is_guarded(&self) -> bool {
        self.guarded.load(Ordering::Relaxed)
    }

    /// The part done, from 0 to 1, where a total is known, and may be. Filters that skip parts of
    /// files let it end below 1.
    pub fn fraction(&self) -> Option<f64> {
        if self.is_guarded() {
            return None;
        }
        let rows = self
            .total_rows()
            .map(|total| ratio(self.rows_read(), total));
        let bytes = self
            .total_bytes()
            .map(|total| ratio(self.bytes_read(), total));
        match (rows, bytes) {
            (Some(rows), Some(bytes)) => Some(rows.max(bytes)),
            (rows, bytes) => rows.or(bytes),
        }
    }

    pub(crate) fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    pub(crate) fn enter(&self, phase: Phase) {
        self.clock().enter(phase);
    }

    pub(crate) fn returned(&self, rows: usize) {
        self.rows_returned.fetch_add(count(rows), Ordering::Relaxed);
    }

    /// Counts bytes that came from an object store.
    pub(crate) fn fetched(&self, bytes: usize) {
        self.bytes_fetched
            .fetch_add(count(bytes), Ordering::Relaxed);
    }

    /// Follows a local file of this size that somebody else reads.
    pub(crate) fn reading(&self, file: &File, size: u64) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let (done, open): (Vec<_>, Vec<_>) = files
            .drain(..)
            .partition(|file| file.position() >= file.size);
        *files = open;
        let mut read: u64 = done.iter().map(|file| file.size).sum();
        match file.try_clone() {
            Ok(handle) if files.len() < FILES_FOLLOWED => files.push(OpenFile { handle, size }),
            _ => read += size,
        }
        self.bytes_fetched.fetch_add(read, Ordering::Relaxed);
    }

    /// Follows a physical plan from now on: it has been made, and runs.
    pub(crate) fn watch(&self, plan: &Arc<dyn ExecutionPlan>) {
        self.enter(Phase::Running);
        let mut leaves = Vec::new();
        let guarded = collect_scans(plan, &mut leaves);
        self.guarded.store(guarded, Ordering::Relaxed);
        *self.scans.lock().unwrap_or_else(PoisonError::into_inner) = leaves;
    }

    fn clock(&self) -> MutexGuard<'_, Clock> {
        self.clock.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with_scans<T>(&self, look: impl FnOnce(&[Scan]) -> T) -> T {
        look(&self.scans.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl OpenFile {
    fn position(&self) -> u64 {
        (&self.handle).stream_position().unwrap_or(0)
    }
}

impl Scan {
    fn new(plan: &Arc<dyn ExecutionPlan>) -> Self {
        let statistics =
            StatisticsContext::new().compute(plan.as_ref(), &StatisticsArgs::default());
        let rows = statistics
            .ok()
            .and_then(|statistics| match statistics.num_rows {
                Precision::Exact(rows) | Precision::Inexact(rows) => Some(count(rows)),
                Precision::Absent => None,
            });
        Self {
            rows,
            bytes: file_bytes(plan.as_ref()),
            plan: Arc::clone(plan),
        }
    }

    fn rows_read(&self) -> Option<u64> {
        self.plan.metrics()?.output_rows().map(count)
    }

    fn bytes_read(&self) -> Option<u64> {
        let bytes = self.plan.metrics()?.sum_by_name("bytes_scanned")?;
        Some(count(bytes.as_usize()))
    }
}

/// Finds what reads tables, and tells whether any of it is behind a wall.
fn collect_scans(plan: &Arc<dyn ExecutionPlan>, scans: &mut Vec<Scan>) -> bool {
    if let Some(guarded) = plan.downcast_ref::<GuardedExec>() {
        collect_scans(guarded.inner(), scans);
        return true;
    }
    let children = plan.children();
    // What reads the rows of another part reads no table.
    let again = plan
        .downcast_ref::<SharedExec>()
        .is_some_and(SharedExec::reads_again);
    if children.is_empty() && !again {
        scans.push(Scan::new(plan));
    }
    let mut guarded = false;
    for child in children {
        guarded |= collect_scans(child, scans);
    }
    guarded
}

/// The bytes of the files, or of the ranges of files, that a plan reads.
fn file_bytes(plan: &dyn ExecutionPlan) -> Option<u64> {
    let source = plan.downcast_ref::<DataSourceExec>()?.data_source();
    let scan = source.downcast_ref::<FileScanConfig>()?;
    let files = scan.file_groups.iter().flat_map(|group| group.iter());
    Some(
        files
            .map(|file| match &file.range {
                Some(range) => u64::try_from(range.end - range.start).unwrap_or(0),
                None => file.object_meta.size,
            })
            .sum(),
    )
}

/// The sum over all scans, when there are any and each knows its own.
fn total(scans: &[Scan], of: impl Fn(&Scan) -> Option<u64>) -> Option<u64> {
    if scans.is_empty() {
        return None;
    }
    scans.iter().map(of).sum()
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a share needs no more than 52 bits"
)]
fn ratio(done: u64, total: u64) -> f64 {
    if total == 0 {
        return 1.0;
    }
    (done as f64 / total as f64).min(1.0)
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
