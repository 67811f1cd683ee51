//! When to build: by the clock, and after a failure.

use std::str::FromStr;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use croner::Cron;
use tokio::time::{Interval, MissedTickBehavior};

use super::misused;
use crate::cli::error::CliError;

/// How long a failed round waits at first, and at most.
const FIRST_WAIT: Duration = Duration::from_secs(60);
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// Times of builds.
#[derive(Debug)]
pub(super) enum Schedule {
    /// At a distance from one another, the first at once.
    Every(Duration, Option<Interval>),
    /// Those of a cron expression.
    Cron(Box<Cron>),
}

impl Schedule {
    /// What the arguments ask for, if they do.
    pub(super) fn of(
        every: Option<Duration>,
        cron: Option<&str>,
    ) -> Result<Option<Self>, CliError> {
        if let Some(every) = every {
            return Ok(Some(Self::Every(every, None)));
        }
        let Some(text) = cron else {
            return Ok(None);
        };
        match Cron::from_str(text) {
            Ok(cron) => Ok(Some(Self::Cron(Box::new(cron)))),
            Err(error) => Err(misused(format!(
                "--cron must be minute, hour, day, month and weekday, such as '0 6 * * *', got {text:?}: \
                 {error}"
            ))),
        }
    }

    /// Waits for the next one.
    pub(super) async fn wait(&mut self) -> Result<(), CliError> {
        match self {
            Self::Every(every, interval) => {
                let interval = interval.get_or_insert_with(|| {
                    let mut interval = tokio::time::interval(*every);
                    // A build that takes longer is not made up for.
                    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
                    interval
                });
                interval.tick().await;
            }
            Self::Cron(cron) => {
                let now = Utc::now();
                tokio::time::sleep(until_next(cron, now)?).await;
            }
        }
        Ok(())
    }
}

fn until_next(cron: &Cron, now: DateTime<Utc>) -> Result<Duration, CliError> {
    let next = cron.find_next_occurrence(&now, false);
    let next = next.map_err(|error| misused(format!("--cron has no next time: {error}")))?;
    Ok((next - now).to_std().unwrap_or_default())
}

/// How long a round that failed waits before it is tried again, twice as long each time.
#[derive(Debug, Default)]
pub(super) struct Patience {
    wait: Option<(Instant, Duration)>,
}

impl Patience {
    /// Waits longer than the last time.
    pub(super) fn lengthen(&mut self) {
        let wait = self
            .wait
            .map_or(FIRST_WAIT, |(_, wait)| (wait * 2).min(LONGEST_WAIT));
        self.wait = Some((Instant::now() + wait, wait));
    }

    /// Whether it has waited long enough.
    pub(super) fn is_over(&self) -> bool {
        self.wait.is_none_or(|(end, _)| Instant::now() >= end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cron_expressions_have_next_times() {
        let now: DateTime<Utc> = "2024-02-28T07:00:00Z".parse().unwrap();
        let hours = |text: &str| {
            let cron = Cron::from_str(text).unwrap();
            until_next(&cron, now).unwrap().as_secs() / 3600
        };
        assert_eq!(hours("0 6 * * *"), 23);
        assert_eq!(hours("0 7 29 2 *"), 24);
        assert!(Schedule::of(None, Some("noon")).is_err());
    }

    #[test]
    fn failures_wait_longer_each_time() {
        let mut patience = Patience::default();
        assert!(patience.is_over());
        for _ in 0..10 {
            patience.lengthen();
        }
        assert!(!patience.is_over());
        assert_eq!(patience.wait.unwrap().1, LONGEST_WAIT);
    }
}
