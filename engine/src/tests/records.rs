//! What every statement leaves behind.

use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::DataType;
use datafusion::logical_expr::{Volatility, create_udf};
use futures::FutureExt;
use tokio::net::TcpListener;

use super::{batches, cells, engine, failure, give_roles, records, session_of, until};
use crate::{Config, Engine, EngineError, Outcome, QueryRecord, SessionLimits, StatementKind};

/// Takes far longer than any test.
const ENDLESS: &str = "SELECT count(*) FROM range(0, 1000000000000) WHERE value % 7 = 3";

fn outcome(record: &QueryRecord) -> (Outcome, Option<&'static str>) {
    (record.outcome, record.error.as_ref().map(EngineError::code))
}

#[tokio::test]
async fn a_statement_that_ran_leaves_one_record() {
    let engine = engine().await;
    let records = records(&engine);
    let session = engine.session();
    cells(
        &session,
        "CREATE TABLE t AS SELECT value FROM range(0, 100)",
    )
    .await;
    cells(&session, "INSERT INTO t VALUES (1), (2)").await;
    let stream = session
        .sql("SELECT value FROM t WHERE value < 10")
        .await
        .unwrap();
    let id = stream.id().clone();
    stream.collect().await.unwrap();
    let records = records.lock().unwrap();
    let [created, inserted, selected] = records.as_slice() else {
        panic!("{records:?}");
    };
    let written = |record: &QueryRecord| record.tables.written.join(",");
    let read = |record: &QueryRecord| record.tables.read.join(",");
    assert_eq!(
        (read(created), written(created)),
        (String::new(), "public.t".to_owned())
    );
    assert_eq!(created.kind, Some(StatementKind::Change));
    assert_eq!(created.rows, 100);
    assert_eq!(
        (read(inserted), written(inserted)),
        (String::new(), "public.t".to_owned())
    );
    assert_eq!(inserted.rows, 2);
    assert_eq!(
        (read(selected), written(selected)),
        ("public.t".to_owned(), String::new())
    );
    assert_eq!(selected.kind, Some(StatementKind::Query));
    assert_eq!(selected.rows, 12);
    assert_eq!(selected.id, id);
    assert_eq!(selected.session_id, session.id());
    assert_eq!(&*selected.sql, "SELECT value FROM t WHERE value < 10");
    let again = session
        .parse("select value from t where value < 3")
        .unwrap();
    assert_eq!(selected.fingerprint, again[0].fingerprint());
    assert_eq!((&selected.principal, &selected.client), (&None, &None));
    for record in records.iter() {
        assert_eq!(outcome(record), (Outcome::Ok, None));
        assert!(record.ended >= record.started);
        assert!(record.planned > Duration::ZERO && record.run > Duration::ZERO);
        assert_eq!(record.queued, Duration::ZERO);
    }
}

#[tokio::test]
async fn planning_alone_leaves_none_and_its_time_goes_to_the_execution() {
    let engine = engine().await;
    let records = records(&engine);
    let session = engine.session();
    let statements = session.parse("SELECT 1 AS x").unwrap();
    let planned = session.plan(&statements[0]).await.unwrap();
    assert!(records.lock().unwrap().is_empty());
    assert!(engine.queries().is_empty());
    let took = planned.took();
    assert!(took > Duration::ZERO);
    for _ in 0..2 {
        let stream = session.execute(planned.clone()).await.unwrap();
        stream.collect().await.unwrap();
    }
    let records = records.lock().unwrap();
    assert_eq!(records.len(), 2);
    assert!(records.iter().all(|record| record.planned >= took));
}

