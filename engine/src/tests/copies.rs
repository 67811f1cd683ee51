//! COPY to folders: all of the rows, or none.

use std::path::Path;

use tempfile::TempDir;

use super::inserts::{FORMATS, files};
use super::{cells, engine, failure, until};
use crate::{Engine, EngineError};

/// Rows that break off late.
const BREAKING_OFF: &str =
    "SELECT 1 / (value - 90000) AS x, value % 3 AS day FROM range(0, 100000)";

/// Rows of which there are far more than any test waits for.
const ENDLESS: &str = "SELECT value, 'as long as a line of a file is' AS text, value % 3 AS day \
                       FROM range(0, 1000000000000)";

/// Statements that write several files below a folder.
fn copies(select: &str, folder: &Path, format: &str) -> [String; 2] {
    let folder = folder.display();
    [
        format!("COPY ({select}) TO '{folder}/plain/' STORED AS {format}"),
        format!("COPY ({select}) TO '{folder}/days/' STORED AS {format} PARTITIONED BY (day)"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fails_leaves_nothing() {
    let (engine, base) = (engine().await, TempDir::new().unwrap());
    let session = engine.default_session();
    for format in FORMATS {
        for sql in copies(BREAKING_OFF, base.path(), format) {
            for sql in [&sql, &format!("EXPLAIN ANALYZE {sql}")] {
                let error = failure(session, sql).await.to_string();
                assert!(error.contains("Divide by zero"), "{sql}: {error}");
                until("what was on its way is gone", || {
                    files(base.path()).is_empty()
                })
                .await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_copy_leaves_nothing() {
    let (engine, base) = (engine().await, TempDir::new().unwrap());
    for sql in copies(ENDLESS, base.path(), "csv") {
        let session = engine.default_session().clone();
        let copying = tokio::spawn(async move { failure(&session, &sql).await });
        until("it writes", || !files(base.path()).is_empty()).await;
        assert!(engine.cancel(&engine.queries()[0].id));
        assert_eq!(copying.await.unwrap(), EngineError::Cancelled);
        until("what was on its way is gone", || {
            files(base.path()).is_empty()
        })
        .await;
    }
}

/// Forty files of more than a megabyte, none of which is large enough to be uploaded in parts.
#[tokio::test(flavor = "multi_thread")]
async fn small_files_that_are_held_back_count_as_memory() {
    let base = TempDir::new().unwrap();
    let engine = Engine::builder().memory_limit(32 << 20).build();
    let engine = engine.await.unwrap();
    let select = "SELECT value, 'as long as a line of a file is' AS text, value % 40 AS day \
                  FROM range(0, 1500000)";
    let [_, days] = copies(select, base.path(), "csv");
    let error = failure(engine.default_session(), &days).await;
    assert!(matches!(error, EngineError::Resources { .. }), "{error}");
    assert!(error.to_string().contains("small files"), "{error}");
    until("what was on its way is gone", || {
        files(base.path()).is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_arrives_beside_what_is_there() {
    let (engine, base) = (engine().await, TempDir::new().unwrap());
    let session = engine.default_session();
    let select = "SELECT value AS x, value % 3 AS day FROM range(0, 60000)";
    for format in FORMATS {
        let folder = base.path().join(format);
        for sql in copies(select, &folder, format) {
            assert_eq!(cells(session, &sql).await, "60000", "{sql}");
        }
        assert!(!files(&folder.join("plain")).is_empty(), "{format}");
        let days = folder.join("days");
        assert_eq!(files(&days).len(), 3, "{format}");
        cells(session, &copies(select, &folder, format)[1]).await;
        assert_eq!(files(&days).len(), 6, "{format}");
        let table = format!("all_{format}");
        let create = format!(
            "CREATE EXTERNAL TABLE {table} STORED AS {format} LOCATION '{}/'",
            days.display()
        );
        cells(session, &create).await;
        let sum = format!("SELECT count(*), sum(x), count(DISTINCT day) FROM {table}");
        let sums = cells(session, &sum).await;
        assert_eq!(sums, "120000,3599940000,3", "{format}");
    }
}
