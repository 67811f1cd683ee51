//! Running tests: those of one row of the same relation in one scan of it, the others by themselves.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::limits::Verdict;
use super::measure::Found;
use super::outcome::{TestOutcome, TestStatus};
use super::test::Test;
use crate::EngineError;
use crate::models::build::Build;
use crate::models::outcome::Event;

impl Build<'_> {
    /// Runs tests of which all that they read has been built, and keeps what they come to.
    ///
    /// # Errors
    /// When the warehouse cannot be written. What goes wrong with a test is in its outcome.
    pub(in crate::models) async fn test(&mut self, tests: Vec<&Test>) -> Result<(), EngineError> {
        let mut waiting = tests;
        while !waiting.is_empty() {
            let first = waiting.remove(0);
            let mut together = vec![first];
            if first.expectation.is_of_one_row() {
                let (alike, others): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|test| {
                    test.expectation.is_of_one_row() && test.subject == first.subject
                });
                together.extend(alike);
                waiting = others;
            }
            let mut tried = Vec::with_capacity(together.len());
            for test in together {
                match self.why_not(test).await? {
                    Some(outcome) => self.ended(test, outcome),
                    None => tried.push(test),
                }
            }
            self.try_together(&tried).await?;
        }
        Ok(())
    }

    /// What becomes of a test that is not tried.
    async fn why_not(&mut self, test: &Test) -> Result<Option<TestOutcome>, EngineError> {
        let skipped = |reason: String| {
            let outcome = TestOutcome::of(test, TestStatus::Skipped, Some(reason));
            Ok(Some(outcome))
        };
        if let Some(reason) = self.missing.reason(&test.needs) {
            return skipped(reason.clone());
        }
        if let Some(reason) = self.not_built(&test.needs).or_else(|| self.given_up()) {
            return skipped(reason);
        }
        match self.prepare(&test.name).await {
            Ok(()) => Ok(None),
            Err(error @ EngineError::NotFound { .. }) => {
                let said = error.about(&test.label).to_string();
                let outcome = TestOutcome::of(test, TestStatus::Errored, Some(said));
                Ok(Some(outcome))
            }
            Err(error) => Err(error),
        }
    }

    /// Runs tests of one row of the same relation, or one test. What fails together is tried one by
    /// one, so that the failure is that of the test that is to blame.
    async fn try_together(&mut self, tests: &[&Test]) -> Result<(), EngineError> {
        let (began, started) = (Utc::now(), Instant::now());
        if let [first, _, ..] = tests {
            self.tell(first);
            match self.scanned(tests).await {
                Ok(found) => {
                    let share = started.elapsed() / u32::try_from(tests.len()).unwrap_or(u32::MAX);
                    for (test, found) in tests.iter().zip(found) {
                        self.settle(test, Ok(found), (began, share)).await?;
                    }
                    return Ok(());
                }
                Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
                Err(_) => {}
            }
        }
        for test in tests {
            let (began, started) = (Utc::now(), Instant::now());
            self.tell(test);
            let found = self.measured(test).await;
            let took = (began, started.elapsed());
            self.settle(test, found, took).await?;
        }
        Ok(())
    }

    /// Keeps what a test has found.
    async fn settle(
        &mut self,
        test: &Test,
        found: Result<Found, EngineError>,
        (began, took): (DateTime<Utc>, Duration),
    ) -> Result<(), EngineError> {
        let mut outcome = match found {
            Err(EngineError::Cancelled) => return Err(EngineError::Cancelled),
            Err(error) => {
                let said = error.about(&test.label).to_string();
                TestOutcome::of(test, TestStatus::Errored, Some(said))
            }
            Ok(found) => {
                let status = match found.verdict {
                    Verdict::Pass => TestStatus::Passed,
                    Verdict::Warn => TestStatus::Warned,
                    Verdict::Fail => TestStatus::Failed,
                };
                let rows = found.rows.filter(|_| status != TestStatus::Passed);
                let kept = self.keep_failing(&test.name, rows).await?;
                let mut message = found.message;
                if let (Some(message), Some(kept)) = (&mut message, kept) {
                    message.push_str(&kept);
                }
                TestOutcome {
                    failures: Some(found.failures),
                    value: found.value,
                    ..TestOutcome::of(test, status, message)
                }
            }
        };
        (outcome.started, outcome.elapsed) = (began, took);
        self.ended(test, outcome);
        Ok(())
    }

    fn tell(&self, test: &Test) {
        (self.report)(Event::Testing {
            test: &test.name,
            number: self.tested.len() + 1,
            of: self.to_be_tested,
        });
    }

    fn ended(&mut self, test: &Test, outcome: TestOutcome) {
        (self.report)(Event::Tested(&outcome));
        if outcome.status.stops() {
            self.found_wrong(test);
        }
        self.tested.push(outcome);
    }
}
