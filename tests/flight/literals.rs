//! Queries of literals, which are answered without the threads that compute: they are recorded, bounded
//! and refused like all others.

use cohortql_engine::Engine;
use cohortql_server::{Login, ServeOptions};
use futures::TryStreamExt;
use tokio::sync::oneshot;
use tonic::Code;

use super::guarded::{Guarded, token};
use super::raw::{CLOSED, Raw};
use super::server::{TestServer, query, refusal};
use crate::support::cells;

#[tokio::test(flavor = "multi_thread")]
async fn they_wait_for_no_thread_that_computes() {
    let engine = Engine::builder().target_partitions(1).build();
    let server = TestServer::over(engine.await.unwrap(), ServeOptions::default()).await;
    let (begin, begun) = oneshot::channel();
    let (end, ended) = std::sync::mpsc::channel::<()>();
    // The one thread there is waits for as long as `end` lives.
    server.engine.runtimes().compute().spawn(async move {
        begin.send(()).unwrap();
        let _ = ended.recv();
    });
    begun.await.unwrap();

    let mut client = server.flight().await;
    let sql = "SELECT 1, 'x' AS name, NULL";
    let (_, batches) = query(&mut client, sql).await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["1", "x", "NULL"]]);
    drop(end);
    let (_, batches) = query(&mut client, "SELECT 1 + 1").await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["2"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_recorded() {
    let guarded = Guarded::with_users().await;
    let ada = guarded.come_with(Login::Token(token("ada"))).await.unwrap();
    let rows = ada.query("SELECT 7").await.unwrap();
    assert_eq!(cells(&rows.collect().await.unwrap()).unwrap(), [["7"]]);
    let told = "SELECT sql, kind, outcome, rows, principal, client IS NULL FROM system.queries";
    let told = ada.query(told).await.unwrap().collect().await.unwrap();
    assert_eq!(
        cells(&told).unwrap(),
        [["SELECT 7", "query", "ok", "1", "ada", "false"]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_bounded() {
    let options = ServeOptions {
        max_sql_bytes: 8,
        max_result_bytes: Some(1),
        max_open_results_per_user: 1,
        ..ServeOptions::default()
    };
    let server = TestServer::with(options).await;
    let raw = Raw::of(&server).await;
    let info = raw.info("SELECT 1").await.unwrap();
    for (sql, message) in [
        (
            "SELECT 10",
            "the statement takes 9 bytes, and at most 8 are taken",
        ),
        ("SELECT 2", "anonymous may keep at most 1 open results"),
    ] {
        let error = raw.info(sql).await.unwrap_err();
        assert_eq!(error.code(), Code::ResourceExhausted, "{sql}");
        assert!(error.message().starts_with(message), "{error}");
    }
    let error = raw.read(&info).await.unwrap().try_next().await.unwrap_err();
    let (code, said) = refusal(error);
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        said.starts_with("the result takes more than 1 bytes"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn they_are_refused_to_those_who_may_not() {
    let guarded = Guarded::with_users().await;
    let mut nobody = guarded.server.flight().await;
    let error = nobody.execute("SELECT 1".to_owned(), None).await;
    assert_eq!(refusal(error.unwrap_err()).0, Code::Unauthenticated);

    let raw = Raw::of(&guarded.server).await;
    let come = |name: &str| raw.with("authorization", &format!("Bearer {}", token(name)));
    let (ada, bob) = (come("ada"), come("bob"));
    let info = ada.info("SELECT 1").await.unwrap();
    let error = bob.read(&info).await.err().unwrap();
    assert_eq!(error.code(), Code::PermissionDenied);
    assert_eq!(error.message(), "the ticket was issued to another user");
    ada.read(&info).await.unwrap();
    assert_eq!(ada.close().await.unwrap(), CLOSED);
    let error = ada.read(&info).await.err().unwrap();
    assert_eq!(error.code(), Code::NotFound, "{error}");
}
