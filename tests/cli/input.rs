//! Where SQL comes from: arguments, files, standard input, commands of the shell.

use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::{command, purchases, run, run_with_input, scratch};

#[test]
fn commands_run_in_order_in_one_session() {
    let text = run(&[
        "--format",
        "csv",
        "-c",
        "create table t as select 1 as a; insert into t values (2)",
        "-c",
        "select sum(a) as total from t;",
    ]);
    assert_eq!(text.quiet(), "total\n3\n");
}

#[test]
fn scripts_come_from_files_and_from_standard_input() {
    let (_folder, path) = scratch();
    let inner = path("inner.sql");
    fs::write(&inner, "select 'inner' as place;").unwrap();
    let outer = path("outer.sql");
    let script = format!("select 'outer' as place; -- one\n\\i {}\n", inner.display());
    fs::write(&outer, script).unwrap();
    let expected = "place\nouter\nplace\ninner\n";
    let outer = outer.to_str().unwrap();
    assert_eq!(run(&["--format", "csv", "-f", outer]).quiet(), expected);

    let read = run_with_input(&["--format", "csv"], "select 1 as a;\n\nselect 2 as b");
    assert_eq!(read.quiet(), "a\n1\nb\n2\n");
    let read = run_with_input(&["--format", "csv", "-f", "-"], "select 3 as c");
    assert_eq!(read.quiet(), "c\n3\n");
    assert_eq!(run_with_input(&[], "").quiet(), "");
    let marked = run_with_input(&["--format", "csv"], "\u{feff}select 4 as d");
    assert_eq!(marked.quiet(), "d\n4\n");
    let comment = run(&["--format", "csv", "-c", "-- a report\nselect 5 as e"]);
    assert_eq!(comment.quiet(), "e\n5\n");
}

#[test]
fn a_script_that_runs_itself_ends() {
    let (_folder, path) = scratch();
    let file = path("loop.sql");
    fs::write(&file, format!("\\i {}", file.display())).unwrap();
    let error = run(&["-f", file.to_str().unwrap()]).failed();
    assert!(error.contains("runs itself"), "{error}");
}

#[test]
fn paths_are_tables_named_for_their_files() {
    let purchases = purchases();
    let count = "select count(*) as n from cdnow_sample";
    let text = run(&[&purchases, "--format", "csv", "-c", count]).quiet();
    assert_eq!(text, "n\n6919\n");
    // The path may be relative to the working folder.
    let text = run(&["cdnow_sample.csv", "--format", "csv", "-c", count]).quiet();
    assert_eq!(text, "n\n6919\n");
}

#[test]
fn commands_of_the_shell_describe() {
    let purchases = purchases();
    let text = run(&[&purchases, "--format", "csv", "-c", "\\dt"]).quiet();
    assert!(text.contains("public,cdnow_sample,"), "{text}");
    let text = run(&[&purchases, "-c", "\\d cdnow_sample"]).quiet();
    for line in ["│ order_date  ┆ DATE   ┆", "│ customer_id ┆ BIGINT ┆"] {
        assert!(text.contains(line), "{text}");
    }
    let text = run(&["-c", "\\df cohort_month"]).quiet();
    assert!(text.starts_with("cohort_month (aggregate)"), "{text}");
}

#[test]
fn settings_reach_the_engine() {
    let shown = |arguments: &[&str], name: &str| {
        let show = format!("show {name}");
        let mut all = arguments.to_vec();
        all.extend(["--format", "csv", "-c", &show]);
        run(&all).quiet()
    };
    let zone = shown(
        &["--time-zone", "Europe/Berlin"],
        "datafusion.execution.time_zone",
    );
    assert!(zone.contains("Europe/Berlin"), "{zone}");
    let batch = shown(&["--batch-size", "17"], "datafusion.execution.batch_size");
    assert!(batch.contains(",17"), "{batch}");
    let threads = shown(
        &["--threads", "3"],
        "datafusion.execution.target_partitions",
    );
    assert!(threads.contains(",3"), "{threads}");
    let output = command([
        "--format",
        "csv",
        "-c",
        "show datafusion.execution.batch_size",
    ])
    .env("COHORTQL_BATCH_SIZE", "19")
    .stdin(Stdio::null())
    .output()
    .unwrap();
    assert!(String::from_utf8(output.stdout).unwrap().contains(",19"));
}

#[test]
fn a_project_remembers_what_was_made() {
    let (folder, _path) = scratch();
    let project = folder.path().to_str().unwrap();
    let made = run(&[
        "--project",
        project,
        "-c",
        "create view three as select 3 as n",
    ]);
    assert_eq!(made.quiet(), "");
    let read = run(&[
        "--project",
        project,
        "--format",
        "csv",
        "-c",
        "select n from three",
    ]);
    assert_eq!(read.quiet(), "n\n3\n");
}

#[test]
fn a_table_in_memory_says_that_the_project_does_not_keep_it() {
    let (folder, _path) = scratch();
    let project = folder.path().to_str().unwrap();
    let sql = "create table t as select 1 as a";
    let made = run(&["--project", project, "-c", sql]);
    assert_eq!((made.code, made.stdout.as_str()), (Some(0), ""));
    assert!(
        made.stderr.starts_with("the table is in memory") && made.stderr.contains("COPY"),
        "{}",
        made.stderr
    );
    let read = run(&["--project", project, "-c", "select * from t"]);
    assert!(read.failed().contains("\"t\" does not exist"));
    assert_eq!(run(&["-c", sql]).quiet(), "");
}

#[test]
fn a_reader_that_goes_away_ends_it_quietly() {
    let sql = "select value from generate_series(1, 100000000) as t(value)";
    let mut child = command(["--format", "csv", "-c", sql])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut first).unwrap();
    drop(reader);
    let output = child.wait_with_output().unwrap();
    assert_eq!(first, "value\n");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}
