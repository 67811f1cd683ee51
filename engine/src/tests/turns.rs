//! Who runs while others wait.

use std::time::Duration;

use super::{batches, cells, give_roles, records, session_of, until};
use crate::{Engine, EngineBuilder, EngineError, Outcome, Phase};

/// Runs until it is dropped.
const HOLDS: &str = "SELECT value FROM range(0, 1000000000000)";

/// One statement at a time.
fn one_place() -> EngineBuilder {
    Engine::builder().target_partitions(2).concurrent_queries(1)
}

fn queued(engine: &Engine) -> usize {
    let queries = engine.queries().into_iter();
    queries
        .filter(|query| query.phase() == Phase::Queued)
        .count()
}

#[tokio::test]
async fn a_statement_waits_for_its_turn() {
    let engine = one_place().build().await.unwrap();
    let records = records(&engine);
    let holding = engine.sql(HOLDS).await.unwrap();
    let session = engine.session();
    let sum = "SELECT sum(value) FROM range(0, 10)";
    let waiting = tokio::spawn(async move { cells(&session, sum).await });
    until("it waits", || queued(&engine) == 1).await;
    drop(holding);
    assert_eq!(waiting.await.unwrap(), "45");
    let records = records.lock().unwrap();
    let record = records.iter().find(|record| &*record.sql == sum).unwrap();
    assert!(record.queued > Duration::ZERO);
    assert_eq!(record.outcome, Outcome::Ok);
}

#[tokio::test]
async fn light_statements_do_not_wait() {
    let engine = one_place().queue_length(0).build().await.unwrap();
    let _holding = engine.sql(HOLDS).await.unwrap();
    let session = engine.session();
    for sql in [
        "SELECT 1",
        "SELECT * FROM (VALUES (1), (2)) AS t(n) WHERE n > 1",
        "SELECT now(), 1 + 1, CAST('2024-01-01' AS DATE)",
        "SELECT n % 2, count(*), max(t) FROM (VALUES (1, 'a'), (2, 'b')) AS t(n, t) \
         GROUP BY n % 2 ORDER BY 2 LIMIT 1",
        "SELECT fingerprint, sum(run_micros) / 1e6 AS seconds, min(sql) FROM system.queries \
         WHERE started > now() - INTERVAL '1 hour' GROUP BY fingerprint ORDER BY seconds DESC LIMIT 10",
        "SET datafusion.execution.batch_size = 100",
        "SHOW TABLES",
        "SELECT count(*) FROM information_schema.columns WHERE table_name LIKE 'q%'",
        "SELECT sql FROM system.running WHERE phase = 'queued'",
        "EXPLAIN SELECT * FROM range(0, 10)",
        "EXPLAIN SELECT a.value, upper(CAST(b.value AS VARCHAR)) || 'x' \
         FROM range(0, 10) AS a, range(0, 10) AS b WHERE a.value + 1 > 2 AND EXISTS (SELECT 'x')",
        "CREATE TABLE t (n BIGINT)",
        "CREATE VIEW v AS SELECT * FROM t",
        "DESCRIBE t",
        "PREPARE p AS SELECT count(*) FROM t",
        "DEALLOCATE p",
        "DROP VIEW v",
    ] {
        batches(&session, sql).await.expect(sql);
    }
    for sql in [
        "SELECT * FROM t",
        "SELECT * FROM range(0, 1)",
        "SELECT unnest([1, 2])",
        "SELECT repeat('x', 10)",
        "SELECT length(repeat('x', 10))",
        "SELECT sum(length(t)) FROM (SELECT t || t FROM (VALUES ('x')) AS v(t)) AS d(t)",
        "SELECT array_length(range(0, 10))",
        "SELECT 1 UNION ALL SELECT 2",
        "SELECT (SELECT 1)",
        "SELECT count(*) FROM (VALUES (1), (2)) AS a(n), (VALUES (1), (2)) AS b(n)",
        "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) \
         SELECT n FROM r",
        "INSERT INTO t VALUES (1)",
        "EXPLAIN ANALYZE SELECT * FROM t",
        "EXPLAIN SELECT * FROM t WHERE n < length(repeat('x', 10))",
        "EXPLAIN SELECT (SELECT max(u) FROM (VALUES (repeat('x', 10))) AS u(u))",
        "CREATE TABLE u AS SELECT * FROM t",
        "COPY t TO 't.csv'",
        "SELECT count(*) FROM system.queries AS a, system.queries AS b",
    ] {
        let error = batches(&session, sql).await.unwrap_err();
        let full = EngineError::QueueFull {
            running: 1,
            waiting: 0,
        };
        assert_eq!(error, full, "{sql}");
    }
}

#[tokio::test]
async fn a_change_and_a_failure_give_their_place_back() {
    let engine = one_place().queue_length(0).build().await.unwrap();
    let session = engine.session();
    for _ in 0..3 {
        cells(
            &session,
            "CREATE OR REPLACE TABLE t AS SELECT value FROM range(0, 3)",
        )
        .await;
        cells(&session, "INSERT INTO t VALUES (1)").await;
        batches(&session, "SELECT 1 / (value - 1) FROM t")
            .await
            .unwrap_err();
        assert_eq!(cells(&session, "SELECT count(*) FROM t").await, "4");
    }
}

