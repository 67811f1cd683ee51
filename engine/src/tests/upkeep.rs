//! `OPTIMIZE` and `VACUUM`: the same rows in fewer files, and no file that nobody needs.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::ingest::{count, ingest, request_to_append, request_to_create_delta, rows};
use super::inserts::files;
use super::{cells, engine, failure};
use crate::{EngineError, Session};

/// A Delta table of five commits with ten rows each, and its folder.
async fn table(session: &Session, base: &TempDir) -> PathBuf {
    let folder = base.path().join("orders");
    let request = request_to_create_delta("orders", &folder);
    ingest(session, request, rows(0..10)).await.unwrap();
    for part in 1..5 {
        let part = rows(part * 10..part * 10 + 10);
        let request = request_to_append("orders");
        ingest(session, request, part).await.unwrap();
    }
    folder
}

fn parquet(folder: &Path) -> usize {
    let found = files(folder).into_iter();
    let parquet = |path: &PathBuf| path.extension().is_some_and(|end| end == "parquet");
    found.filter(parquet).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_go_into_fewer_files_and_old_versions_stay_until_they_are_removed() {
    let (engine, base) = (engine().await, TempDir::new().unwrap());
    let session = engine.default_session();
    let folder = table(session, &base).await;
    let all = "SELECT id, name FROM orders ORDER BY id";
    let before = cells(session, all).await;
    assert_eq!(parquet(&folder), 5);
    assert_eq!(cells(session, "OPTIMIZE orders").await, "5");
    assert_eq!(parquet(&folder), 6);
    assert_eq!(cells(session, "OPTIMIZE orders").await, "0");
    assert_eq!(cells(session, all).await, before);
    let earlier = "SELECT sum(id) FROM orders VERSION AS OF 1";
    assert_eq!(cells(session, earlier).await, "190");
    // Files that lie there unseen, such as those of a writer that died.
    fs::write(folder.join("stray.parquet"), "no commit knows it").unwrap();
    assert_eq!(cells(session, "VACUUM orders").await, "0");
    let soon = "VACUUM orders RETAIN 0 HOURS";
    let refused = failure(session, soon).await.to_string();
    assert!(
        refused.starts_with("the versions of the last 168 hours of "),
        "{refused}"
    );
    let why = "stay readable, got RETAIN 0 HOURS: write FORCE behind it if nobody reads them or \
               writes to the table";
    assert!(refused.ends_with(why), "{refused}");
    let lite = "vacuum table public.orders lite retain 0 days force dry run";
    assert_eq!(cells(session, lite).await, "5");
    let dry = format!("{soon} FORCE DRY RUN");
    assert_eq!(cells(session, &dry).await, "6");
    assert_eq!(parquet(&folder), 7);
    assert_eq!(cells(session, &format!("{soon} FORCE")).await, "6");
    assert_eq!(parquet(&folder), 1);
    assert_eq!(cells(session, all).await, before);
    failure(session, earlier).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_alike_lie_together() {
    let (engine, base) = (engine().await, TempDir::new().unwrap());
    let session = engine.default_session();
    let folder = table(session, &base).await;
    let ordered = "OPTIMIZE orders ZORDER BY (name, id)";
    assert_eq!(cells(session, ordered).await, "5");
    assert_eq!(parquet(&folder), 6);
    assert_eq!(count(session, "orders").await, "50");
    // Two tables at once, whose stores must not be taken for one another.
    let other = TempDir::new().unwrap();
    let request = request_to_create_delta("others", &other.path().join("t"));
    ingest(session, request, rows(100..110)).await.unwrap();
    let both = futures::join!(
        cells(session, ordered),
        cells(session, "OPTIMIZE others ZORDER BY (id)")
    );
    assert_eq!(both, ("1".to_owned(), "1".to_owned()));
    assert_eq!(cells(session, "SELECT min(id) FROM others").await, "100");
    assert_eq!(cells(session, "SELECT max(id) FROM orders").await, "49");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_done_is_named() {
    let (engine, base) = (engine().await, TempDir::new().unwrap());
    let session = engine.default_session();
    table(session, &base).await;
    cells(session, "CREATE TABLE kept AS SELECT 1 AS x").await;
    for (sql, said) in [
        ("OPTIMIZE nothing", "table \"nothing\" does not exist"),
        ("VACUUM nothing", "table \"nothing\" does not exist"),
        (
            "VACUUM kept",
            "\"kept\" is no Delta table: OPTIMIZE and VACUUM are for those",
        ),
        (
            "OPTIMIZE orders WHERE lower(name) = 'n1'",
            "OPTIMIZE … WHERE takes comparisons of partition columns with values, joined by AND, \
             got lower(name) = 'n1'",
        ),
        (
            "OPTIMIZE orders WHERE name = 'n1'",
            "OPTIMIZE … WHERE takes partition columns, and \"name\" is none of ",
        ),
        ("OPTIMIZE orders ZORDER BY (nothing)", "nothing"),
        (
            "OPTIMIZE orders ZORDER BY (id + 1)",
            "ZORDER BY takes columns, got id + 1",
        ),
        (
            "OPTIMIZE orders FINAL",
            "expected OPTIMIZE table [WHERE condition] [ZORDER BY (column, …)]",
        ),
        ("VACUUM orders RETAIN 3", "HOURS or DAYS"),
        ("VACUUM orders DRY", "RUN"),
        ("VACUUM orders RETAIN -1 HOURS", "literal int"),
        ("VACUUM", "identifier"),
    ] {
        let error = failure(session, sql).await;
        assert!(error.to_string().contains(said), "{sql}: {error}");
        assert!(!matches!(error, EngineError::Internal { .. }), "{sql}");
    }
    assert_eq!(count(session, "orders").await, "50");
}
