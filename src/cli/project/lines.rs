//! What a build says: a line a model or test, and at the end what it comes to.

use std::io::{IsTerminal, Write, stderr, stdout};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cohortql_engine::models::{Built, Event, Extent, Outcome, Status, TestStatus};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};

use super::{skipped, tested};
use crate::cli::error::CliError;
use crate::cli::progress::TICK;

/// The lines on standard output, and what is at work on standard error where that is a terminal.
pub(super) struct Lines {
    width: usize,
    /// Whether tests that hold have a line each. Beside models they would drown these.
    tells_passed: bool,
    bar: Option<ProgressBar>,
    failure: Mutex<Option<std::io::Error>>,
}

impl Lines {
    /// Lines for models and tests whose names have at most `width` letters.
    pub(super) fn new(width: usize, tells_passed: bool) -> Self {
        let bar = stderr().is_terminal().then(|| {
            let style = ProgressStyle::with_template("{elapsed:>3} {spinner:.cyan} {wide_msg}");
            let bar = ProgressBar::new_spinner();
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
            bar.enable_steady_tick(TICK);
            bar
        });
        Self {
            width,
            tells_passed,
            bar,
            failure: Mutex::default(),
        }
    }

    /// Says what has happened; what is skipped is said together at the end.
    pub(super) fn say(&self, event: Event<'_>) {
        match event {
            Event::Started { model, number, of } => self.show(model, number, of),
            Event::Testing { test, number, of } => self.show(test, number, of),
            Event::Columns { model, changes } => {
                self.write(&format!("columns     {model}: {}", changes.join(", ")));
            }
            Event::Ended(outcome) => {
                if let Some(line) = line(outcome, self.width) {
                    self.write(&line);
                }
            }
            Event::Tested(outcome)
                if outcome.status == TestStatus::Passed && !self.tells_passed => {}
            Event::Tested(outcome) => {
                if let Some(line) = tested::line(outcome, self.width) {
                    self.write(&line);
                }
            }
        }
    }

    /// Says what everything has come to. Fails when models or tests did, or nobody listens.
    pub(super) fn finish(
        self,
        built: &Built,
        target: &str,
        elapsed: Duration,
    ) -> Result<(), CliError> {
        for line in skipped::lines(built) {
            self.write(&line);
        }
        let count = |is: fn(&Status) -> bool| {
            let matching = built.models.iter().filter(|outcome| is(&outcome.status));
            matching.count()
        };
        let succeeded = count(|status| matches!(status, Status::Built { .. }));
        let failed = count(|status| matches!(status, Status::Failed(_)));
        let skipped = count(|status| matches!(status, Status::Skipped(_)));
        let mut parts = Vec::new();
        if !built.models.is_empty() || built.tests.is_empty() {
            parts.push(format!(
                "{succeeded} built, {failed} failed, {skipped} skipped"
            ));
        }
        if !built.tests.is_empty() {
            parts.push(tested::summary(&built.tests));
        }
        self.write(&format!(
            "target {target}: {} in {}",
            parts.join("; tests: "),
            seconds(elapsed)
        ));
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
        let failure = self.failure.into_inner();
        if let Some(error) = failure.unwrap_or_else(PoisonError::into_inner) {
            return Err(error.into());
        }
        let mut wrong = Vec::new();
        if failed > 0 {
            wrong.push(format!("{failed} of {} models failed", succeeded + failed));
        }
        wrong.extend(tested::failure(&built.tests));
        match wrong.is_empty() {
            true => Ok(()),
            false => Err(CliError::NotBuilt(wrong.join(", "))),
        }
    }

    fn show(&self, name: &str, number: usize, of: usize) {
        if let Some(bar) = &self.bar {
            bar.set_message(format!("{number} of {of}: {name} · Ctrl-C cancels"));
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
        Status::Built {
            rows: Some(rows),
            extent,
        } => {
            let rows = HumanCount(*rows).to_string();
            let anew = match extent {
                Extent::Whole => String::new(),
                Extent::Full(reason) => format!("  in full: {reason}"),
                Extent::Keys(1) => "  1 key anew".to_owned(),
                Extent::Keys(keys) => format!("  {} keys anew", HumanCount(*keys)),
                Extent::Unchanged => "  unchanged".to_owned(),
            };
            Some(format!(
                "{kind:<11} {model:<width$} {rows:>14} rows  {took:>8}{anew}"
            ))
        }
        Status::Built { rows: None, .. } => {
            Some(format!("{kind:<11} {model:<width$} {:>19}  {took:>8}", ""))
        }
        Status::Failed(error) => Some(format!("failed      {model}: {error}")),
        Status::Skipped(_) => None,
    }
}

pub(super) fn seconds(elapsed: Duration) -> String {
    format!("{:.2} s", elapsed.as_secs_f64())
}
