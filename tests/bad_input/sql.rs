//! SQL that names what does not exist, or gives a function what it cannot take.

use std::process::Output;

use tempfile::TempDir;

use super::{assert_refused, cohortql, query};
use crate::support::shipped;

fn on_cdnow(sql: &str) -> Output {
    let folder = TempDir::new().unwrap();
    let table = shipped().join("cdnow_sample.csv");
    query(folder.path(), &[table.to_str().unwrap()], sql)
}

#[test]
fn no_such_column_names_the_nearest() {
    let output = on_cdnow("SELECT custmer_id FROM cdnow_sample");
    assert_refused(&output, &["custmer_id", "customer_id"]);
}

#[test]
fn no_such_table_names_the_nearest() {
    let output = on_cdnow("SELECT * FROM cdnow_smaple");
    assert_refused(&output, &["cdnow_smaple", "cdnow_sample"]);
}

#[test]
fn no_such_function_names_the_nearest() {
    let output = on_cdnow("SELECT cohort_moth(order_date) FROM cdnow_sample");
    assert_refused(&output, &["cohort_moth", "cohort_month"]);
}

#[test]
fn the_place_in_the_sql_is_shown() {
    let output = on_cdnow("SELECT customer_id,\n       custmer_id\nFROM cdnow_sample");
    assert_refused(&output, &["custmer_id"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stderr.contains("line 2, column 8"), "{stderr}");
    assert!(stderr.contains("2 |        custmer_id"), "{stderr}");
    assert!(stderr.trim_end().ends_with("|        ^"), "{stderr}");
}

#[test]
fn a_syntax_error() {
    let output = on_cdnow("SELECT customer_id FORM cdnow_sample WHERE");
    let message = "expected the end of the statement, got cdnow_sample";
    assert_refused(&output, &[message]);
}

#[test]
fn wrong_types() {
    let output = on_cdnow("SELECT cohort_month(amount) FROM cdnow_sample");
    assert_refused(&output, &["cohort_month", "date or timestamp", "DOUBLE"]);
    let output = on_cdnow("SELECT rfm_score(customer_id, order_date, 'much') FROM cdnow_sample");
    assert_refused(&output, &["rfm_score", "amount"]);
}

#[test]
fn bad_constants() {
    let output = on_cdnow(
        "SELECT rfm_score(customer_id, order_date, amount, tiles => 12) FROM cdnow_sample",
    );
    assert_refused(&output, &["tiles", "2", "9", "12"]);
    let output = on_cdnow(
        "SELECT rfm_score(customer_id, order_date, amount, ties => 'loose') FROM cdnow_sample",
    );
    assert_refused(&output, &["ties", "together", "split", "loose"]);
    let output = on_cdnow("SELECT basket_lift(customer_id, cds, 1.5) FROM cdnow_sample");
    assert_refused(&output, &["min_support", "1.5"]);
    let output = on_cdnow(
        "SELECT rfm_score(customer_id, order_date, amount, tiles => cds) FROM cdnow_sample",
    );
    assert_refused(&output, &["tiles", "constant"]);
}

#[test]
fn bad_arguments_of_reports() {
    let report = "cohort_retention(cdnow_sample, customer => customer_id";
    let output = on_cdnow(&format!("SELECT * FROM {report})"));
    assert_refused(&output, &["cohort_retention", "ts"]);
    let output = on_cdnow(&format!(
        "SELECT * FROM {report}, ts => order_date, unit => 'fortnight')"
    ));
    assert_refused(&output, &["unit", "fortnight", "month"]);
    let output = on_cdnow(&format!(
        "SELECT * FROM {report}, ts => order_date, perods => 3)"
    ));
    assert_refused(&output, &["perods", "periods"]);
}

#[test]
fn a_missing_script() {
    let folder = TempDir::new().unwrap();
    let output = cohortql(folder.path())
        .args(["-f", "nothing.sql"])
        .output()
        .unwrap();
    assert_refused(&output, &["nothing.sql"]);
}

#[test]
fn a_project_file_with_an_unknown_key() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("cohortql.toml");
    std::fs::write(&file, "[engine]\nmemroy_limit = \"1GB\"\n").unwrap();
    let output = query(folder.path(), &[], "SELECT 1");
    assert_refused(&output, &["cohortql.toml"]);
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("memroy_limit"), "{stderr}");
}
