//! What is posted when something is wrong.

use cohortql_engine::models::{Alert, Built, Project, Status, TestStatus};
/// Failures that a post names at most.
const NAMED: usize = 10;

/// What of a build has failed. Causes may name values of customers, and stay here.
pub(super) fn of_failure(project: &Project, built: &Built) -> String {
    let models = built
        .models
        .iter()
        .filter_map(|outcome| match &outcome.status {
            Status::Failed(_) => Some(format!("{}: it cannot be built", outcome.model)),
            _ => None,
        });
    let tests = built
        .tests
        .iter()
        .filter_map(|outcome| match outcome.status {
            TestStatus::Failed => Some(format!(
                "{}: {} wrong",
                outcome.test,
                outcome.failures.unwrap_or(0)
            )),
            TestStatus::Errored => Some(format!("{}: it cannot be run", outcome.test)),
            _ => None,
        });
    let failed: Vec<String> = models.chain(tests).collect();
    let mut text = format!("{} failed in {}", failed.len(), place(project));
    for one in failed.iter().take(NAMED) {
        text += &format!("\n• {one}");
    }
    if failed.len() > NAMED {
        text += &format!("\n• and {} more", failed.len() - NAMED);
    }
    text
}

/// What there is to say of a number, if it has gone beyond its bounds or come back.
pub(super) fn of_alert(project: &Project, alert: &Alert, was_given: bool) -> Option<String> {
    let value = alert
        .value
        .map_or_else(|| "nothing".to_owned(), |value| value.to_string());
    let said = match (&alert.beyond, was_given) {
        (Some(beyond), false) => format!("is {value}, {beyond}"),
        (None, true) if alert.value.is_some() => format!("is {value}, within its bounds again"),
        _ => return None,
    };
    Some(format!("{} of {} {said}", alert.name, place(project)))
}

fn place(project: &Project) -> String {
    format!("{} ({})", project.name(), project.target())
}
