//! The JDBC drivers, each run against a server of this process.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::guarded::{PASSWORD, token};
use super::server::TestServer;
use super::tls;
use super::types::{described, every_type};
use crate::support::{Authority, named_by, root, succeed};

/// A folder with the drivers and with JUnit's console launcher, as jars.
const JARS: &str = "COHORTQL_JDBC";

fn files_of(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    files.sort();
    files
}

/// The jars whose names begin with `prefix`.
fn jars(folder: &Path, prefix: &str) -> Vec<PathBuf> {
    let mut jars = files_of(folder, "jar");
    jars.retain(|jar| {
        jar.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with(prefix))
    });
    assert!(!jars.is_empty(), "no {prefix}….jar in {}", folder.display());
    jars
}

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
async fn the_jdbc_drivers_work() {
    let Some(folder) = named_by(JARS, "the_jdbc_drivers_work") else {
        return;
    };
    let launcher = jars(&folder, "junit-platform-console-standalone-").remove(0);
    let classes = TempDir::new().unwrap();
    let mut compiler = Command::new("javac");
    compiler
        .args(["-Xlint:all", "-Werror", "-cp"])
        .arg(&launcher)
        .arg("-d")
        .arg(classes.path())
        .args(files_of(&root().join("tests/clients/jdbc"), "java"));
    succeed(compiler).await;

    for driver in jars(&folder, "flight-sql-jdbc-driver-") {
        let server = server_with_tables().await;
        let guarded = tls::server(&Authority::new(), "").await;
        guarded.with_seen().await;
        let url = format!(
            "jdbc:arrow-flight-sql://{}?useEncryption=false",
            server.address
        );
        let path = [
            driver.as_os_str(),
            launcher.as_os_str(),
            classes.path().as_os_str(),
        ];
        let mut java = Command::new("java");
        java.arg("--add-opens=java.base/java.nio=ALL-UNNAMED")
            .arg("-cp")
            .arg(path.join(OsStr::new(":")))
            .arg("org.junit.platform.console.ConsoleLauncher")
            .args(["execute", "--disable-banner", "--disable-ansi-colors"])
            .args(["--details=tree", "--fail-if-no-tests"])
            .arg("--scan-classpath")
            .arg(classes.path())
            .env("COHORTQL_JDBC_URL", url)
            .env("COHORTQL_GUARDED", &guarded.server.address)
            .env("COHORTQL_CA", guarded.path("clients.pem"))
            .env("COHORTQL_USER", "ada")
            .env("COHORTQL_PASSWORD", PASSWORD)
            .env("COHORTQL_TOKEN", token("ada"));
        succeed(java).await;
    }
}
