//! The tables of schema `system`: their rows, who sees which, and that they are only read.

use super::{batches, cells, engine, failure, give_roles, session_of, until};
use crate::{Engine, EngineError, QueryId};

const ONLY_READ: &str = "schema \"system\" belongs to the engine and is only read";

/// Runs until it is dropped.
const HOLDS: &str = "SELECT value FROM range(0, 1000000000000)";

#[tokio::test]
async fn statements_that_have_ended_are_rows() {
    let engine = engine().await;
    let session = engine.session();
    cells(&session, "CREATE TABLE t AS SELECT value FROM range(0, 7)").await;
    cells(&session, "SELECT * FROM t").await;
    failure(&session, "SELECT * FROM missing").await;
    let shown = "SELECT id, kind, tables_read, tables_written, rows, outcome, error_code \
                 FROM system.queries";
    assert_eq!(
        cells(&session, shown).await,
        "q1,change,[],[public.t],7,ok,\n\
         q2,query,[public.t],[],7,ok,\n\
         q3,,[],[],0,error,not_found"
    );
    let numbers = "SELECT count(*) FROM system.queries WHERE started <= ended \
                   AND planned_micros > 0 AND queued_micros = 0 AND length(fingerprint) = 16 \
                   AND session = (SELECT max(session) FROM system.running) AND principal IS NULL \
                   AND (error IS NULL) = (outcome = 'ok') AND started > now() - INTERVAL '1 hour'";
    assert_eq!(cells(&session, numbers).await, "4");
}

#[tokio::test]
async fn only_the_newest_are_kept() {
    let engine = Engine::builder().query_history(2).build().await.unwrap();
    let session = engine.session();
    for _ in 0..4 {
        cells(&session, "SELECT 1").await;
    }
    assert_eq!(
        cells(&session, "SELECT id FROM system.queries").await,
        "q3\nq4"
    );
}

