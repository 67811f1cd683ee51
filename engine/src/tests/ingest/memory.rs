//! Tables in memory: each mode, limits, and what cannot be done.

use super::*;
use crate::Engine;

#[tokio::test]
async fn each_mode_does_as_it_says() {
    let engine = engine().await;
    let session = engine.default_session();
    let error = ingest(session, request("t", Mode::Append), rows(0..2)).await;
    assert!(
        matches!(error, Err(EngineError::NotFound { .. })),
        "{error:?}"
    );
    let made = ingest(session, request("t", Mode::Create), rows(0..2)).await;
    assert_eq!(made, Ok(2));
    let error = ingest(session, request("t", Mode::Create), rows(0..2)).await;
    assert!(
        matches!(error, Err(EngineError::AlreadyExists { .. })),
        "{error:?}"
    );
    let added = ingest(session, request("t", Mode::Append), rows(2..5)).await;
    assert_eq!(added, Ok(3));
    let sql = "SELECT min(id), max(name), count(*) FROM t";
    assert_eq!(cells(session, sql).await, "0,n4,5");
    let added = ingest(session, request("t", Mode::CreateAppend), rows(5..6)).await;
    assert_eq!(added, Ok(1));
    let made = ingest(session, request("u", Mode::CreateAppend), rows(5..6)).await;
    assert_eq!(made, Ok(1));
    let replaced = ingest(session, request("t", Mode::Replace), rows(9..10)).await;
    assert_eq!(replaced, Ok(1));
    assert_eq!(cells(session, "SELECT * FROM t").await, "9,n9");
    let made = ingest(session, request("v", Mode::Replace), rows(7..8)).await;
    assert_eq!(made, Ok(1));
    assert_eq!(cells(session, "SELECT * FROM v").await, "7,n7");
}

#[tokio::test]
async fn what_replaces_a_table_brings_its_own_columns() {
    let engine = engine().await;
    let session = engine.default_session();
    ingest(session, request("t", Mode::Create), rows(0..2))
        .await
        .unwrap();
    let other: ArrayRef = Arc::new(StringArray::from(vec!["x"]));
    let other = RecordBatch::try_from_iter([("other", other)]).unwrap();
    ingest(session, request("t", Mode::Replace), other)
        .await
        .unwrap();
    assert_eq!(cells(session, "SELECT other FROM t").await, "x");
}

#[tokio::test]
async fn tables_without_rows_are_made() {
    let engine = engine().await;
    let session = engine.default_session();
    let schema = rows(0..0).schema();
    for (table, batches) in [("none", vec![]), ("empty", vec![rows(0..0)])] {
        let request = request(table, Mode::Create);
        let made = session
            .ingest(request, schema.clone(), coming(batches))
            .await;
        assert_eq!(made, Ok(0));
        assert_eq!(count(session, table).await, "0");
    }
    let added = session
        .ingest(request("none", Mode::Append), schema, coming(vec![]))
        .await;
    assert_eq!(added, Ok(0));
}

#[tokio::test]
async fn names_are_taken_as_they_are_given() {
    let engine = engine().await;
    let session = engine.default_session();
    cells(session, "CREATE SCHEMA shop").await;
    let mut asked = request("Mixed \"Case\"", Mode::Create);
    asked.catalog = Some("cohortql".to_owned());
    asked.schema = Some("shop".to_owned());
    ingest(session, asked, rows(0..3)).await.unwrap();
    assert_eq!(count(session, "shop.\"Mixed \"\"Case\"\"\"").await, "3");
    cells(session, "SET datafusion.catalog.default_schema = 'shop'").await;
    let asked = request("Mixed \"Case\"", Mode::Append);
    assert_eq!(ingest(session, asked, rows(3..4)).await, Ok(1));
}

