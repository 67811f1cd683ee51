//! The ADBC driver's own ingestion from Python, into memory and into a warehouse.

use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::flight::types::every_type;
use crate::support::{named_by, root, succeed};

/// The Python that has the driver.
const PYTHON: &str = "COHORTQL_PYTHON";

#[tokio::test(flavor = "multi_thread")]
async fn the_adbc_driver_ingests() {
    let Some(python) = named_by(PYTHON, "the_adbc_driver_ingests") else {
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
        let mut command = Command::new(&python);
        command
            .arg(root().join("tests/clients/ingest_test.py"))
            .env("COHORTQL_URI", server.uri())
            .env("COHORTQL_KEEPS", keeps);
        succeed(command).await;
    }
}
