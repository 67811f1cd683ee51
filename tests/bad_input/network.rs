//! Buckets without credentials, endpoints that nobody serves, ports that are taken.

use std::net::TcpListener;

use tempfile::TempDir;

use super::{assert_refused, cohortql, query};
use crate::support::ClosedPort;

#[test]
fn a_bucket_without_credentials() {
    let folder = TempDir::new().unwrap();
    let output = query(
        folder.path(),
        &["s3://private-bucket/orders.parquet"],
        "SELECT 1",
    );
    assert_refused(&output, &["s3://private-bucket", "credentials"]);
    let output = query(
        folder.path(),
        &["az://container/orders.parquet"],
        "SELECT 1",
    );
    assert_refused(&output, &["az://container"]);
}

#[test]
fn an_unreachable_store() {
    let folder = TempDir::new().unwrap();
    let closed = ClosedPort::new();
    let address = closed.address();
    let output = cohortql(folder.path())
        .env("AWS_ENDPOINT_URL", format!("http://{address}"))
        .env("AWS_ALLOW_HTTP", "true")
        .env("AWS_REGION", "us-east-1")
        .env("AWS_ACCESS_KEY_ID", "key-of-this-test")
        .env("AWS_SECRET_ACCESS_KEY", "secret-of-this-test")
        .args(["s3://bucket/orders.parquet", "-c", "SELECT * FROM orders"])
        .output()
        .unwrap();
    assert_refused(&output, &["s3://bucket"]);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(!stderr.contains("secret-of-this-test"), "{stderr}");
}

#[test]
fn an_unreachable_web_server() {
    let folder = TempDir::new().unwrap();
    let closed = ClosedPort::new();
    let url = format!("http://{}/orders.csv", closed.address());
    let output = query(folder.path(), &[&url], "SELECT * FROM orders");
    assert_refused(&output, &[&url]);
}

#[test]
fn an_unreachable_server() {
    let folder = TempDir::new().unwrap();
    let closed = ClosedPort::new();
    let address = closed.address();
    let output = cohortql(folder.path())
        .args(["--connect", &format!("grpc://{address}"), "-c", "SELECT 1"])
        .output()
        .unwrap();
    assert_refused(&output, &[&address]);
}

#[test]
fn a_port_that_is_taken() {
    let folder = TempDir::new().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let output = cohortql(folder.path())
        .args(["serve", "--listen", &address])
        .output()
        .unwrap();
    assert_refused(&output, &[&address, "another program"]);
}
