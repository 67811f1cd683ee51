//! What goes wrong: one message, at the right place, and exit code 1.

use std::fs;

use super::{purchases, run, run_with_input, scratch};

#[test]
fn an_error_points_at_the_place_in_the_script() {
    let (_folder, path) = scratch();
    let file = path("report.sql");
    fs::write(
        &file,
        "select 1 as one;\n\nselect\n  amont\nfrom cdnow_sample;\n",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let purchases = purchases();
    let run = run(&[&purchases, "--format", "csv", "-f", file]);
    // What came before the error has been written.
    assert_eq!((run.code, run.stdout.as_str()), (Some(1), "one\n1\n"));
    assert!(run.stderr.starts_with("error: "), "{}", run.stderr);
    assert!(
        run.stderr.contains("amont") && run.stderr.contains("amount"),
        "{}",
        run.stderr
    );
    let place = format!(" --> {file}:4:3\n  |\n4 |   amont\n  |   ^\n");
    assert!(run.stderr.ends_with(&place), "{}", run.stderr);
}

#[test]
fn syntax_errors_point_too() {
    let error = run(&["-c", "select 1 as a; selec 2"]).failed_after("a");
    assert!(error.contains("--> line 1, column 16"), "{error}");
    assert!(
        error.ends_with("1 | select 1 as a; selec 2\n  |                ^\n"),
        "{error}"
    );
    let error = run_with_input(&[], "select (1").failed();
    assert!(error.contains("standard input"), "{error}");
}

#[test]
fn files_that_are_not_there_are_named() {
    let error = run(&["nowhere.csv", "-c", "select 1"]).failed();
    assert!(error.contains("nowhere.csv"), "{error}");
    let error = run(&["-f", "nowhere.sql"]).failed();
    assert!(
        error.starts_with("error: cannot read nowhere.sql: "),
        "{error}"
    );
    let error = run(&["-c", "select 1", "-o", "no/such/folder/a.csv"]).failed();
    assert!(
        error.starts_with("error: cannot write no/such/folder/a.csv: "),
        "{error}"
    );
    let error = run(&["--project", "no/such/folder", "-c", "select 1"]).failed();
    assert!(error.contains("--project must be a folder"), "{error}");
}

#[test]
fn bad_settings_name_what_was_expected() {
    let error = run(&["--memory-limit", "lots", "-c", "select 1"]).failed();
    assert!(
        error.contains("memory_limit") && error.contains("lots"),
        "{error}"
    );
    let error = run(&["--time-zone", "Mars/Olympus", "-c", "select 1"]).failed();
    assert!(error.contains("Mars/Olympus"), "{error}");
}

#[test]
fn commands_that_do_not_exist_say_where_the_list_is() {
    let error = run(&["-c", "\\frobnicate"]).failed();
    assert_eq!(
        error,
        "error: there is no command \\frobnicate; \\? lists the commands\n"
    );
    let error = run(&["-c", "\\queries"]).failed();
    assert!(error.contains("no server is connected"), "{error}");
    let error = run(&["functions", "cohort_mont_h"]).failed();
    assert!(error.contains("did you mean \"cohort_month\"?"), "{error}");
}

#[test]
fn what_a_subcommand_would_not_see_is_refused() {
    for (arguments, expected) in [
        (
            ["parts", "serve", "--listen", "127.0.0.1:0"].as_slice(),
            "serve must come first, got \"parts\"",
        ),
        (
            &["-c", "select 1", "demo"],
            "--command is for queries, and demo runs none",
        ),
        (
            &["-o", "out.csv", "functions"],
            "--output is for queries, and functions runs none",
        ),
    ] {
        let error = run(arguments).failed();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_statement_that_takes_too_long_is_ended() {
    let sql = "select count(*) from generate_series(1, 1000000000000) as t(value)";
    let error = run(&["--timeout", "100ms", "-c", sql]).failed();
    assert!(error.contains("timeout"), "{error}");
}

impl super::Run {
    /// Standard error of a run that failed after a result that holds `text`.
    #[track_caller]
    fn failed_after(self, text: &str) -> String {
        assert_eq!(self.code, Some(1));
        assert!(self.stdout.contains(text), "{}", self.stdout);
        self.stderr
    }
}
