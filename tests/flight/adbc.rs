//! The ADBC driver from Python and from Go, and SQLAlchemy over it, run against a server of this
//! process.

use std::process::Command;

use super::guarded::{Guarded, PASSWORD, token};
use super::server::TestServer;
use super::tls;
use super::types::{described, every_type};
use crate::support::{Authority, named_by, root, succeed};

/// The Python that has the driver.
const PYTHON: &str = "COHORTQL_PYTHON";

/// The tests of `tests/clients/go`, as `go test -c` makes one program of them.
const GO: &str = "COHORTQL_GO";

async fn server_with_tables() -> TestServer {
    let server = TestServer::start().await;
    for (name, batch) in [("everything", every_type()), ("described", described())] {
        server
            .engine
            .register_batches(name, None, vec![batch])
            .unwrap();
    }
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adbc_driver_works_from_python() {
    let Some(python) = named_by(PYTHON, "the_adbc_driver_works_from_python") else {
        return;
    };
    let server = server_with_tables().await;
    let mut tests = Command::new(python);
    tests
        .args(["-m", "unittest", "discover", "--pattern", "*_test.py"])
        .arg("--start-directory")
        .arg(root().join("tests/clients/python"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("COHORTQL_URI", server.uri())
        .env("COHORTQL_BINARY", env!("CARGO_BIN_EXE_cohortql"));
    succeed(tests).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adbc_driver_works_from_go() {
    let Some(tests) = named_by(GO, "the_adbc_driver_works_from_go") else {
        return;
    };
    let server = server_with_tables().await;
    let authority = Authority::new();
    let guarded = tls::server(&authority, "").await;
    guarded.with_seen().await;
    let mut tests = Command::new(tests);
    tests
        .args(["-test.v", "-test.timeout=5m"])
        .env("COHORTQL_URI", server.uri());
    knowing(&mut tests, &guarded);
    succeed(tests).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_adbc_driver_logs_in_from_python() {
    let Some(python) = named_by(PYTHON, "the_adbc_driver_logs_in_from_python") else {
        return;
    };
    let authority = Authority::new();
    let guarded = tls::server(&authority, "").await;
    guarded.with_seen().await;
    let mut tests = Command::new(python);
    tests
        .arg(root().join("tests/clients/login.py"))
        .env("PYTHONDONTWRITEBYTECODE", "1");
    knowing(&mut tests, &guarded);
    succeed(tests).await;
}

/// Tells a program where a server with encryption is, and how ada logs in there.
fn knowing(tests: &mut Command, guarded: &Guarded) {
    let address = format!("grpc+tls://{}", guarded.server.address);
    tests
        .env("COHORTQL_GUARDED", address)
        .env("COHORTQL_CA", guarded.path("clients.pem"))
        .env("COHORTQL_USER", "ada")
        .env("COHORTQL_PASSWORD", PASSWORD)
        .env("COHORTQL_TOKEN", token("ada"));
}