#[tokio::test]
async fn waiting_has_an_end() {
    let patience = Duration::from_millis(20);
    let engine = one_place().queue_timeout(patience).build().await.unwrap();
    let records = records(&engine);
    let _holding = engine.sql(HOLDS).await.unwrap();
    let error = engine.sql(HOLDS).await.unwrap_err();
    let expected = EngineError::QueueTimeout {
        timeout: patience,
        running: 1,
    };
    assert_eq!(error, expected);
    let record = records.lock().unwrap().pop().unwrap();
    assert_eq!(record.error, Some(expected));
    assert!(record.queued > Duration::ZERO && record.run == Duration::ZERO);
}

#[tokio::test]
async fn waiting_takes_nothing_off_the_statements_own_time() {
    let engine = one_place()
        .statement_timeout(Duration::from_secs(3_600))
        .build()
        .await
        .unwrap();
    let holding = engine.sql(HOLDS).await.unwrap();
    let session = engine.session();
    session.set_limits(crate::SessionLimits {
        statement_timeout: Some(Duration::from_secs(30)),
        ..crate::SessionLimits::default()
    });
    let waiting = tokio::spawn(async move { session.sql(HOLDS).await });
    until("it waits", || queued(&engine) == 1).await;
    drop(holding);
    assert!(waiting.await.unwrap().is_ok());
}

#[tokio::test]
async fn who_waits_can_be_cancelled_or_go() {
    let engine = one_place().queue_length(1).build().await.unwrap();
    let records = records(&engine);
    let _holding = engine.sql(HOLDS).await.unwrap();
    for cancel in [true, false] {
        let session = engine.session();
        let waiting = tokio::spawn(async move { session.sql(HOLDS).await.map(drop) });
        until("it waits", || queued(&engine) == 1).await;
        if cancel {
            let newest = engine.queries().pop().unwrap();
            assert!(engine.cancel(&newest.id));
            assert_eq!(waiting.await.unwrap(), Err(EngineError::Cancelled));
        } else {
            waiting.abort();
        }
        until("it is gone", || queued(&engine) == 0).await;
        until("its record is there", || records.lock().unwrap().len() == 1).await;
        let record = records.lock().unwrap().pop().unwrap();
        assert_eq!(record.outcome, Outcome::Cancelled);
        assert!(record.queued > Duration::ZERO);
    }
}

#[tokio::test]
async fn users_take_turns_whatever_number_of_sessions_they_have() {
    let engine = one_place().build().await.unwrap();
    give_roles(&engine);
    let records = records(&engine);
    let holding = engine.sql(HOLDS).await.unwrap();
    let mut waiting = Vec::new();
    for (number, name) in ["ada", "ada", "ada", "bob", "cleo", "bob"]
        .iter()
        .enumerate()
    {
        let session = session_of(&engine, name, "analyst");
        waiting.push(tokio::spawn(async move {
            batches(&session, "SELECT count(*) FROM range(0, 10)")
                .await
                .map(drop)
        }));
        until("it waits", || queued(&engine) == number + 1).await;
    }
    drop(holding);
    for waiting in waiting {
        waiting.await.unwrap().unwrap();
    }
    let records = records.lock().unwrap();
    let order: Vec<_> = records
        .iter()
        .filter_map(|record| record.principal.as_deref())
        .collect();
    assert_eq!(order, ["ada", "bob", "cleo", "ada", "bob", "ada"]);
}

#[tokio::test]
async fn the_last_place_is_for_another_user() {
    let engine = one_place().concurrent_queries(2).build().await.unwrap();
    give_roles(&engine);
    let ada = session_of(&engine, "ada", "analyst");
    let bob = session_of(&engine, "bob", "analyst");
    let holding = ada.sql(HOLDS).await.unwrap();
    let waiting = tokio::spawn(async move { ada.sql(HOLDS).await.map(drop) });
    until("it waits", || queued(&engine) == 1).await;
    let sql = "SELECT count(*) FROM range(0, 10)";
    assert_eq!(cells(&bob, sql).await, "10");
    assert_eq!(queued(&engine), 1);
    drop(holding);
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn many_at_once_all_come_to_their_turn() {
    let engine = Engine::builder()
        .target_partitions(2)
        .concurrent_queries(3)
        .queue_length(100)
        .build()
        .await
        .unwrap();
    let statements = (0..60).map(|number| {
        let session = engine.session();
        tokio::spawn(async move {
            let sql = format!("SELECT count(*) FROM range(0, {number})");
            (number.to_string(), cells(&session, &sql).await)
        })
    });
    for (expected, counted) in futures::future::try_join_all(statements).await.unwrap() {
        assert_eq!(counted, expected);
    }
    assert!(engine.queries().is_empty());
}
