//! Limits on statements: who waits, who is refused and how, and what a query may not take from
//! another.

use cohortql_engine::{Engine, Phase};
use cohortql_server::ServeOptions;
use tonic::Code;

use super::server::{TestServer, query, refusal, until};
use crate::support::cells;

/// More rows than anybody reads.
const ENDLESS: &str = "SELECT value FROM generate_series(1, 1000000000000)";

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_waits_until_another_streams_reader_goes() {
    let engine = Engine::builder()
        .target_partitions(2)
        .concurrent_queries(1)
        .queue_length(1)
        .build()
        .await
        .unwrap();
    let server = TestServer::over(engine, ServeOptions::default()).await;
    let (first, second) = (server.client().await, server.client().await);
    let mut rows = first.query(ENDLESS).await.unwrap();
    rows.next_batch().await.unwrap().unwrap();
    let waiting = tokio::spawn(async move {
        let sql = "SELECT count(*) FROM generate_series(1, 10)";
        second.query(sql).await.unwrap().collect().await.unwrap()
    });
    until("it waits", async || {
        let queries = server.engine.queries();
        queries.iter().any(|query| query.phase() == Phase::Queued)
    })
    .await;

    let mut third = server.flight().await;
    let (code, message) = refusal(query(&mut third, ENDLESS).await.unwrap_err());
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.starts_with("too many statements: as many as may run (1)"),
        "{message}"
    );
    // What costs next to nothing does not wait, so that one can look.
    let sql = "SELECT phase FROM system.running WHERE sql LIKE '%series%' ORDER BY started";
    let (_, batches) = query(&mut third, sql).await.unwrap();
    let phases = cells(&batches).unwrap();
    assert!(phases.contains(&vec!["queued".to_owned()]), "{phases:?}");

    drop((rows, first));
    assert_eq!(cells(&waiting.await.unwrap()).unwrap(), [["10"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_above_its_memory_fails_beside_one_that_goes_on() {
    let engine = Engine::builder()
        .target_partitions(2)
        .query_memory(16 << 20)
        .build()
        .await
        .unwrap();
    let server = TestServer::over(engine, ServeOptions::default()).await;
    let client = server.client().await;
    let mut rows = client.query(ENDLESS).await.unwrap();
    rows.next_batch().await.unwrap().unwrap();
    let mut other = server.flight().await;
    let hoard = "SELECT array_agg(value) FROM generate_series(1, 8000000)";
    let (code, message) = refusal(query(&mut other, hoard).await.unwrap_err());
    assert_eq!(code, Code::ResourceExhausted);
    assert!(message.contains("this query may use 16.0 MB"), "{message}");
    rows.next_batch().await.unwrap().unwrap();
    let ended = "SELECT outcome, error_code FROM system.queries WHERE sql LIKE '%array_agg%'";
    let (_, batches) = query(&mut other, ended).await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["error", "resources"]]);
}
