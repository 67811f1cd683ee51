//! What may get into the catalog, and what a project that has it can still be opened with.

use std::fs;
use std::path::Path;

use super::projects::{catalog_text, open, project};
use super::{batches, cells, failure};

#[tokio::test]
async fn what_one_session_may_nest_all_can_read() {
    let project = project();
    let nested = |depth| format!("SELECT {}1{} AS x", "(".repeat(depth), ")".repeat(depth));
    {
        let engine = open(project.path()).await.unwrap();
        let session = engine.default_session();
        let raise = "SET datafusion.sql_parser.recursion_limit = 200";
        batches(session, raise).await.unwrap();
        let sql = format!("CREATE VIEW deep AS {}", nested(100));
        batches(session, &sql).await.unwrap();
        let error = failure(session, &raise.replace("200", "201")).await;
        assert!(error.to_string().contains("at most 200"), "{error}");
    }
    let engine = open(project.path()).await.unwrap();
    let session = engine.default_session();
    assert_eq!(cells(session, "SELECT x FROM deep").await, "1");
}

#[tokio::test]
async fn a_schema_may_have_quotes_in_its_name() {
    let project = project();
    {
        let engine = open(project.path()).await.unwrap();
        let session = engine.default_session();
        for sql in [
            "CREATE SCHEMA \"'q'\"",
            "SET datafusion.catalog.default_schema = '''q'''",
            "CREATE VIEW v AS SELECT 7 AS x",
            "CREATE VIEW public.w AS SELECT 8 AS x",
        ] {
            batches(session, sql).await.unwrap();
        }
    }
    let engine = open(project.path()).await.unwrap();
    let session = engine.default_session();
    batches(session, "DROP VIEW w").await.unwrap();
    assert_eq!(cells(session, "SELECT x FROM \"'q'\".v").await, "7");
}

#[tokio::test]
async fn dropping_what_hides_a_view_shows_the_view() {
    let project = project();
    let engine = open(project.path()).await.unwrap();
    let session = engine.default_session();
    batches(session, "CREATE VIEW orders AS SELECT 'recorded' AS x")
        .await
        .unwrap();
    let path = project.path().join("orders.csv").display().to_string();
    engine.register_path(&path, None).await.unwrap();
    assert_eq!(cells(session, "SELECT count(*) FROM orders").await, "2");
    batches(session, "DROP TABLE orders").await.unwrap();
    assert_eq!(cells(session, "SELECT x FROM orders").await, "recorded");
    assert!(catalog_text(&project).contains("recorded"));
    batches(session, "DROP VIEW orders").await.unwrap();
    assert!(!catalog_text(&project).contains("recorded"));
}

#[tokio::test]
async fn views_may_not_read_themselves_through_others() {
    let project = project();
    let engine = open(project.path()).await.unwrap();
    let session = engine.default_session();
    for sql in [
        "CREATE VIEW a AS SELECT 1 AS x",
        "CREATE VIEW b AS SELECT x FROM a",
        "CREATE VIEW c AS SELECT x FROM b",
    ] {
        batches(session, sql).await.unwrap();
    }
    let error = failure(session, "CREATE OR REPLACE VIEW a AS SELECT x FROM c").await;
    assert_eq!(error.to_string(), "view \"a\" would read itself");
    let own = "CREATE OR REPLACE VIEW a AS WITH c AS (SELECT 2 AS x) SELECT x FROM c";
    batches(session, own).await.unwrap();
    assert_eq!(cells(session, "SELECT x FROM c").await, "2");
}

#[tokio::test]
async fn what_the_catalog_cannot_keep_is_refused() {
    let project = project();
    let engine = open(project.path()).await.unwrap();
    let session = engine.session();
    for sql in [
        "PREPARE p AS CREATE VIEW v AS SELECT 1 AS x",
        "CREATE SCHEMA IF NOT EXISTS information_schema",
    ] {
        batches(&session, sql).await.unwrap();
    }
    let error = failure(&session, "EXECUTE p").await;
    assert!(error.to_string().contains("not through EXECUTE"), "{error}");
    let error = failure(&session, "CREATE SCHEMA information_schema").await;
    assert_eq!(
        error.to_string(),
        "schema \"information_schema\" exists already"
    );
    let fold = "SET datafusion.sql_parser.enable_ident_normalization = false";
    batches(&session, fold).await.unwrap();
    let error = failure(&session, "CREATE VIEW Foo AS SELECT 1 AS x").await;
    assert!(
        error.to_string().contains("names without quotes"),
        "{error}"
    );
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_those_whom_it_was_for() {
    use std::os::unix::fs::PermissionsExt;
    let project = project();
    let engine = open(project.path()).await.unwrap();
    let session = engine.default_session();
    let file = project.path().join(".cohortql/catalog.sql");
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    batches(session, "CREATE VIEW a AS SELECT 1 AS x")
        .await
        .unwrap();
    // As any other file of this process.
    assert_eq!(mode(&file), mode(&project.path().join("orders.csv")));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o660)).unwrap();
    batches(session, "CREATE VIEW b AS SELECT 1 AS x")
        .await
        .unwrap();
    assert_eq!(mode(&file), 0o660);
}
