//! Delta tables: made, appended to, replaced with one commit, and kept over a restart.

use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::{Config, Engine};

async fn open(project: &Path, config: &str) -> Engine {
    Engine::builder()
        .target_partitions(2)
        .project_dir(project)
        .config(Config::parse(config).unwrap())
        .build()
        .await
        .unwrap()
}

/// The commits in a table's log.
fn commits(folder: &Path) -> usize {
    let Ok(log) = std::fs::read_dir(folder.join("_delta_log")) else {
        return 0;
    };
    log.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().ends_with(".json")
    })
    .count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_at_a_location_is_kept() {
    let project = TempDir::new().unwrap();
    let location = project.path().join("data/orders");
    {
        let engine = open(project.path(), "").await;
        let session = engine.default_session();
        // Relative locations count from the project.
        let asked = delta_at("Orders", Mode::Create, "data/orders");
        assert_eq!(ingest(session, asked.clone(), rows(0..3)).await, Ok(3));
        assert_eq!(commits(&location), 1);
        let again = ingest(session, asked, rows(0..3)).await;
        assert!(
            matches!(again, Err(EngineError::AlreadyExists { .. })),
            "{again:?}"
        );
        let taken = delta_at("other", Mode::Create, "data/orders");
        let message = ingest(session, taken, rows(0..3)).await.unwrap_err();
        assert!(
            message.to_string().contains("holds a Delta table"),
            "{message}"
        );
    }
    let engine = open(project.path(), "").await;
    let session = engine.default_session();
    assert_eq!(count(session, "\"Orders\"").await, "3");
    let added = ingest(session, request("Orders", Mode::Append), rows(3..5)).await;
    assert_eq!(added, Ok(2));
    assert_eq!(commits(&location), 2);
    let sql = "SELECT min(id), max(id), max(name) FROM \"Orders\"";
    assert_eq!(cells(session, sql).await, "0,4,n4");
    let none = session
        .ingest(
            request("Orders", Mode::Append),
            rows(0..0).schema(),
            coming(vec![]),
        )
        .await;
    assert_eq!(none, Ok(0));
    assert_eq!(commits(&location), 2, "nothing to add makes no version");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_replaces_a_table_is_one_commit() {
    let folder = TempDir::new().unwrap();
    let location = folder.path().join("t");
    let engine = engine().await;
    let session = engine.default_session();
    let asked = delta_at("t", Mode::Create, &location.display().to_string());
    ingest(session, asked, rows(0..3)).await.unwrap();
    let replaced = ingest(session, request("t", Mode::Replace), rows(8..10)).await;
    assert_eq!(replaced, Ok(2));
    assert_eq!(commits(&location), 2);
    assert_eq!(count(session, "t").await, "2");
    assert_eq!(count(session, "t VERSION AS OF 0").await, "3");
    let other: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let other = RecordBatch::try_from_iter([("Other", other)]).unwrap();
    let replaced = ingest(session, request("t", Mode::Replace), other).await;
    assert_eq!(replaced, Ok(1));
    assert_eq!(commits(&location), 3);
    assert_eq!(cells(session, "SELECT \"Other\" FROM t").await, "x");
    let emptied = session
        .ingest(
            request("t", Mode::Replace),
            rows(0..0).schema(),
            coming(vec![]),
        )
        .await;
    assert_eq!(emptied, Ok(0));
    assert_eq!(count(session, "t").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_warehouse_gives_each_table_its_folder() {
    let project = TempDir::new().unwrap();
    let config = "[ingest]\nlocation = 'warehouse'";
    {
        let engine = open(project.path(), config).await;
        let session = engine.default_session();
        cells(session, "CREATE SCHEMA shop").await;
        let mut asked = request("orders", Mode::Create);
        asked.schema = Some("shop".to_owned());
        assert_eq!(ingest(session, asked.clone(), rows(0..3)).await, Ok(3));
        let folder = project.path().join("warehouse/shop/orders");
        assert_eq!(commits(&folder), 1);
        cells(session, "DROP TABLE shop.orders").await;
        assert_eq!(ingest(session, asked, rows(3..4)).await, Ok(1));
        assert_eq!(commits(&folder), 1, "what was dropped is not written over");
        assert_eq!(cells(session, "SELECT id FROM shop.orders").await, "3");
        let odd = request("../odd name", Mode::Create);
        assert_eq!(ingest(session, odd, rows(0..1)).await, Ok(1));
        let memory = with(request("here", Mode::Create), "format", "memory");
        assert_eq!(ingest(session, memory, rows(0..1)).await, Ok(1));
    }
    let engine = open(project.path(), config).await;
    let session = engine.default_session();
    assert_eq!(cells(session, "SELECT id FROM shop.orders").await, "3");
    assert_eq!(count(session, "\"../odd name\"").await, "1");
    assert!(!project.path().join("odd name").exists());
    let error = failure(session, "SELECT * FROM here").await;
    assert!(matches!(error, EngineError::NotFound { .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn writers_at_once_all_land() {
    let folder = TempDir::new().unwrap();
    let engine = engine().await;
    let location = folder.path().join("t").display().to_string();
    let asked = delta_at("t", Mode::Create, &location);
    ingest(engine.default_session(), asked, rows(0..10))
        .await
        .unwrap();
    let writers = (1..5).map(|n| {
        let session = engine.session();
        async move {
            ingest(
                &session,
                request("t", Mode::Append),
                rows(n * 10..n * 10 + 10),
            )
            .await
        }
    });
    for outcome in futures::future::join_all(writers).await {
        match outcome {
            Ok(rows) => assert_eq!(rows, 10),
            Err(error) => assert!(matches!(error, EngineError::Conflict { .. }), "{error}"),
        }
    }
    let session = engine.default_session();
    let landed = cells(session, "SELECT count(*), count(DISTINCT id) FROM t").await;
    assert_eq!(landed, "50,50");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_that_make_one_table_do_not_mix() {
    let folder = TempDir::new().unwrap();
    let location = folder.path().join("t").display().to_string();
    let (one, two) = (engine().await, engine().await);
    let make = |engine: &crate::Engine, ids: std::ops::Range<i64>| {
        let (session, asked) = (engine.session(), delta_at("t", Mode::Create, &location));
        async move { ingest(&session, asked, rows(ids)).await }
    };
    let made = futures::future::join(make(&one, 0..10), make(&two, 10..20)).await;
    let made = [made.0, made.1];
    assert_eq!(
        made.iter().filter(|made| made.is_ok()).count(),
        1,
        "{made:?}"
    );
    let refused = made.iter().find_map(|made| made.as_ref().err()).unwrap();
    assert!(
        matches!(
            refused,
            EngineError::Conflict { .. } | EngineError::AlreadyExists { .. }
        ),
        "{refused}"
    );
    assert_eq!(commits(&folder.path().join("t")), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_delta_cannot_have_are_refused() {
    let folder = TempDir::new().unwrap();
    let engine = engine().await;
    let session = engine.default_session();
    let ids = || -> ArrayRef { Arc::new(Int64Array::from(vec![1])) };
    let location = folder.path().join("t").display().to_string();
    for (names, expected) in [
        (["a b", "c"], "\"a b\" needs another name"),
        (["a", "A"], "differ in upper and lower case"),
    ] {
        let sent = RecordBatch::try_from_iter(names.map(|name| (name, ids()))).unwrap();
        let error = ingest(session, delta_at("t", Mode::Create, &location), sent).await;
        let message = error.unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    for location in ["https://example.com/t", "data/*"] {
        let error = ingest(session, delta_at("t", Mode::Create, location), rows(0..1)).await;
        let message = error.unwrap_err().to_string();
        assert!(message.contains("location"), "{message}");
    }
    assert_eq!(commits(&folder.path().join("t")), 0);
}
