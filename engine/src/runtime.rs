//! The two thread pools of an engine: one that computes and one that waits.
//!
//! Planning and execution keep their threads busy for long stretches; a network stack that shares
//! them misses its deadlines. So queries run on the compute pool, and object stores and timers on
//! the I/O pool. Both are stopped without waiting when the engine goes away, which is what makes
//! dropping an engine inside an asynchronous function safe.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use std::{mem, thread};

use cohortql_udfs::Interrupt;
use datafusion::common::runtime::{JoinSetTracer, set_join_set_tracer};
use futures::future::BoxFuture;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::task::JoinHandle;

use crate::EngineError;

/// Threads that serve the network and timers; they only ever wait.
const IO_THREADS: usize = 2;

/// How long the end of an engine's threads is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// The stack of a thread, of which only what is used takes memory. Plans are walked to their leaves,
/// and a long chain of operators or set operations is as deep as it is long.
const STACK_BYTES: usize = 64 << 20;

/// Handles of the compute and the I/O runtime.
#[derive(Debug)]
pub struct Runtimes {
    compute: Option<Runtime>,
    io: Option<Runtime>,
    compute_handle: Handle,
    io_handle: Handle,
}

impl Runtimes {
    /// Starts both runtimes, the compute one with `threads` threads.
    pub fn start(threads: usize) -> Result<Self, EngineError> {
        // Set once a process. Where a program has set its own, tasks that DataFusion starts end
        // between batches only.
        let _ = set_join_set_tracer(&Inherited);
        let compute = start("cohortql-compute", threads)?;
        let io = start("cohortql-io", IO_THREADS)?;
        Ok(Self {
            compute_handle: compute.handle().clone(),
            io_handle: io.handle().clone(),
            compute: Some(compute),
            io: Some(io),
        })
    }

    /// Where statements are planned and executed.
    pub fn compute(&self) -> &Handle {
        &self.compute_handle
    }

    /// Where object stores talk to the network.
    pub fn io(&self) -> &Handle {
        &self.io_handle
    }
}

impl Drop for Runtimes {
    /// Lets the threads end without waiting for them here, where that may not be. Somebody waits: a
    /// thread that ends at the very moment at which it is let go of brings glibc to read its memory
    /// when it is gone (bug 19951 there).
    fn drop(&mut self) {
        let runtimes = [self.compute.take(), self.io.take()];
        let runtimes = Arc::new(Mutex::new(runtimes));
        let ending = Arc::clone(&runtimes);
        let waits = thread::Builder::new().name("cohortql-end".to_owned());
        let waits = waits.spawn(move || {
            for runtime in taken(&ending) {
                runtime.shutdown_timeout(PATIENCE);
            }
        });
        if waits.is_err() {
            for runtime in taken(&runtimes) {
                runtime.shutdown_background();
            }
        }
    }
}

fn taken(runtimes: &Mutex<[Option<Runtime>; 2]>) -> impl Iterator<Item = Runtime> {
    let mut runtimes = runtimes.lock().unwrap_or_else(PoisonError::into_inner);
    mem::take(&mut *runtimes).into_iter().flatten()
}

fn start(name: &'static str, threads: usize) -> Result<Runtime, EngineError> {
    let counter = AtomicUsize::new(0);
    Builder::new_multi_thread()
        .worker_threads(threads.max(1))
        .thread_stack_size(STACK_BYTES)
        .thread_name_fn(move || format!("{name}-{}", counter.fetch_add(1, Ordering::Relaxed)))
        .enable_all()
        .build()
        .map_err(|error| EngineError::Internal {
            message: format!("cannot start the {name} threads: {error}"),
        })
}

/// Work on another runtime that stops when nobody waits for it any more.
#[derive(Debug)]
pub(crate) struct Task<T> {
    handle: JoinHandle<T>,
    interrupt: Interrupt,
    detached: bool,
}

impl<T: Send + 'static> Task<T> {
    pub(crate) fn spawn(on: &Handle, work: impl Future<Output = T> + Send + 'static) -> Self {
        Self::spawn_under(&Interrupt::default(), on, work)
    }

    /// Work of which `interrupt` ends the long computations: the same for all tasks of a statement,
    /// since what one of them starts may compute for another.
    pub(crate) fn spawn_under(
        interrupt: &Interrupt,
        on: &Handle,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Self {
        let work = Interruptible {
            interrupt: interrupt.clone(),
            work: Box::pin(work),
        };
        Self {
            handle: on.spawn(work),
            interrupt: interrupt.clone(),
            detached: false,
        }
    }
}

impl<T> Task<T> {
    /// Lets the work go on to its end with nobody waiting.
    pub(crate) fn detach(mut self) {
        self.detached = true;
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, EngineError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.handle)
            .poll(context)
            .map(|outcome| outcome.map_err(EngineError::from_join))
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        if !self.detached && !self.handle.is_finished() {
            self.interrupt.raise();
            self.handle.abort();
        }
    }
}

/// Work that is done under an [`Interrupt`], on whatever thread it goes on.
struct Interruptible<F: ?Sized> {
    interrupt: Interrupt,
    work: Pin<Box<F>>,
}

impl<F: Future + ?Sized> Future for Interruptible<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let interrupt = self.interrupt.clone();
        interrupt.during(|| self.work.as_mut().poll(context))
    }
}

/// Has the tasks that DataFusion starts work under the [`Interrupt`] of those that start them.
struct Inherited;

impl JoinSetTracer for Inherited {
    fn trace_future(
        &self,
        work: BoxFuture<'static, Box<dyn Any + Send>>,
    ) -> BoxFuture<'static, Box<dyn Any + Send>> {
        match Interrupt::current() {
            Some(interrupt) => Box::pin(Interruptible { interrupt, work }),
            None => work,
        }
    }

    fn trace_block(
        &self,
        work: Box<dyn FnOnce() -> Box<dyn Any + Send> + Send>,
    ) -> Box<dyn FnOnce() -> Box<dyn Any + Send> + Send> {
        match Interrupt::current() {
            Some(interrupt) => Box::new(move || interrupt.during(work)),
            None => work,
        }
    }
}
