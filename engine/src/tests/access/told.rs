//! What is told of statements beside their answers: nothing of what is hidden.

use super::super::{batches, cells, failure};
use super::{engine, session};

#[tokio::test]
async fn how_much_was_read_behind_a_wall_is_not_told() {
    let engine = engine().await;
    let ada = session(&engine, &["german", "sales"]);
    let watcher = session(&engine, &["german", "sales", "watcher"]);
    for (sql, hidden) in [
        ("SELECT count(amount) FROM orders", false),
        ("SELECT count(id) FROM customers", true),
        ("SELECT count(total) FROM revenue", true),
        (
            "SELECT count(amount) FROM orders JOIN customers ON id = customer_id",
            true,
        ),
    ] {
        let stream = ada.sql(sql).await.unwrap();
        let progress = stream.progress();
        stream.collect().await.unwrap();
        assert_eq!(progress.is_guarded(), hidden, "{sql}");
        assert!(!hidden || progress.fraction().is_none(), "{sql}");
        let asked = format!(
            "SELECT DISTINCT rows_read IS NULL, bytes_read IS NULL FROM system.queries \
             WHERE sql = '{sql}'"
        );
        assert_eq!(cells(&ada, &asked).await, format!("{hidden},{hidden}"));
        for session in [&watcher, engine.default_session()] {
            assert_eq!(cells(session, &asked).await, "false,false", "{sql}");
        }
    }
}

#[tokio::test]
async fn how_much_a_running_statement_reads_is_not_told_either() {
    let engine = engine().await;
    let ada = session(&engine, &["german"]);
    let watcher = session(&engine, &["watcher"]);
    let sql = "SELECT id FROM customers UNION ALL SELECT value FROM range(0, 1000000000000)";
    let mut running = ada.sql(sql).await.unwrap();
    running.next_batch().await.unwrap();
    let asked = "SELECT rows_read IS NULL, bytes_read IS NULL FROM system.running \
                 WHERE sql LIKE '%UNION ALL%' AND sql NOT LIKE '%LIKE%'";
    assert_eq!(cells(&ada, asked).await, "true,true");
    assert_eq!(cells(&watcher, asked).await, "false,false");
    for (session, told) in [(&ada, false), (&watcher, true)] {
        let listed = session.queries();
        let query = listed.iter().find(|query| query.id == *running.id());
        assert_eq!(session.reads(query.unwrap()).is_some(), told);
    }
}

#[tokio::test]
async fn tables_behind_a_view_are_not_named() {
    let engine = engine().await;
    let ada = session(&engine, &["sales"]);
    cells(&ada, "SELECT max(total) FROM revenue").await;
    cells(&ada, "SELECT count(*) FROM information_schema.tables").await;
    let asked = |sql: &str| format!("SELECT tables_read FROM system.queries WHERE sql = '{sql}'");
    let view = asked("SELECT max(total) FROM revenue");
    assert_eq!(cells(&ada, &view).await, "[public.orders, public.revenue]");
    let all = "[public.customers, public.orders, public.revenue]";
    assert_eq!(cells(engine.default_session(), &view).await, all);
    let watcher = session(&engine, &["watcher"]);
    assert_eq!(cells(&watcher, &view).await, all);
    let catalog = asked("SELECT count(*) FROM information_schema.tables");
    assert_eq!(cells(&ada, &catalog).await, "[information_schema.tables]");
}

#[tokio::test]
async fn a_view_that_cannot_be_opened_names_nothing() {
    let engine = engine().await;
    let all = engine.default_session();
    batches(all, "CREATE VIEW broken AS SELECT word FROM secrets")
        .await
        .unwrap();
    let ada = session(&engine, &["reader"]);
    assert_eq!(cells(&ada, "SELECT * FROM broken").await, "launch");
    batches(all, "DROP TABLE secrets").await.unwrap();
    let told = "view \"broken\" cannot be opened; the server's log says why";
    for replacing in [
        "CREATE TABLE secretz AS SELECT 1 AS id",
        "CREATE TABLE secrets AS SELECT 1 AS words",
    ] {
        batches(all, replacing).await.unwrap();
        for sql in ["SELECT * FROM broken", "DESCRIBE broken"] {
            let error = failure(&ada, sql).await;
            assert_eq!(error.to_string(), told, "{sql}");
        }
        let error = failure(all, "SELECT * FROM broken").await;
        assert!(error.to_string().contains("did you mean"), "{error}");
    }
}
