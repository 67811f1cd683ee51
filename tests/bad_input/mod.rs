//! Bad input through the binary: exit code 1, nothing on stdout, and on stderr
//! one message that names the object, what was expected and what came.

mod files;
mod network;
mod sql;

use std::path::Path;
use std::process::{Command, Output};

/// The binary without the surroundings that this process happens to have.
fn cohortql(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cohortql"));
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        let provider = ["AWS_", "GOOGLE_", "AZURE_", "COHORTQL_", "RUST_LOG"];
        if provider.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
        .current_dir(folder)
        .env("HOME", folder)
        .env("NO_COLOR", "1");
    command
}

/// Words of libraries that mean nothing to a user.
const NOISE: [&str; 8] = [
    "DataFusion error",
    "Arrow error",
    "External error",
    "Object Store error",
    "Internal error",
    "panicked",
    "backtrace",
    "This issue was likely caused by a bug",
];

/// Checks one refusal: the words in the first line of stderr, in any order.
#[track_caller]
fn assert_refused(output: &Output, words: &[&str]) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "exit code; stderr: {stderr}");
    assert!(output.stdout.is_empty(), "stdout must be empty: {output:?}");
    let first = stderr.lines().next().unwrap_or_default();
    for word in words {
        assert!(first.contains(word), "no {word:?} in: {stderr}");
    }
    for noise in NOISE {
        assert!(!stderr.contains(noise), "{noise:?} in: {stderr}");
    }
    // The message, then at most the place, the line of SQL and a caret.
    assert!(stderr.lines().count() <= 5, "too long: {stderr}");
}

/// Runs `sql` with `paths` as tables in `folder`.
fn query(folder: &Path, paths: &[&str], sql: &str) -> Output {
    cohortql(folder)
        .args(paths)
        .args(["-c", sql])
        .output()
        .unwrap()
}
