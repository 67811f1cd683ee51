//! What a build has passed over, by the reason.

use std::collections::BTreeMap;

use cohortql_engine::models::{Built, Status, TestStatus};

/// Models and tests that were passed over.
#[derive(Debug, Default)]
struct Passed<'a> {
    models: Vec<&'a str>,
    tests: usize,
}

/// A line a reason.
pub(super) fn lines(built: &Built) -> Vec<String> {
    let mut reasons: BTreeMap<&str, Passed<'_>> = BTreeMap::new();
    for outcome in &built.models {
        if let Status::Skipped(reason) = &outcome.status {
            let passed = reasons.entry(reason).or_default();
            passed.models.push(&outcome.model);
        }
    }
    for outcome in &built.tests {
        if outcome.status == TestStatus::Skipped {
            let reason = outcome.message.as_deref().unwrap_or_default();
            reasons.entry(reason).or_default().tests += 1;
        }
    }
    let lines = reasons.into_iter().map(|(reason, passed)| {
        let mut what = passed.models.join(", ");
        if passed.tests > 0 {
            let and = if what.is_empty() { "" } else { ", and " };
            let tests = if passed.tests == 1 { "test" } else { "tests" };
            what += &format!("{and}{} {tests}", passed.tests);
        }
        format!("skipped: {reason}: {what}")
    });
    lines.collect()
}