#[tokio::test]
async fn failures_are_told_by_their_kind() {
    let engine = engine().await;
    let records = records(&engine);
    let session = engine.session();
    for (sql, code) in [
        ("SELECT * FROM nothing", "not_found"),
        ("SET TIME ZONE 'Mars/Base'", "plan"),
        ("SELECT 1 / value FROM range(0, 1)", "execution"),
        ("SELECT $1", "plan"),
        ("DROP TABLE nothing", "not_found"),
        ("BEGIN", "unsupported"),
    ] {
        let error = failure(&session, sql).await;
        let record = records.lock().unwrap().pop().unwrap();
        assert_eq!(&*record.sql, sql);
        assert_eq!(outcome(&record), (Outcome::Error, Some(code)), "{error}");
        assert_eq!(record.error, Some(error));
    }
    assert!(records.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_is_not_allowed_is_told_apart() {
    let engine = engine().await;
    give_roles(&engine);
    let records = records(&engine);
    let session = session_of(&engine, "ada", "analyst");
    failure(&session, "SET datafusion.execution.batch_size = 10").await;
    let record = records.lock().unwrap().pop().unwrap();
    assert_eq!(outcome(&record), (Outcome::Denied, Some("denied")));
    assert_eq!(record.principal.as_deref(), Some("ada"));
    assert_eq!(record.client.as_deref(), Some("127.0.0.1"));
}

#[tokio::test]
async fn a_stream_that_is_dropped_was_cancelled() {
    let engine = engine().await;
    let records = records(&engine);
    let stream = engine.sql(ENDLESS).await.unwrap();
    let id = stream.id().clone();
    drop(stream);
    engine.ended(&id).await;
    let record = records.lock().unwrap().pop().unwrap();
    assert_eq!(outcome(&record), (Outcome::Cancelled, Some("cancelled")));
    assert_eq!(record.tables.read, Vec::<String>::new());

    let stream = engine.sql(ENDLESS).await.unwrap();
    let id = stream.id().clone();
    assert!(engine.cancel(&id));
    stream.collect().await.unwrap_err();
    engine.ended(&id).await;
    let record = records.lock().unwrap().pop().unwrap();
    assert_eq!(outcome(&record), (Outcome::Cancelled, Some("cancelled")));
    assert!(records.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_change_that_nobody_waits_for_was_cancelled() {
    let engine = engine().await;
    let records = records(&engine);
    let session = engine.session();
    let sql = format!("CREATE TABLE t AS {ENDLESS}");
    let changing = tokio::spawn(async move { batches(&session, &sql).await });
    until("it runs", || !engine.queries().is_empty()).await;
    changing.abort();
    until("its record is there", || records.lock().unwrap().len() == 1).await;
    assert_eq!(records.lock().unwrap()[0].outcome, Outcome::Cancelled);
}

#[tokio::test]
async fn a_timeout_is_told_for_queries_and_changes() {
    let engine = engine().await;
    let records = records(&engine);
    let session = engine.session();
    session.set_limits(SessionLimits {
        statement_timeout: Some(Duration::from_millis(20)),
        ..SessionLimits::default()
    });
    for sql in [ENDLESS.to_owned(), format!("CREATE TABLE t AS {ENDLESS}")] {
        let error = failure(&session, &sql).await;
        assert!(
            matches!(error, EngineError::DeadlineExceeded { .. }),
            "{error}"
        );
        until("its record is there", || records.lock().unwrap().len() == 1).await;
        let record = records.lock().unwrap().pop().unwrap();
        assert_eq!(
            outcome(&record),
            (Outcome::Timeout, Some("deadline_exceeded"))
        );
    }
}

#[tokio::test]
async fn planning_that_nobody_waits_for_was_cancelled() {
    // It takes connections and never answers.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/orders.csv", listener.local_addr().unwrap());
    let config = Config::parse(&format!("[tables.orders]\nlocation = {url:?}")).unwrap();
    let engine = Engine::builder().config(config).build().await.unwrap();
    let records = records(&engine);
    let session = engine.session();
    let planning = tokio::spawn(async move {
        let statements = session.parse("SELECT * FROM orders").unwrap();
        session.plan(&statements[0]).await.map(drop)
    });
    let _asked = listener.accept().await.unwrap();
    planning.abort();
    until("its record is there", || records.lock().unwrap().len() == 1).await;
    let record = records.lock().unwrap().pop().unwrap();
    assert_eq!((record.outcome, record.kind), (Outcome::Cancelled, None));
    assert!(record.planned > Duration::ZERO && record.run == Duration::ZERO);
    assert!(engine.queries().is_empty());
}

/// In the worker itself, and in a task that the plan starts.
#[tokio::test]
async fn a_panic_is_a_failure() {
    for partitions in [1, 2] {
        let engine = Engine::builder()
            .target_partitions(partitions)
            .build()
            .await
            .unwrap();
        let records = records(&engine);
        let session = engine.session();
        let explode = create_udf(
            "explode",
            vec![DataType::Int64],
            DataType::Int64,
            Volatility::Volatile,
            Arc::new(|_| panic!("as arranged")),
        );
        session.context().register_udf(explode);
        let sql = "SELECT sum(explode(value)) FROM range(0, 3) GROUP BY value % 2";
        let error = failure(&session, sql).await;
        assert!(matches!(error, EngineError::Internal { .. }), "{error}");
        let record = records.lock().unwrap().pop().unwrap();
        assert_eq!(outcome(&record), (Outcome::Error, Some("internal")));
        assert_eq!(cells(&session, "SELECT 1").await, "1");
    }
}

#[tokio::test]
async fn an_observer_that_panics_hurts_nobody() {
    let engine = engine().await;
    engine.observe(Arc::new(|_| panic!("as arranged")));
    let records = records(&engine);
    assert_eq!(cells(engine.default_session(), "SELECT 1").await, "1");
    assert_eq!(records.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn tables_are_found_behind_views_and_in_subqueries() {
    let engine = engine().await;
    let session = engine.session();
    for sql in [
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.orders AS SELECT 1 AS id",
        "CREATE TABLE orders AS SELECT 2 AS id",
        "CREATE TABLE \"Odd.name\" AS SELECT 3 AS id",
        "SET datafusion.catalog.default_schema = 'shop'",
        "CREATE VIEW latest AS SELECT * FROM orders",
        "SET datafusion.catalog.default_schema = 'public'",
    ] {
        batches(&session, sql).await.unwrap();
    }
    for (sql, read, written) in [
        ("SELECT 1", "", ""),
        ("SELECT * FROM range(0, 3)", "", ""),
        ("SELECT * FROM shop.latest", "shop.latest,shop.orders", ""),
        (
            "WITH orders AS (SELECT 1 AS id) SELECT * FROM orders, \"Odd.name\"",
            "public.\"Odd.name\"",
            "",
        ),
        (
            "SELECT (SELECT max(id) FROM shop.orders) FROM orders WHERE id IN (SELECT id FROM \
             \"Odd.name\")",
            "public.\"Odd.name\",public.orders,shop.orders",
            "",
        ),
        (
            "SELECT * FROM information_schema.tables",
            "information_schema.tables",
            "",
        ),
        (
            "INSERT INTO orders SELECT * FROM shop.orders",
            "shop.orders",
            "public.orders",
        ),
        (
            "INSERT INTO orders SELECT * FROM orders",
            "public.orders",
            "public.orders",
        ),
        (
            "CREATE VIEW v AS SELECT * FROM orders",
            "public.orders",
            "public.v",
        ),
        ("DROP TABLE orders", "", "public.orders"),
        ("COPY orders TO 'orders.csv'", "public.orders", ""),
        ("EXPLAIN SELECT * FROM orders", "public.orders", ""),
    ] {
        let statements = session.parse(sql).unwrap();
        let planned = session.plan(&statements[0]).await.unwrap();
        assert_eq!(planned.tables().read.join(","), read, "{sql}");
        assert_eq!(planned.tables().written.join(","), written, "{sql}");
    }
}

#[tokio::test]
async fn a_record_is_there_before_the_end_of_its_answer() {
    let engine = engine().await;
    let records = records(&engine);
    let mut stream = engine.sql("SELECT 1").await.unwrap();
    while stream.next_batch().await.unwrap().is_some() {}
    assert_eq!(records.lock().unwrap().len(), 1);
    assert!(
        stream
            .next_batch()
            .now_or_never()
            .unwrap()
            .unwrap()
            .is_none()
    );
    assert_eq!(records.lock().unwrap().len(), 1);
}