#[tokio::test]
async fn a_place_that_is_none_is_refused() {
    let engine = engine().await;
    let session = engine.default_session();
    for (catalog, schema, table, expected) in [
        (Some("other"), None, "t", "another catalog"),
        (None, Some("nowhere"), "t", "\"nowhere\" does not exist"),
        (None, None, "", "the name of a table"),
    ] {
        let mut asked = request(table, Mode::Create);
        asked.catalog = catalog.map(str::to_owned);
        asked.schema = schema.map(str::to_owned);
        let error = ingest(session, asked, rows(0..1)).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn views_take_no_rows() {
    let engine = engine().await;
    let session = engine.default_session();
    cells(session, "CREATE VIEW v AS SELECT 1 AS id").await;
    for mode in [Mode::Append, Mode::Replace, Mode::CreateAppend] {
        let error = ingest(session, request("v", mode), rows(0..1)).await;
        let message = error.unwrap_err().to_string();
        assert!(message.contains("is a view"), "{message}");
    }
    let error = ingest(session, request("v", Mode::Create), rows(0..1)).await;
    assert!(
        matches!(error, Err(EngineError::AlreadyExists { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn rows_count_against_the_memory_limit_and_give_it_back() {
    let engine = Engine::builder()
        .target_partitions(2)
        .memory_limit(16 << 20)
        .build()
        .await
        .unwrap();
    let session = engine.default_session();
    let large = |batches: i64| (0..batches).map(|n| rows(n * 50_000..(n + 1) * 50_000));
    let schema = rows(0..0).schema();
    for mode in [Mode::Create, Mode::CreateAppend] {
        let incoming = coming(large(40).collect());
        let error = session
            .ingest(request("large", mode), schema.clone(), incoming)
            .await
            .unwrap_err();
        assert!(matches!(error, EngineError::Resources { .. }), "{error:?}");
        assert_eq!(engine.queries().len(), 0);
    }
    let incoming = coming(large(4).collect());
    let made = session
        .ingest(request("small", Mode::Create), schema.clone(), incoming)
        .await;
    assert_eq!(made, Ok(200_000));
    let incoming = coming(large(40).collect());
    let error = session
        .ingest(request("small", Mode::Append), schema, incoming)
        .await;
    assert!(
        matches!(error, Err(EngineError::Resources { .. })),
        "{error:?}"
    );
    assert_eq!(count(session, "small").await, "200000");
}

#[tokio::test]
async fn files_take_rows_where_insert_works() {
    let folder = tempfile::TempDir::new().unwrap();
    let engine = engine().await;
    let session = engine.default_session();
    let parts = folder.path().join("parts");
    std::fs::create_dir(&parts).unwrap();
    let parts = parts.display().to_string();
    for sql in [
        format!("COPY (SELECT 1::BIGINT AS id, 'a' AS name) TO '{parts}/1.parquet'"),
        format!("CREATE EXTERNAL TABLE parts STORED AS PARQUET LOCATION '{parts}/'"),
    ] {
        cells(session, &sql).await;
    }
    let added = ingest(session, request("parts", Mode::Append), rows(2..4)).await;
    assert_eq!(added, Ok(2));
    let sql = "SELECT * FROM parts ORDER BY id";
    assert_eq!(cells(session, sql).await, "1,a\n2,n2\n3,n3");
    let error = ingest(session, request("parts", Mode::Replace), rows(2..4)).await;
    assert!(
        matches!(error, Err(EngineError::Unsupported { .. })),
        "{error:?}"
    );
    let broken = session
        .ingest(
            request("parts", Mode::Append),
            rows(0..0).schema(),
            breaking_off(rows(5..9)),
        )
        .await;
    assert!(broken.is_err());
    assert_eq!(count(session, "parts").await, "3");
    let one = folder.path().join("one.csv");
    std::fs::write(&one, "id,name\n1,a\n").unwrap();
    engine
        .register_path(&one.display().to_string(), None)
        .await
        .unwrap();
    let error = ingest(session, request("one", Mode::Append), rows(2..4)).await;
    let message = error.unwrap_err().to_string();
    assert!(
        message.contains("only a table that is a folder"),
        "{message}"
    );
}
