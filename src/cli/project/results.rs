//! `target/run_results.json`: what a build came to, for programs.

use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use cohortql_engine::models::{Built, Extent, Outcome, Project, Status, TestOutcome};
use serde_json::{Value, json};

use super::build::Asked;
use crate::cli::error::CliError;

/// The folder in the project's, and the file in that.
pub(super) const FOLDER: &str = "target";
pub(super) const FILE: &str = "run_results.json";

/// Removes the file of the last build, which must not pass for that of one that is killed.
pub(super) fn forget(project: &Project) -> Result<(), CliError> {
    let path = project.folder().join(FOLDER).join(FILE);
    match fs::remove_file(&path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(CliError::CannotWrite { path, source })
        }
        _ => Ok(()),
    }
}

/// Writes the file, in the place of that of the last build.
pub(super) fn write(
    project: &Project,
    asked: &Asked,
    (started, elapsed): (DateTime<Utc>, Duration),
    built: &Built,
) -> Result<(), CliError> {
    let results: Vec<Value> = built.models.iter().map(result).collect();
    let tests: Vec<Value> = built.tests.iter().map(tested).collect();
    let text = json!({
        "project": project.name(),
        "target": project.target(),
        "command": asked.command,
        "vars": asked.vars,
        "full_refresh": asked.options.full_refresh,
        "started_at": started.to_rfc3339_opts(SecondsFormat::Millis, true),
        "seconds": elapsed.as_secs_f64(),
        "results": results,
        "tests": tests,
    });
    let folder = project.folder().join(FOLDER);
    let path = folder.join(FILE);
    replace(&folder, &path, &format!("{text:#}\n"))
        .map_err(|source| CliError::CannotWrite { path, source })
}

fn replace(folder: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    // A temporary file of the library would be for nobody else to read.
    let fresh = folder.join(format!(".{FILE}.{}", std::process::id()));
    fs::write(&fresh, text)?;
    fs::rename(fresh, path)
}

fn result(outcome: &Outcome) -> Value {
    let (status, rows, message) = match &outcome.status {
        Status::Built { rows, extent } => (
            "built",
            *rows,
            match extent {
                Extent::Full(reason) => Some(format!("in full: {reason}")),
                Extent::Whole | Extent::Keys(_) | Extent::Unchanged => None,
            },
        ),
        Status::Failed(error) => ("failed", None, Some(error.to_string())),
        Status::Skipped(reason) => ("skipped", None, Some(reason.clone())),
    };
    json!({
        "model": outcome.model,
        "kind": outcome.kind.word(),
        "status": status,
        "rows": rows,
        "seconds": outcome.elapsed.as_secs_f64(),
        "bytes_read": outcome.bytes_read,
        "message": message,
    })
}

fn tested(outcome: &TestOutcome) -> Value {
    json!({
        "test": outcome.test,
        "model": outcome.model,
        "column": outcome.column,
        "kind": outcome.kind,
        "severity": outcome.severity.word(),
        "status": outcome.status.word(),
        "failures": outcome.failures,
        "value": outcome.value,
        "seconds": outcome.elapsed.as_secs_f64(),
        "message": outcome.message,
    })
}
