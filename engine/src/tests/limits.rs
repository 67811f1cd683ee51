//! Time, memory and disk: what happens when there is too little of them.

use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::timeout;

use super::{batches, cells, engine, failure};
use crate::{Config, Engine, EngineError, QueryId};

/// Takes far longer than any test.
const ENDLESS: &str = "SELECT count(*) FROM range(0, 1000000) AS a, range(0, 1000000) AS b \
                       WHERE a.value + b.value > 5";

/// A sort larger than the memory of [`small`].
const LARGE_SORT: &str =
    "SELECT value % 1000003 AS k, value FROM range(0, 2000000) ORDER BY k, value";

async fn small() -> Engine {
    Engine::builder()
        .target_partitions(2)
        .memory_limit(16 << 20)
        .build()
        .await
        .unwrap()
}

/// An idle machine needs milliseconds; the query itself would need hours.
async fn ends_soon(engine: &Engine, id: &QueryId) {
    timeout(Duration::from_secs(20), engine.ended(id))
        .await
        .unwrap();
    assert!(engine.queries().is_empty());
}

#[tokio::test]
async fn dropping_the_stream_ends_the_query() {
    let engine = engine().await;
    let stream = engine.sql(ENDLESS).await.unwrap();
    let id = stream.id().clone();
    assert_eq!(engine.queries()[0].id, id);
    assert_eq!(&*engine.queries()[0].sql, ENDLESS);
    drop(stream);
    ends_soon(&engine, &id).await;
}

#[tokio::test]
async fn a_cancelled_query_says_so() {
    let engine = engine().await;
    let stream = engine.sql(ENDLESS).await.unwrap();
    let id = stream.id().clone();
    assert!(engine.cancel(&id));
    assert_eq!(stream.collect().await.unwrap_err(), EngineError::Cancelled);
    ends_soon(&engine, &id).await;
    assert!(!engine.cancel(&id));
}

#[tokio::test]
async fn a_cancelled_query_ends_though_nobody_reads_it() {
    let engine = engine().await;
    let stream = engine.sql(ENDLESS).await.unwrap();
    assert!(engine.cancel(stream.id()));
    ends_soon(&engine, stream.id()).await;
}

/// A fit of four million customers computes for minutes within one batch.
#[tokio::test]
async fn a_query_ends_in_the_middle_of_a_long_computation() {
    let allowed = Duration::from_secs(8);
    let engine = Engine::builder()
        .statement_timeout(allowed)
        .build()
        .await
        .unwrap();
    let fit = "SELECT bgnbd_fit(value % 7 + 1, CAST(value AS DOUBLE) / 4e6, 1 + value % 3) \
               FROM range(0, 4000000)";
    let stream = engine.sql(fit).await.unwrap();
    let id = stream.id().clone();
    let error = stream.collect().await.unwrap_err();
    assert_eq!(error, EngineError::DeadlineExceeded { timeout: allowed });
    ends_soon(&engine, &id).await;
}

#[tokio::test]
async fn a_statement_may_not_take_longer_than_its_timeout() {
    let allowed = Duration::from_millis(20);
    let engine = Engine::builder()
        .statement_timeout(allowed)
        .build()
        .await
        .unwrap();
    let error = failure(engine.default_session(), ENDLESS).await;
    assert_eq!(error, EngineError::DeadlineExceeded { timeout: allowed });
}

#[tokio::test]
async fn a_change_may_not_take_longer_than_its_timeout_either() {
    let allowed = Duration::from_millis(20);
    let engine = Engine::builder()
        .statement_timeout(allowed)
        .build()
        .await
        .unwrap();
    let session = engine.default_session();
    let error = failure(session, &format!("CREATE TABLE t AS {ENDLESS}")).await;
    assert_eq!(error, EngineError::DeadlineExceeded { timeout: allowed });
    assert!(!session.context().table_exist("t").unwrap());
}

/// A server that takes connections and never answers.
async fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/orders.csv", listener.local_addr().unwrap());
    (listener, url)
}

async fn of_silence(url: &str, timeout: Duration) -> Engine {
    let config = Config::parse(&format!("[tables.orders]\nlocation = {url:?}")).unwrap();
    Engine::builder()
        .config(config)
        .statement_timeout(timeout)
        .build()
        .await
        .unwrap()
}

