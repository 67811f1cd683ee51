//! The shell at a terminal, which Python's standard library has and Rust's has not.

use std::process::Command;

use crate::support::{pass_over, root};

#[test]
fn the_shell_works_at_a_terminal() {
    let set = std::env::var_os("COHORTQL_PYTHON").filter(|python| !python.is_empty());
    let python = set.unwrap_or_else(|| "python3".into());
    let output = Command::new(&python)
        .arg(root().join("tests/clients/shell_test.py"))
        .env("COHORTQL_BINARY", env!("CARGO_BIN_EXE_cohortql"))
        .output();
    let Ok(output) = output else {
        pass_over("the_shell_works_at_a_terminal", "there is no python3");
        return;
    };
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
