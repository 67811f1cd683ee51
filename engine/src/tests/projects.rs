//! Tables and views of a project folder, and what survives a restart.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{batches, cells, failure};
use crate::{Engine, EngineError};

pub(super) async fn open(project: &Path) -> Result<Engine, EngineError> {
    Engine::builder()
        .target_partitions(2)
        .project_dir(project)
        .build()
        .await
}

/// A project with a file to make tables of.
pub(super) fn project() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("orders.csv"), "id,amount\n1,10\n2,20\n").unwrap();
    folder
}

fn orders_sql(project: &TempDir) -> String {
    let path = project.path().join("orders.csv");
    format!(
        "CREATE EXTERNAL TABLE orders STORED AS CSV LOCATION '{}'",
        path.display()
    )
}

pub(super) fn catalog_text(project: &TempDir) -> String {
    fs::read_to_string(project.path().join(".cohortql/catalog.sql")).unwrap()
}

#[tokio::test]
async fn tables_and_views_survive_a_restart() {
    let project = project();
    {
        let engine = open(project.path()).await.unwrap();
        let session = engine.default_session();
        for sql in [
            orders_sql(&project).as_str(),
            "CREATE VIEW large AS\n  SELECT * FROM orders -- all of them\n  WHERE amount > 15",
            "CREATE SCHEMA shop",
            "CREATE VIEW shop.sums AS SELECT sum(amount) AS total FROM orders",
            "CREATE VIEW gone AS SELECT 1 AS x",
            "CREATE OR REPLACE VIEW changed AS SELECT 1 AS x",
            "CREATE OR REPLACE VIEW changed AS SELECT 2 AS x",
            "DROP VIEW gone",
            "CREATE TABLE in_memory AS SELECT 1 AS x",
        ] {
            batches(session, sql).await.unwrap();
        }
    }
    let engine = open(project.path()).await.unwrap();
    let session = engine.default_session();
    assert_eq!(cells(session, "SELECT id FROM large").await, "2");
    assert_eq!(cells(session, "SELECT total FROM shop.sums").await, "30");
    assert_eq!(cells(session, "SELECT x FROM changed").await, "2");
    let tables = "SELECT table_name FROM information_schema.tables \
                  WHERE table_schema IN ('public', 'shop') ORDER BY table_name";
    assert_eq!(cells(session, tables).await, "changed\nlarge\norders\nsums");
    assert!(catalog_text(&project).contains("FROM orders -- all of them\n  WHERE"));
    batches(session, "DROP SCHEMA shop CASCADE").await.unwrap();
    assert!(!catalog_text(&project).contains("shop"));
}

#[tokio::test]
async fn statements_of_another_default_schema_are_read_back_in_it() {
    let project = project();
    {
        let engine = open(project.path()).await.unwrap();
        let session = engine.default_session();
        for sql in [
            "CREATE SCHEMA shop",
            "SET datafusion.catalog.default_schema = 'shop'",
            "CREATE VIEW base AS SELECT 7 AS x",
            "CREATE VIEW above AS SELECT x + 1 AS y FROM base",
        ] {
            batches(session, sql).await.unwrap();
        }
    }
    let engine = open(project.path()).await.unwrap();
    assert_eq!(
        cells(engine.default_session(), "SELECT y FROM shop.above").await,
        "8"
    );
}

