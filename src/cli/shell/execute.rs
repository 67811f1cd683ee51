//! One statement: run, watched by a progress bar, ended by Ctrl-C, written out.

use std::fmt;
use std::future::Future;
use std::pin::{Pin, pin};
use std::time::{Duration, Instant};

use futures::StreamExt;
use tokio::time::{MissedTickBehavior, interval};

use crate::cli::backend::{Answer, Backend, Batches};
use crate::cli::error::CliError;
use crate::cli::output::{Destination, Format, Look, counted};
use crate::cli::progress::{Meter, TICK};
use crate::cli::shell::note;

/// What came of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Outcome {
    what: What,
    pub(super) elapsed: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Rows(usize),
    Changed(u64),
}

impl Outcome {
    /// Whether there was a result, if one without rows.
    pub(super) fn is_result(&self) -> bool {
        matches!(self.what, What::Rows(_))
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            What::Rows(rows) => write!(formatter, "{}", counted(rows, "row")),
            What::Changed(0) => write!(formatter, "done"),
            What::Changed(rows) => {
                let rows = usize::try_from(rows).unwrap_or(usize::MAX);
                write!(formatter, "done, {}", counted(rows, "row"))
            }
        }
    }
}

/// Runs `statement` and writes its rows to `destination`.
pub(super) async fn execute(
    backend: &Backend,
    statement: &str,
    format: Format,
    look: Look,
    destination: &mut Destination,
) -> Result<Outcome, CliError> {
    let started = Instant::now();
    let mut watch = Watch {
        backend,
        meter: Meter::start(),
        interrupt: pin!(interrupted()),
    };
    let what = match watch.over(backend.run(statement)).await? {
        Answer::Changed { rows, notice } => {
            watch.meter.clear();
            notice.into_iter().for_each(note);
            What::Changed(rows)
        }
        Answer::Rows {
            schema,
            mut batches,
        } => {
            let covers_bar = format.streams(look) && destination.is_terminal();
            let mut writer = format.writer(schema, destination, look)?;
            let mut rows = 0;
            while let Some(batch) = watch.over(next(&mut batches)).await? {
                if covers_bar {
                    watch.meter.clear();
                }
                rows += batch.num_rows();
                writer.write(&batch)?;
            }
            watch.meter.clear();
            writer.finish()?;
            What::Rows(rows)
        }
    };
    Ok(Outcome {
        what,
        elapsed: started.elapsed(),
    })
}

async fn next(batches: &mut Batches) -> Result<Option<arrow::array::RecordBatch>, CliError> {
    batches.next().await.transpose()
}

/// Resolves when the user presses Ctrl-C; never, if that can't be known.
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Waits while the bar moves, until Ctrl-C.
struct Watch<'a, F> {
    backend: &'a Backend,
    meter: Meter,
    interrupt: Pin<&'a mut F>,
}

impl<F: Future<Output = ()>> Watch<'_, F> {
    /// What `work` gives. Dropping it, as Ctrl-C does, cancels the query.
    async fn over<T>(
        &mut self,
        work: impl Future<Output = Result<T, CliError>>,
    ) -> Result<T, CliError> {
        let mut work = pin!(work);
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                () = self.interrupt.as_mut() => return Err(CliError::Interrupted),
                done = work.as_mut() => return done,
                _ = ticks.tick() => self.meter.tick(self.backend.reading()),
            }
        }
    }
}