#[tokio::test]
async fn statements_that_run_are_rows_with_their_phase() {
    let engine = Engine::builder()
        .concurrent_queries(1)
        .build()
        .await
        .unwrap();
    let holding = engine.sql(HOLDS).await.unwrap();
    let session = engine.session();
    let waiting = tokio::spawn(async move { session.sql(HOLDS).await.map(drop) });
    let phases = "SELECT id, kind, phase FROM system.running ORDER BY started, id";
    let watching = engine.session();
    until("one waits", || engine.queries().len() == 2).await;
    let queued = || {
        engine
            .queries()
            .iter()
            .any(|query| query.phase().word() == "queued")
    };
    until("it is queued", queued).await;
    let shown = cells(&watching, phases).await;
    let rows: Vec<_> = shown.lines().collect();
    assert_eq!(rows.len(), 3, "{shown}");
    assert!(rows[0].ends_with(",query,running"), "{shown}");
    assert!(rows[1].ends_with(",query,queued"), "{shown}");
    assert!(rows[2].ends_with(",query,running"), "{shown}");
    drop(holding);
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn who_may_not_watch_sees_his_own() {
    let engine = engine().await;
    give_roles(&engine);
    let ada = session_of(&engine, "ada", "analyst");
    let bob = session_of(&engine, "bob", "analyst");
    let operator = session_of(&engine, "olga", "operator");
    cells(&ada, "SELECT 'of ada'").await;
    cells(&bob, "SELECT 'of bob'").await;
    cells(
        &engine.session(),
        "CREATE VIEW everything AS SELECT sql FROM system.queries",
    )
    .await;
    let sees = "SELECT DISTINCT principal FROM system.queries ORDER BY principal NULLS LAST";
    assert_eq!(cells(&ada, sees).await, "ada");
    assert_eq!(cells(&bob, sees).await, "bob");
    assert_eq!(cells(&operator, sees).await, "ada\nbob\n");
    // Also through a view that somebody made who sees everything.
    let hidden = "SELECT count(*) FROM everything WHERE sql = 'SELECT ''of bob'''";
    assert_eq!(cells(&ada, hidden).await, "0");
    assert_eq!(cells(&bob, hidden).await, "1");

    let running = ada.sql(HOLDS).await.unwrap();
    let sees = "SELECT count(*) FROM system.running WHERE principal = 'ada'";
    assert_eq!(cells(&ada, sees).await, "2");
    assert_eq!(cells(&bob, sees).await, "0");
    assert_eq!(cells(&operator, sees).await, "1");
    assert_eq!((ada.queries().len(), bob.queries().len()), (1, 0));
    assert_eq!(operator.queries().len(), 1);
    let id: &QueryId = running.id();
    assert!(!bob.cancel(id));
    assert!(operator.cancel(id));
    assert_eq!(running.collect().await.unwrap_err(), EngineError::Cancelled);
    assert!(!ada.cancel(&"q999".parse().unwrap()));
}

#[tokio::test]
async fn the_right_to_watch_counts_at_the_moment_of_reading() {
    let engine = engine().await;
    give_roles(&engine);
    cells(&session_of(&engine, "ada", "analyst"), "SELECT 1").await;
    let operator = session_of(&engine, "olga", "operator");
    let sql = "SELECT count(*) FROM system.queries WHERE principal = 'ada'";
    let planned = operator
        .plan(&operator.parse(sql).unwrap()[0])
        .await
        .unwrap();
    let count = async || {
        let stream = operator.execute(planned.clone()).await.unwrap();
        let batches = stream.collect().await.unwrap();
        format!("{:?}", batches[0].column(0))
    };
    assert!(count().await.contains('1'));
    engine.set_roles(std::collections::BTreeMap::new()).unwrap();
    let column = count().await;
    assert!(column.contains("0,"), "{column}");
}

#[tokio::test]
async fn the_schema_is_only_read() {
    let engine = engine().await;
    give_roles(&engine);
    for session in [engine.session(), session_of(&engine, "ada", "analyst")] {
        for sql in [
            "CREATE TABLE system.mine (n BIGINT)",
            "CREATE TABLE system.queries AS SELECT 1 AS n",
            "CREATE OR REPLACE VIEW system.queries AS SELECT 1 AS n",
            "DROP TABLE system.queries",
            "DROP TABLE IF EXISTS system.running",
            "DROP SCHEMA system CASCADE",
            "CREATE SCHEMA IF NOT EXISTS system",
            "INSERT INTO system.queries SELECT * FROM system.queries",
        ] {
            let error = failure(&session, sql).await;
            assert_eq!(error.to_string(), ONLY_READ, "{sql}");
        }
    }
    for sql in [
        "DELETE FROM system.queries",
        "UPDATE system.running SET sql = ''",
    ] {
        let error = failure(engine.default_session(), sql).await;
        assert_eq!(error.to_string(), ONLY_READ, "{sql}");
        failure(&session_of(&engine, "ada", "analyst"), sql).await;
    }
    let provider = engine
        .default_session()
        .context()
        .catalog("cohortql")
        .unwrap();
    let schema = provider.schema("system").unwrap();
    assert!(schema.deregister_table("queries").is_err());
    assert!(provider.deregister_schema("system", true).is_err());
}

#[tokio::test]
async fn the_tables_are_listed() {
    let engine = engine().await;
    give_roles(&engine);
    let nobody = session_of(&engine, "nobody", "none");
    for session in [engine.session(), nobody] {
        let tables = "SELECT table_name, table_type FROM information_schema.tables \
                      WHERE table_schema = 'system' ORDER BY table_name";
        let listed = cells(&session, tables).await;
        assert_eq!(listed, "queries,BASE TABLE\nrunning,BASE TABLE");
        let columns = "SELECT count(*) FROM information_schema.columns \
                       WHERE table_schema = 'system'";
        assert_eq!(cells(&session, columns).await, "40");
        batches(&session, "SELECT * FROM system.queries")
            .await
            .unwrap();
    }
}
