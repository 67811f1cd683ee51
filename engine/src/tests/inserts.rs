//! INSERT into folders of files: all of the rows, or none.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::ingest::{breaking_off, count, ingest, request_to_append, rows};
use super::{batches, cells, engine, failure};
use crate::Session;

pub(super) const FORMATS: [&str; 4] = ["csv", "json", "parquet", "arrow"];

/// A session with a table of two columns over a folder, and the folder.
async fn table(session: &Session, base: &TempDir, name: &str, format: &str) -> PathBuf {
    let folder = base.path().join(name);
    let first = folder.join(format!("first.{format}"));
    std::fs::create_dir(&folder).unwrap();
    let options = match format {
        "csv" => "OPTIONS ('format.has_header' 'true')",
        _ => "",
    };
    let (place, format) = (first.display(), format.to_uppercase());
    let select = "SELECT 7 AS id, 'x' AS name";
    let copy = format!("COPY ({select}) TO '{place}' STORED AS {format} {options}");
    cells(session, &copy).await;
    let location = folder.display();
    let create = format!("CREATE EXTERNAL TABLE {name} STORED AS {format} LOCATION '{location}/'");
    cells(session, &create).await;
    folder
}

/// Everything below a folder, what is on its way included.
pub(super) fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut found = Vec::new();
    for path in entries.map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => found.extend(files(&path)),
            false => found.push(path),
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_come_go_into_one_file() {
    let (engine, base) = (engine().await, TempDir::new().unwrap());
    let session = engine.default_session();
    for format in FORMATS {
        let name = &format!("in_{format}");
        let folder = table(session, &base, name, format).await;
        let select = "SELECT value AS id, 'n' AS name FROM range(0, 100000)";
        cells(session, &format!("INSERT INTO {name} {select}")).await;
        assert_eq!(count(session, name).await, "100001", "{format}");
        assert_eq!(files(&folder).len(), 2, "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_insert_that_fails_leaves_nothing() {
    let (engine, base) = (engine().await, TempDir::new().unwrap());
    let session = engine.default_session();
    for format in FORMATS {
        let name = &format!("in_{format}");
        let folder = table(session, &base, name, format).await;
        let select = "SELECT 1 / (value - 90000) AS id, 'n' AS name FROM range(0, 100000)";
        failure(session, &format!("INSERT INTO {name} {select}")).await;
        let error = session
            .ingest(
                request_to_append(name),
                rows(0..0).schema(),
                breaking_off(rows(0..50_000)),
            )
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "the rows broke off");
        assert_eq!(
            cells(session, &format!("SELECT * FROM {name}")).await,
            "7,x"
        );
        super::until("what was on its way is gone", || files(&folder).len() == 1).await;
        let more = ingest(session, request_to_append(name), rows(0..3)).await;
        assert_eq!(more, Ok(3));
        assert_eq!(count(session, name).await, "4", "{format}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_come_together_or_not_at_all() {
    let (engine, base) = (engine().await, TempDir::new().unwrap());
    let session = engine.default_session();
    let folder = base.path().join("days");
    std::fs::create_dir_all(folder.join("day=0")).unwrap();
    std::fs::write(folder.join("day=0/first.csv"), "id\n7\n").unwrap();
    let location = folder.display();
    let create = format!(
        "CREATE EXTERNAL TABLE days STORED AS CSV LOCATION '{location}/' PARTITIONED BY (day)"
    );
    cells(session, &create).await;
    let insert = |divisor: &str| {
        format!(
            "INSERT INTO days SELECT 1 / {divisor} AS id, value % 3 AS day FROM range(0, 60000)"
        )
    };
    failure(session, &insert("(value - 50000)")).await;
    assert_eq!(count(session, "days").await, "1");
    super::until("what was on its way is gone", || files(&folder).len() == 1).await;
    batches(session, &insert("(value + 1)")).await.unwrap();
    assert_eq!(count(session, "days").await, "60001");
    assert_eq!(files(&folder).len(), 4);
}
