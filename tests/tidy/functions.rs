//! Every function and report has its documentation and its SQL tests, and no test outlives its
//! function.

use std::collections::BTreeSet;
use std::path::Path;

use cohortql_engine::reports::{self, ReportInfo};

use super::{assert_none, files_below, read};
use crate::support::root;

fn function_names() -> BTreeSet<String> {
    let aggregates = cohortql_udfs::all_aggregate_functions();
    let scalars = cohortql_udfs::all_scalar_functions();
    let windows = cohortql_udfs::all_window_functions();
    aggregates
        .iter()
        .map(|f| f.name().to_string())
        .chain(scalars.iter().map(|f| f.name().to_string()))
        .chain(windows.iter().map(|f| f.name().to_string()))
        .collect()
}

/// The name among `names` that a test file is for: the longest that its stem
/// is or begins with.
fn owner<'a>(stem: &str, names: &'a BTreeSet<String>) -> Option<&'a String> {
    names
        .iter()
        .filter(|name| stem == name.as_str() || stem.starts_with(&format!("{name}_")))
        .max_by_key(|name| name.len())
}

fn compare(folder: &str, names: &BTreeSet<String>) {
    let mut missing: BTreeSet<_> = names.iter().collect();
    let mut complaints = Vec::new();
    for path in files_below(folder, &["slt"]) {
        let stem = path.file_stem().unwrap().to_str().unwrap();
        match owner(stem, names) {
            Some(name) => {
                missing.remove(name);
            }
            None => complaints.push(format!("{} tests nothing that exists", path.display())),
        }
    }
    complaints.extend(
        missing
            .iter()
            .map(|name| format!("{folder}/{name}.slt is missing")),
    );
    assert_none("tests and functions differ", &complaints);
}

#[test]
fn each_function_has_its_slt() {
    compare("tests/slt/functions", &function_names());
}

#[test]
fn each_report_has_its_slt() {
    let names = reports::list()
        .map(|report| report.name.to_string())
        .collect();
    compare("tests/slt/reports", &names);
}

#[test]
fn the_function_reference_is_current() {
    let path = Path::new("docs/functions.md");
    let expected = cohortql_udfs::docs::markdown();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(root().join(path), &expected).unwrap();
    }
    assert!(
        read(path) == expected,
        "docs/functions.md is stale: run `UPDATE_DOCS=1 cargo test --test integration function_reference`"
    );
}

/// The table of a report's arguments.
fn arguments_table(report: &ReportInfo) -> String {
    let mut table = "| argument | takes | default | meaning |\n|---|---|---|---|\n".to_string();
    for argument in report.arguments {
        let default = argument.default.map(|text| format!(" {text}"));
        table += &format!(
            "| `{}` | {} |{} | {} |\n",
            argument.name,
            argument.takes,
            default.unwrap_or_default(),
            argument.meaning
        );
    }
    table
}

/// The document with the table of arguments that each report's section ought to have.
fn with_tables_of_arguments(text: &str) -> String {
    let mut current = String::new();
    let mut reports: Vec<ReportInfo> = reports::list().collect();
    let mut wanted = None;
    let mut inside = false;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            wanted = reports
                .iter()
                .position(|report| heading == format!("`{}`", report.name));
        }
        if line.starts_with("| argument |")
            && let Some(place) = wanted.take()
        {
            current += &arguments_table(&reports.remove(place));
            inside = true;
        }
        inside &= line.starts_with('|');
        if !inside {
            current += &format!("{line}\n");
        }
    }
    assert!(reports.is_empty(), "without a table: {reports:?}");
    current
}

#[test]
fn the_arguments_of_reports_are_documented() {
    let path = Path::new("docs/reports.md");
    let text = read(path);
    let expected = with_tables_of_arguments(&text);
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(root().join(path), &expected).unwrap();
    } else {
        assert!(
            text == expected,
            "the tables of {} are stale: run \
             `UPDATE_DOCS=1 cargo test --test integration arguments_of_reports`",
            path.display()
        );
    }
}

#[test]
fn every_module_of_tests_is_compiled() {
    let listed = read(Path::new("tests/main.rs"));
    for entry in std::fs::read_dir(root().join("tests")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let module = name.trim_end_matches(".rs");
        let is_rust =
            name.ends_with(".rs") || root().join("tests").join(&name).join("mod.rs").exists();
        assert!(
            !is_rust || name == "main.rs" || listed.contains(&format!("mod {module};")),
            "tests/{name} is in no binary: declare it in tests/main.rs"
        );
    }
}
