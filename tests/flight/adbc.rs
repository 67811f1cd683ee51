//! The ADBC driver from Python, run against a server of this process.

use std::path::PathBuf;
use std::process::Command;

use super::server::TestServer;
use super::types::every_type;
use crate::support::{pass_over, root};

/// The Python that has the driver.
const PYTHON: &str = "COHORTQL_PYTHON";

#[tokio::test(flavor = "multi_thread")]
async fn the_adbc_driver_works() {
    let Some(python) = std::env::var_os(PYTHON).filter(|python| !python.is_empty()) else {
        pass_over("the_adbc_driver_works", "COHORTQL_PYTHON is not set");
        return;
    };
    let server = TestServer::start().await;
    server
        .engine
        .register_batches("everything", None, vec![every_type()])
        .unwrap();
    let uri = server.uri();
    let script: PathBuf = root().join("tests/clients/adbc_test.py");
    let output = tokio::task::spawn_blocking(move || {
        Command::new(python)
            .arg(script)
            .env("COHORTQL_URI", uri)
            .output()
    })
    .await
    .unwrap()
    .unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
