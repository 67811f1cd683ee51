//! What a build says: a line a model, and at the end what it comes to.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cohortql_engine::models::{Event, Outcome, Status};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use crate::cli::error::CliError;
use crate::cli::progress::TICK;

/// The lines on standard output, and what is at work on standard error where that is a terminal.
pub(super) struct Lines {
    width: usize,
    bar: Option<ProgressBar>,
    failure: Mutex<Option<std::io::Error>>,
}

impl Lines {
    /// Lines for models whose names have at most `width` letters.
    pub(super) fn new(width: usize) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{elapsed:>3} {spinner:.cyan} {wide_msg}");
            let bar = ProgressBar::new_spinner();
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(TICK);
            bar
        });
        Self {
            width,
            bar,
            failure: Mutex::default(),
        }
    }

    /// Says what has happened; skipped models are said together at the end.
    pub(super) fn say(&self, event: Event<'_>) {
        match event {
            Event::Started { model, number, of } => {
                if let Some(bar) = &self.bar {
                    bar.set_message(format!("{number} of {of}: {model} · Ctrl-C cancels"));
                }
            }
            Event::Ended(outcome) => {
                if let Some(line) = line(outcome, self.width) {
                    self.write(&line);
                }
            }
        }
    }

    /// Says what everything has come to. Fails when models did, or nobody listens.
    pub(super) fn finish(
        self,
        outcomes: &[Outcome],
        target: &str,
        elapsed: Duration,
    ) -> Result<(), CliError> {
        for (reason, models) in skipped(outcomes) {
            self.write(&format!("skipped: {reason}: {}", models.join(", ")));
        }
        let count = |is: fn(&Status) -> bool| {
            let matching = outcomes.iter().filter(|outcome| is(&outcome.status));
            matching.count()
        };
        let built = count(|status| matches!(status, Status::Built { .. }));
        let failed = count(|status| matches!(status, Status::Failed(_)));
        let skipped = count(|status| matches!(status, Status::Skipped(_)));
        self.write(&format!(
            "target {target}: {built} built, {failed} failed, {skipped} skipped in {}",
            seconds(elapsed)
        ));
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let failure = self.failure.into_inner();
        match failure.unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error.into()),
            None if failed > 0 => Err(CliError::NotBuilt(format!(
                "{failed} of {} models failed",
                built + failed
            ))),
            None => Ok(()),
        }
    }

    fn write(&self, line: &str) {
        let write = || writeln!(stdout(), "{line}");
        let written = match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        };
        if let Err(error) = written {
            let mut failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
            failure.get_or_insert(error);
        }
    }
}

fn line(outcome: &Outcome, width: usize) -> Option<String> {
    let (model, kind) = (&outcome.model, outcome.kind.word());
    let took = seconds(outcome.elapsed);
    match &outcome.status {
        Status::Built { rows: Some(rows) } => {
            let rows = HumanCount(*rows).to_string();
            Some(format!(
                "{kind:<11} {model:<width$} {rows:>14} rows  {took:>8}"
            ))
        }
        Status::Built { rows: None } => {
            Some(format!("{kind:<11} {model:<width$} {:>19}  {took:>8}", ""))
        }
        Status::Failed(error) => Some(format!("failed      {model}: {error}")),
        Status::Skipped(_) => None,
    }
}

/// The models that were skipped, by the reason.
fn skipped(outcomes: &[Outcome]) -> BTreeMap<&str, Vec<&str>> {
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for outcome in outcomes {
        if let Status::Skipped(reason) = &outcome.status {
            reasons.entry(reason).or_default().push(&outcome.model);
        }
    }
    reasons
}

fn seconds(elapsed: Duration) -> String {
    format!("{:.2} s", elapsed.as_secs_f64())
}
