//! How long a statement has been in each of its phases.

use std::fmt;
use std::time::{Duration, Instant};

/// Where a statement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Its names and types are resolved, or its physical plan is made.
    Planning,
    /// It waits for a place among those that may run.
    Queued,
    /// It computes, or waits for the reader of its answer.
    Running,
}

impl Phase {
    /// The word that stands in `system.running`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Planning => "planning",
            Self::Queued => "queued",
            Self::Running => "running",
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.word())
    }
}

/// The phase of a statement, and the time that it has spent in each.
#[derive(Debug)]
pub(crate) struct Clock {
    phase: Phase,
    since: Instant,
    planning: Duration,
    queued: Duration,
    running: Duration,
}

impl Clock {
    /// A statement for which as much time was spent on planning before.
    pub(crate) fn start(planned: Duration) -> Self {
        Self {
            phase: Phase::Planning,
            since: Instant::now(),
            planning: planned,
            queued: Duration::ZERO,
            running: Duration::ZERO,
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase
    }

    pub(crate) fn enter(&mut self, phase: Phase) {
        let now = Instant::now();
        let passed = now.saturating_duration_since(self.since);
        *self.total(self.phase) += passed;
        self.phase = phase;
        self.since = now;
    }

    /// The time spent in a phase, up to now.
    pub(crate) fn spent(&self, phase: Phase) -> Duration {
        let before = match phase {
            Phase::Planning => self.planning,
            Phase::Queued => self.queued,
            Phase::Running => self.running,
        };
        match phase == self.phase {
            true => before + self.since.elapsed(),
            false => before,
        }
    }

    fn total(&mut self, phase: Phase) -> &mut Duration {
        match phase {
            Phase::Planning => &mut self.planning,
            Phase::Queued => &mut self.queued,
            Phase::Running => &mut self.running,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_add_up_over_phases() {
        let begun = Instant::now();
        let mut clock = Clock::start(Duration::from_secs(5));
        clock.enter(Phase::Queued);
        clock.enter(Phase::Planning);
        let planning = clock.spent(Phase::Planning);
        clock.enter(Phase::Running);
        assert_eq!(clock.phase(), Phase::Running);
        assert!(planning >= Duration::from_secs(5));
        assert!(clock.spent(Phase::Planning) >= planning);
        let phases = [Phase::Planning, Phase::Queued, Phase::Running];
        let all: Duration = phases.iter().map(|phase| clock.spent(*phase)).sum();
        assert!(all <= Duration::from_secs(5) + begun.elapsed());
    }
}
