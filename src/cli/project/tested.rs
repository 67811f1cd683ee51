//! What a run of tests says.

use cohortql_engine::models::{TestOutcome, TestStatus};
use indicatif::HumanCount;

use super::lines::seconds;

/// The line of a test; one that is skipped has none.
pub(super) fn line(outcome: &TestOutcome, width: usize) -> Option<String> {
    let (test, took) = (&outcome.test, seconds(outcome.elapsed));
    let said = outcome.message.as_deref().unwrap_or_default();
    let word = match outcome.status {
        TestStatus::Skipped => return None,
        TestStatus::Errored => return Some(format!("ERROR       {test}: {said}")),
        TestStatus::Passed => {
            return Some(format!("PASS        {test:<width$} {:>19}  {took:>8}", ""));
        }
        TestStatus::Warned => "WARN",
        TestStatus::Failed => "FAIL",
    };
    let failures = HumanCount(outcome.failures.unwrap_or(0)).to_string();
    Some(format!(
        "{word:<11} {test:<width$} {failures:>12} wrong  {took:>8}  {said}"
    ))
}

/// How many tests went which way.
pub(super) fn summary(outcomes: &[TestOutcome]) -> String {
    let count = |status| count(outcomes, status);
    let errors = match count(TestStatus::Errored) {
        0 => String::new(),
        errors => format!(", {errors} not run"),
    };
    format!(
        "{} passed, {} warned, {} failed{errors}, {} skipped",
        count(TestStatus::Passed),
        count(TestStatus::Warned),
        count(TestStatus::Failed),
        count(TestStatus::Skipped),
    )
}

/// What ends the command with an error, if so.
pub(super) fn failure(outcomes: &[TestOutcome]) -> Option<String> {
    let failed = count(outcomes, TestStatus::Failed) + count(outcomes, TestStatus::Errored);
    let run = outcomes.len() - count(outcomes, TestStatus::Skipped);
    (failed > 0).then(|| format!("{failed} of {run} tests failed"))
}

fn count(outcomes: &[TestOutcome], status: TestStatus) -> usize {
    let matching = outcomes.iter().filter(|outcome| outcome.status == status);
    matching.count()
}
