//! Programs of other languages, run to their end.

use std::path::PathBuf;
use std::process::{Command, Output};

use super::pass_over;

/// What a variable of the environment names; without it, a note that `test` is passed over.
pub(crate) fn named_by(variable: &str, test: &str) -> Option<PathBuf> {
    let named = std::env::var_os(variable).filter(|named| !named.is_empty());
    if named.is_none() {
        pass_over(test, &format!("{variable} is not set"));
    }
    named.map(PathBuf::from)
}

/// Runs a program to its end, which must be a success, and returns what it printed. What serves it
/// goes on meanwhile.
pub(crate) async fn succeed(command: Command) -> Output {
    let run = tokio::task::spawn_blocking(move || run(command));
    run.await.unwrap()
}

/// Runs a program to its end, which must be a success, and returns what it printed.
pub(crate) fn run(mut command: Command) -> Output {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}
