//! The `.slt` runner: every file below `tests/slt` through the embedded engine
//! and through Flight SQL, each time with a fresh engine. A third pass compares every schema
//! that Flight SQL promises with the one that comes.
//!
//! `SLT_FILTER=path/part` runs only the files whose path contains that text;
//! `SLT_COMPLETE=1` rewrites their expected results from the embedded engine.
//! In SQL, `$DATA` stands for the reference data, `$SHIPPED` for the data sets
//! of the repository and `$TMP` for a folder that is fresh each run.

mod advertised;
mod embedded;
mod failure;
mod flight;
mod render;
mod variables;

use std::path::{Path, PathBuf};

use futures::StreamExt;
use sqllogictest::{AsyncDB, MakeConnection, Record, Runner};

use crate::support::{reference_data, root};
use failure::Failure;
use render::Column;
use variables::Variables;

/// Two cores are the smallest machine that the suite must suit.
const FILES_AT_ONCE: usize = 2;

#[derive(Clone, Copy, PartialEq, Debug)]
enum Way {
    Embedded,
    FlightSql,
    Suspicious,
}

fn slt_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            slt_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "slt") {
            found.push(path);
        }
    }
}

fn selected_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    slt_files(&root().join("tests/slt"), &mut files);
    files.sort();
    let filter = std::env::var("SLT_FILTER").unwrap_or_default();
    files.retain(|file| {
        file.strip_prefix(root())
            .unwrap()
            .to_string_lossy()
            .contains(&filter)
    });
    assert!(!files.is_empty(), "no .slt file has {filter:?} in its path");
    let reference = root().join("tests/slt/reference");
    if files.iter().any(|file| file.starts_with(&reference))
        && reference_data("tests/slt/reference").is_none()
    {
        files.retain(|file| !file.starts_with(&reference));
    }
    files
}

/// Runs the records of one file and returns what went wrong. A failed record
/// does not hide those after it.
async fn run_records<D, M>(mut runner: Runner<D, M>, file: &Path, way: Way) -> Vec<String>
where
    D: AsyncDB<ColumnType = Column>,
    M: MakeConnection<Conn = D>,
{
    let name = file.strip_prefix(root()).unwrap().display().to_string();
    let text = std::fs::read_to_string(file).unwrap();
    let records = match sqllogictest::parse_with_name::<Column>(&text, name) {
        Ok(records) => records,
        Err(e) => return vec![e.to_string()],
    };
    let mut failures = Vec::new();
    for record in records {
        if let Record::Halt { .. } = record {
            break;
        }
        if let Err(e) = runner.run_async(record).await {
            failures.push(format!("{} ({way:?})\n{}", e.location(), e.kind()));
        }
    }
    runner.shutdown_async().await;
    failures
}

/// Statements take any answer, and a query has as many columns as type letters.
#[expect(clippy::ptr_arg, reason = "the signature is the crate's")]
fn same_number_of_columns(actual: &Vec<Column>, expected: &Vec<Column>) -> bool {
    actual.len() == expected.len()
}

async fn run_file(file: &Path, way: Way) -> Vec<String> {
    let variables = Variables::fresh();
    match way {
        Way::Embedded => {
            let engine = match embedded::engine().await {
                Ok(engine) => engine,
                Err(e) => return vec![e.to_string()],
            };
            let mut runner = Runner::new(|| {
                let connection = embedded::Embedded::new(&engine, variables.clone());
                async move { Ok::<_, Failure>(connection) }
            });
            runner.with_column_validator(same_number_of_columns);
            run_records(runner, file, way).await
        }
        Way::FlightSql => {
            let server = match flight::Server::start().await {
                Ok(server) => server,
                Err(e) => return vec![e.to_string()],
            };
            let mut runner = Runner::new(|| {
                let url = server.url().to_string();
                let variables = variables.clone();
                async move { flight::Remote::connect(&url, variables).await }
            });
            runner.with_column_validator(same_number_of_columns);
            run_records(runner, file, way).await
        }
        Way::Suspicious => {
            let server = match flight::Server::start().await {
                Ok(server) => server,
                Err(e) => return vec![e.to_string()],
            };
            let mut runner = Runner::new(|| {
                let url = server.url().to_string();
                let variables = variables.clone();
                async move { advertised::Suspicious::connect(&url, variables).await }
            });
            runner.with_column_validator(same_number_of_columns);
            run_records(runner, file, way).await
        }
    }
}

async fn complete(file: &Path) {
    let variables = Variables::fresh();
    let engine = embedded::engine().await.unwrap();
    let mut runner = Runner::new(|| {
        let connection = embedded::Embedded::new(&engine, variables.clone());
        async move { Ok::<_, Failure>(connection) }
    });
    runner
        .update_test_file(
            file,
            " ",
            sqllogictest::default_validator,
            sqllogictest::default_normalizer,
            sqllogictest::strict_column_validator,
        )
        .await
        .unwrap();
}

async fn run_all(way: Way) {
    let failures: Vec<String> = futures::stream::iter(selected_files())
        .map(|file| async move { run_file(&file, way).await })
        .buffer_unordered(FILES_AT_ONCE)
        .concat()
        .await;
    assert!(
        failures.is_empty(),
        "{} records failed:\n\n{}",
        failures.len(),
        failures.join("\n")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slt_embedded() {
    if std::env::var_os("SLT_COMPLETE").is_some() {
        for file in selected_files() {
            complete(&file).await;
        }
    }
    run_all(Way::Embedded).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slt_flight_sql() {
    run_all(Way::FlightSql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slt_schemas_are_as_promised() {
    run_all(Way::Suspicious).await;
}