#[tokio::test]
async fn planning_may_not_take_longer_than_the_timeout() {
    let (_listener, url) = silent().await;
    let allowed = Duration::from_millis(200);
    let engine = of_silence(&url, allowed).await;
    let session = engine.default_session();
    let failing = failure(session, "SELECT * FROM orders");
    let error = timeout(Duration::from_secs(20), failing).await.unwrap();
    assert_eq!(error, EngineError::DeadlineExceeded { timeout: allowed });
    assert!(engine.queries().is_empty());
}

#[tokio::test]
async fn planning_is_listed_and_can_be_cancelled() {
    let (listener, url) = silent().await;
    let engine = of_silence(&url, Duration::from_secs(60)).await;
    let session = engine.session();
    let sql = "SELECT * FROM orders";
    let failing = tokio::spawn(async move { failure(&session, sql).await });
    // Planning has come as far as to ask the server.
    let _asked = listener.accept().await.unwrap();
    let listed = engine.queries().remove(0);
    assert_eq!(&*listed.sql, sql);
    assert!(engine.cancel(&listed.id));
    assert_eq!(failing.await.unwrap(), EngineError::Cancelled);
}

#[tokio::test]
async fn rows_inserted_into_memory_count() {
    let engine = small().await;
    let session = engine.default_session();
    let create = "CREATE TABLE t AS SELECT value FROM range(0, 100000)";
    cells(session, create).await;
    let insert = "INSERT INTO t SELECT value FROM range(0, 400000)";
    let mut inserted = 0;
    let error = loop {
        match batches(session, insert).await {
            Ok(_) => inserted += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, EngineError::Resources { .. }), "{error:?}");
    assert!((1..6).contains(&inserted), "{inserted}");
    let rows = (100_000 + inserted * 400_000).to_string();
    assert_eq!(cells(session, "SELECT count(*) FROM t").await, rows);
    cells(session, "DROP TABLE t").await;
    cells(session, create).await;
    cells(session, insert).await;
}

#[tokio::test]
async fn memory_that_runs_out_is_an_error_to_that_query_alone() {
    let engine = small().await;
    let session = engine.default_session();
    let error = failure(session, "SELECT array_agg(value) FROM range(0, 4000000)").await;
    let EngineError::Resources { message } = &error else {
        panic!("{error}");
    };
    assert!(message.starts_with("out of memory: "), "{message}");
    assert!(
        message.contains("together may use 16.0 MB; raise memory_limit"),
        "{message}"
    );
    assert_eq!(cells(session, "SELECT 1").await, "1");
}

#[tokio::test]
async fn a_sort_larger_than_memory_spills() {
    let engine = small().await;
    let session = engine.default_session();
    let sql = format!("EXPLAIN ANALYZE {LARGE_SORT}");
    let plan = cells(session, &sql).await;
    let spills = plan.split("spill_count=").skip(1);
    let spilled = spills.filter(|rest| !rest.starts_with('0')).count();
    assert!(spilled > 0, "{plan}");
}

#[tokio::test]
async fn disk_that_runs_out_is_an_error_too() {
    let engine = Engine::builder()
        .target_partitions(2)
        .memory_limit(16 << 20)
        .temp_limit(1 << 20)
        .build()
        .await
        .unwrap();
    let error = failure(engine.default_session(), LARGE_SORT).await;
    let EngineError::Resources { message } = &error else {
        panic!("{error}");
    };
    assert!(
        message.contains("1024.0 KB together; raise temp_limit"),
        "{message}"
    );
}

#[test]
fn an_engine_may_be_dropped_anywhere() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let outside = runtime.block_on(engine());
    runtime.block_on(async { drop(engine().await) });
    drop(outside);
}

#[test]
fn no_runtime_is_needed_around_the_engine() {
    let rows = futures::executor::block_on(async {
        let engine = engine().await;
        engine
            .sql("SELECT 1")
            .await
            .unwrap()
            .collect()
            .await
            .unwrap()
    });
    assert_eq!(rows[0].num_rows(), 1);
}
