//! The binary, run as users run it.

mod benchmark;
mod builds;
mod demo;
mod docs;
mod errors;
mod formats;
mod ingest;
mod init;
mod input;
mod models;
mod server;
mod terminal;
mod texts;
mod users;
mod watch;

use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use crate::support::shipped;

/// What a run of the binary left behind.
struct Run {
    stdout: String,
    stderr: String,
    code: Option<i32>,
}

impl Run {
    /// Standard output of a run that must have succeeded without a word.
    #[track_caller]
    fn quiet(self) -> String {
        assert_eq!(self.code, Some(0), "{}", self.stderr);
        assert_eq!(self.stderr, "");
        self.stdout
    }

    /// Standard error of a run that must have failed without a result.
    #[track_caller]
    fn failed(self) -> String {
        assert_eq!(self.code, Some(1), "{}{}", self.stdout, self.stderr);
        assert_eq!(self.stdout, "");
        self.stderr
    }
}

/// The binary, in a folder and an environment where nothing is set.
fn command(arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cohortql"));
    command.args(arguments).current_dir(shipped());
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if name_text.starts_with("COHORTQL_") || name_text == "COLUMNS" {
            command.env_remove(name);
        }
    }
    command
}

fn run(arguments: &[&str]) -> Run {
    finish(command(arguments).stdin(Stdio::null()).output().unwrap())
}

/// Runs with `input` at standard input.
fn run_with_input(arguments: &[&str], input: &str) -> Run {
    finish_with(command(arguments), input)
}

/// Runs a command with `input` at standard input.
fn finish_with(mut command: Command, input: &str) -> Run {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(input.as_bytes())
        .unwrap();
    finish(child.wait_with_output().unwrap())
}

fn finish(output: Output) -> Run {
    Run {
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
        code: output.status.code(),
    }
}

/// The real purchases.
fn purchases() -> String {
    shipped().join("cdnow_sample.csv").display().to_string()
}

/// A folder for the test's files.
fn scratch() -> (tempfile::TempDir, impl Fn(&str) -> PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    (folder, move |name| path.join(name))
}