#[tokio::test]
async fn two_writers_lose_nothing_of_each_others() {
    let project = project();
    let (one, other) = (
        open(project.path()).await.unwrap(),
        open(project.path()).await.unwrap(),
    );
    let names: Vec<_> = (0..12).map(|n| format!("v{n:02}")).collect();
    let made = names.iter().enumerate().map(|(n, name)| {
        let engine = if n % 2 == 0 { &one } else { &other };
        let sql = format!("CREATE VIEW {name} AS SELECT {n} AS x");
        async move { engine.sql(&sql).await.map(|_| ()) }
    });
    for outcome in futures::future::join_all(made).await {
        outcome.unwrap();
    }
    for engine in [&one, &other] {
        let session = engine.default_session();
        for (n, name) in names.iter().enumerate() {
            assert_eq!(
                cells(session, &format!("SELECT x FROM {name}")).await,
                n.to_string()
            );
        }
    }
    let error = failure(other.default_session(), "CREATE VIEW v00 AS SELECT 9 AS x").await;
    assert_eq!(error.to_string(), "view \"v00\" exists already");
    batches(other.default_session(), "DROP VIEW v00")
        .await
        .unwrap();
    let error = failure(one.default_session(), "SELECT x FROM v00").await;
    assert!(matches!(error, EngineError::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn a_broken_file_is_named_with_its_line_and_kept() {
    let project = project();
    let broken = "CREATE VIEW a AS SELECT 1;\n\nCREATE VIEW b AS SELEC 2;\n";
    fs::create_dir(project.path().join(".cohortql")).unwrap();
    fs::write(project.path().join(".cohortql/catalog.sql"), broken).unwrap();
    let error = open(project.path()).await.unwrap_err();
    assert!(matches!(error, EngineError::Catalog { .. }));
    let message = error.to_string();
    assert!(message.contains("catalog.sql, line 3: "), "{message}");
    assert!(message.contains("nothing was changed"), "{message}");
    assert_eq!(catalog_text(&project), broken);
}

#[tokio::test]
async fn a_table_out_of_reach_keeps_nobody_from_the_others() {
    let project = project();
    {
        let engine = open(project.path()).await.unwrap();
        let session = engine.default_session();
        batches(session, &orders_sql(&project)).await.unwrap();
        let sql = "CREATE VIEW ids AS SELECT id FROM orders";
        batches(session, sql).await.unwrap();
        batches(session, "CREATE VIEW fine AS SELECT 1 AS x")
            .await
            .unwrap();
    }
    fs::remove_file(project.path().join("orders.csv")).unwrap();
    let engine = open(project.path()).await.unwrap();
    let session = engine.default_session();
    assert_eq!(cells(session, "SELECT x FROM fine").await, "1");
    let columns = "SELECT column_name FROM information_schema.columns \
                   WHERE table_schema = 'public'";
    assert_eq!(cells(session, columns).await, "x");
    let error = failure(session, "SELECT * FROM orders").await.to_string();
    assert!(error.starts_with("table \"orders\": "), "{error}");
    let error = failure(session, "SELECT * FROM ids").await.to_string();
    assert!(error.contains("table \"orders\": "), "{error}");
    fs::write(project.path().join("orders.csv"), "id,amount\n5,50\n").unwrap();
    assert_eq!(cells(session, "SELECT * FROM ids").await, "5");
}

#[tokio::test]
async fn views_follow_the_tables_they_read() {
    let project = project();
    let engine = open(project.path()).await.unwrap();
    let session = engine.default_session();
    batches(session, "CREATE TABLE t AS SELECT 1 AS x")
        .await
        .unwrap();
    batches(session, "CREATE VIEW v AS SELECT x FROM t")
        .await
        .unwrap();
    batches(session, "CREATE OR REPLACE TABLE t AS SELECT 2 AS x")
        .await
        .unwrap();
    assert_eq!(cells(session, "SELECT x FROM v").await, "2");
    let error = failure(session, "CREATE OR REPLACE VIEW v AS SELECT x FROM v").await;
    assert_eq!(error.to_string(), "view \"v\" would read itself");
}

#[tokio::test]
async fn create_and_drop_say_what_is_wrong() {
    let project = project();
    let engine = open(project.path()).await.unwrap();
    let session = engine.default_session();
    batches(session, "CREATE TABLE t AS SELECT 1 AS x")
        .await
        .unwrap();
    batches(session, "CREATE TABLE IF NOT EXISTS t AS SELECT 2 AS x")
        .await
        .unwrap();
    assert_eq!(cells(session, "SELECT x FROM t").await, "1");
    for (sql, message) in [
        (
            "CREATE TABLE t AS SELECT 1 AS x",
            "table \"t\" exists already",
        ),
        (
            "CREATE VIEW t AS SELECT 1 AS x",
            "table \"t\" exists already",
        ),
        ("DROP VIEW t", "\"t\" is a table: use DROP TABLE"),
        ("DROP TABLE u", "table \"u\" does not exist"),
        ("DROP SCHEMA s", "schema \"s\" does not exist"),
        ("CREATE VIEW s.v AS SELECT 1", "schema \"s\" does not exist"),
        ("CREATE SCHEMA public", "schema \"public\" exists already"),
        (
            "CREATE TABLE u AS SELECT a.x, b.x FROM t AS a CROSS JOIN t AS b",
            "table u would have two columns named \"x\": give one another name",
        ),
    ] {
        assert_eq!(failure(session, sql).await.to_string(), message, "{sql}");
    }
    batches(session, "DROP TABLE IF EXISTS u").await.unwrap();
}

#[tokio::test]
async fn progress_counts_rows_and_bytes() {
    let project = project();
    let engine = open(project.path()).await.unwrap();
    batches(engine.default_session(), &orders_sql(&project))
        .await
        .unwrap();
    let stream = engine.sql("SELECT * FROM orders").await.unwrap();
    let progress = stream.progress();
    stream.collect().await.unwrap();
    assert_eq!((progress.rows_returned(), progress.rows_read()), (2, 2));
    assert_eq!(progress.total_bytes(), Some(20));
    assert!(progress.bytes_read() >= 20);
    assert_eq!(progress.fraction(), Some(1.0));
}
