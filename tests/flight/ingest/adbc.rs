//! The ADBC driver's own ingestion from Python, into memory and into a warehouse.

use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::flight::types::every_type;
use crate::support::{pass_over, root};

/// The Python that has the driver.
const PYTHON: &str = "COHORTQL_PYTHON";

#[tokio::test(flavor = "multi_thread")]
async fn the_adbc_driver_ingests() {
    let Some(python) = std::env::var_os(PYTHON).filter(|python| !python.is_empty()) else {
        pass_over("the_adbc_driver_ingests", "COHORTQL_PYTHON is not set");
        return;
    };
    let folder = TempDir::new().unwrap();
    for (keeps, server) in [
        ("memory", TestServer::start().await),
        ("delta", with_warehouse(&folder).await),
    ] {
        server
            .engine
            .register_batches("everything", None, vec![every_type()])
            .unwrap();
        let (python, uri) = (python.clone(), server.uri());
        let output = tokio::task::spawn_blocking(move || {
            Command::new(python)
                .arg(root().join("tests/clients/ingest_test.py"))
                .env("COHORTQL_URI", uri)
                .env("COHORTQL_KEEPS", keeps)
                .output()
        });
        let output = output.await.unwrap().unwrap();
        assert!(
            output.status.success(),
            "{keeps}\n{}\n{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
