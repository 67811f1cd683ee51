//! `cohortql load`, run as users run it, in a project of its own.

mod files;
mod killed;
mod memory;
mod postgres;

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A project with nothing in it.
struct Project(TempDir);

impl Project {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("cohortql.toml"), "").unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn file(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// The binary in the project's folder, in an environment where nothing is set.
    fn command(&self, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cohortql"));
        command.args(arguments).current_dir(self.0.path());
        command.stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("COHORTQL_") || text.starts_with("PG") {
                command.env_remove(name);
            }
        }
        command
    }

    /// Loads, which must succeed, and returns what was said.
    #[track_caller]
    fn load(&self, arguments: &[&str]) -> String {
        said(
            &self
                .command(["load"].iter().chain(arguments))
                .output()
                .unwrap(),
        )
    }

    /// Loads, which must succeed, and returns the outcome.
    #[track_caller]
    fn outcome(&self, arguments: &[&str]) -> Value {
        let with_format: Vec<_> = arguments
            .iter()
            .chain(&["--format", "json"])
            .copied()
            .collect();
        serde_json::from_str(&self.load(&with_format)).unwrap()
    }

    /// Loads, which must fail, and returns the message.
    #[track_caller]
    fn refusal(&self, arguments: &[&str]) -> String {
        let output = self
            .command(["load"].iter().chain(arguments))
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "{output:?}");
        String::from_utf8(output.stderr).unwrap()
    }

    /// The rows of a query, as CSV without its header.
    #[track_caller]
    fn rows(&self, sql: &str) -> String {
        let output = self
            .command(["--format", "csv", "-c", sql])
            .output()
            .unwrap();
        let text = said(&output);
        let rows = text.split_once('\n').map_or("", |(_, rows)| rows);
        rows.trim_end().to_owned()
    }
}

#[track_caller]
fn said(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A number of an outcome.
fn number(outcome: &Value, name: &str) -> u64 {
    outcome[name].as_u64().unwrap()
}

/// Refuses an outcome whose numbers do not add up.
#[track_caller]
fn adds_up(outcome: &Value) {
    let parts = [
        "inserted",
        "updated",
        "unchanged",
        "duplicates",
        "quarantined",
    ];
    let sum: u64 = parts.iter().map(|part| number(outcome, part)).sum();
    assert_eq!(sum, number(outcome, "read"), "{outcome}");
}
