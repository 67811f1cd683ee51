//! The progress bar of a query that takes more than a second.

mod line;

use std::io::{IsTerminal, stderr};
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use line::Line;

/// Queries shorter than this show none.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the bar moves.
pub(crate) const TICK: Duration = Duration::from_millis(100);

/// How far a query has come.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) rows: u64,
    pub(crate) total_rows: Option<u64>,
    pub(crate) bytes: u64,
    pub(crate) total_bytes: Option<u64>,
}

/// A bar on standard error; nothing without a terminal there.
pub(crate) struct Meter {
    started: Instant,
    bar: Option<ProgressBar>,
    is_wanted: bool,
}

impl Meter {
    /// Begins to wait.
    pub(crate) fn start() -> Self {
        Self {
            started: Instant::now(),
            bar: None,
            is_wanted: stderr().is_terminal(),
        }
    }

    /// Moves the bar.
    pub(crate) fn tick(&mut self, reading: Reading) {
        if !self.is_wanted || self.started.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::term_like(Box::new(Line)))
                .with_elapsed(PATIENCE)
        });
        match share(reading) {
            Some((done, total)) => {
                bar.set_style(style(
                    "{elapsed:>3} {bar:20.cyan/dim} {percent:>3} %  {wide_msg}",
                ));
                bar.set_length(total);
                bar.set_position(done);
            }
            None => bar.set_style(style("{elapsed:>3} {spinner:.cyan} {wide_msg}")),
        }
        bar.set_message(format!("Ctrl-C cancels · {}", spoken(reading)));
        bar.tick();
    }

    /// Takes the bar away, for good when results appear where it stands.
    pub(crate) fn clear(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        self.is_wanted = false;
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.clear();
    }
}

/// How much of how much: rows, or bytes where the number of rows is not known. A query that needs
/// few columns never reads all bytes of a columnar file.
fn share(reading: Reading) -> Option<(u64, u64)> {
    let bytes = reading.total_bytes.map(|total| (reading.bytes, total));
    let rows = reading.total_rows.map(|total| (reading.rows, total));
    let (done, total) = rows.or(bytes)?;
    (total > 0).then_some((done.min(total), total))
}

fn spoken(reading: Reading) -> String {
    let rows = HumanCount(reading.rows);
    let bytes = HumanBytes(reading.bytes);
    match (reading.total_rows, reading.total_bytes) {
        (Some(total), _) if reading.bytes > 0 => {
            format!("{rows} of {} rows, {bytes}", HumanCount(total))
        }
        (Some(total), _) => format!("{rows} of {} rows", HumanCount(total)),
        (None, Some(total)) => format!("{bytes} of {}, {rows} rows", HumanBytes(total)),
        (None, None) if reading.bytes > 0 => format!("{bytes}, {rows} rows"),
        (None, None) => format!("{rows} rows"),
    }
}

fn style(template: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(template);
    style
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("━╸─")
        .tick_chars("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏ ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_counted_where_their_number_is_known_and_bytes_elsewhere() {
        let columnar = Reading {
            rows: 1_500,
            total_rows: Some(3_000),
            bytes: 1 << 20,
            total_bytes: Some(40 << 20),
        };
        assert_eq!(share(columnar), Some((1_500, 3_000)));
        assert_eq!(spoken(columnar), "1,500 of 3,000 rows, 1.00 MiB");
        let files = Reading {
            rows: 1_500,
            bytes: 1 << 20,
            total_bytes: Some(4 << 20),
            ..Reading::default()
        };
        assert_eq!(share(files), Some((1 << 20, 4 << 20)));
        assert_eq!(spoken(files), "1.00 MiB of 4.00 MiB, 1,500 rows");
        let memory = Reading {
            rows: 1_500,
            total_rows: Some(1_000),
            ..Reading::default()
        };
        assert_eq!(share(memory), Some((1_000, 1_000)));
        assert_eq!(spoken(memory), "1,500 of 1,000 rows");
        assert_eq!(share(Reading::default()), None);
        assert_eq!(spoken(Reading::default()), "0 rows");
    }
}
