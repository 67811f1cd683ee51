//! Files that are missing, empty, cut off or something else than they say.

use std::fs;

use tempfile::TempDir;

use super::{assert_refused, query};
use crate::support::shipped;

#[test]
fn a_missing_file() {
    let folder = TempDir::new().unwrap();
    let output = query(folder.path(), &["nothing.csv"], "SELECT 1");
    assert_refused(&output, &["nothing.csv", "does not exist"]);
}

#[test]
fn an_empty_file() {
    let folder = TempDir::new().unwrap();
    for name in ["empty.csv", "empty.parquet", "empty.json", "empty.arrow"] {
        fs::write(folder.path().join(name), "").unwrap();
        let output = query(folder.path(), &[name], "SELECT * FROM empty");
        assert_refused(&output, &[&format!("{name}\" is empty")]);
    }
}

#[test]
fn an_empty_folder() {
    let folder = TempDir::new().unwrap();
    fs::create_dir(folder.path().join("orders")).unwrap();
    let output = query(folder.path(), &["orders"], "SELECT * FROM orders");
    assert_refused(&output, &["orders\" holds no data files"]);
}

#[test]
fn a_corrupt_parquet_footer() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("orders.parquet"),
        b"PAR1 nothing that follows makes sense",
    )
    .unwrap();
    let output = query(folder.path(), &["orders.parquet"], "SELECT * FROM orders");
    assert_refused(&output, &["orders.parquet", "Parquet"]);
}

#[test]
fn a_file_that_is_not_what_its_name_says() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("orders.parquet"), "id,amount\n1,2\n").unwrap();
    let output = query(folder.path(), &["orders.parquet"], "SELECT * FROM orders");
    assert_refused(&output, &["orders.parquet", "Parquet"]);
}

#[test]
fn a_truncated_csv() {
    let folder = TempDir::new().unwrap();
    let whole = fs::read(shipped().join("ecom.csv.gz")).unwrap();
    fs::write(folder.path().join("ecom.csv.gz"), &whole[..whole.len() / 2]).unwrap();
    let output = query(folder.path(), &["ecom.csv.gz"], "SELECT count(*) FROM ecom");
    assert_refused(&output, &["ecom.csv.gz", "ends too early or is damaged"]);
}

#[test]
fn a_csv_that_ends_inside_a_record() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("orders.csv"),
        "id,name,amount\n1,a,2.5\n2,b",
    )
    .unwrap();
    let output = query(folder.path(), &["orders.csv"], "SELECT * FROM orders");
    assert_refused(&output, &["orders.csv", "line 3: expected 3 fields, got 2"]);
}

#[test]
fn ragged_rows() {
    let folder = TempDir::new().unwrap();
    fs::write(
        folder.path().join("orders.csv"),
        "id,amount\n1,2\n3,4,5\n6,7\n",
    )
    .unwrap();
    let output = query(folder.path(), &["orders.csv"], "SELECT * FROM orders");
    assert_refused(&output, &["orders.csv", "line 3: expected 2 fields, got 3"]);
}

#[test]
fn a_delta_log_without_data() {
    let folder = TempDir::new().unwrap();
    let log = folder.path().join("orders").join("_delta_log");
    fs::create_dir_all(&log).unwrap();
    let schema = r#"{\"type\":\"struct\",\"fields\":[{\"name\":\"id\",\"type\":\"long\",\"nullable\":true,\"metadata\":{}}]}"#;
    let lines = [
        r#"{"protocol":{"minReaderVersion":1,"minWriterVersion":2}}"#.to_string(),
        format!(
            r#"{{"metaData":{{"id":"5b2a7c1e-0d55-4a53-8c2e-8a3b0f0c9d11","format":{{"provider":"parquet","options":{{}}}},"schemaString":"{schema}","partitionColumns":[],"configuration":{{}},"createdTime":1700000000000}}}}"#
        ),
        r#"{"add":{"path":"part-0.parquet","partitionValues":{},"size":100,"modificationTime":1700000000000,"dataChange":true}}"#.to_string(),
    ];
    fs::write(log.join("00000000000000000000.json"), lines.join("\n")).unwrap();
    let output = query(folder.path(), &["orders"], "SELECT * FROM orders");
    assert_refused(&output, &["orders", "part-0.parquet"]);
}

#[test]
fn an_empty_delta_log() {
    let folder = TempDir::new().unwrap();
    fs::create_dir_all(folder.path().join("orders").join("_delta_log")).unwrap();
    let output = query(folder.path(), &["orders"], "SELECT * FROM orders");
    assert_refused(&output, &["orders", "Delta"]);
}
