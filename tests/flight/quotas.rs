//! What one user may have at a time, and how long statements may be.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use cohortql_server::ServeOptions;
use futures::TryStreamExt;
use tonic::Code;

use super::raw::Raw;
use super::server::{TestServer, fetch, refusal};
use crate::support::cells;

/// More rows than anybody reads.
const ENDLESS: &str = "SELECT value FROM generate_series(1, 1000000000000)";

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_prepared_statements_are_kept_and_one_more_is_not() {
    let server = TestServer::start().await;
    let clients = (0..4).map(|_| async {
        let mut client = server.flight().await;
        let mut prepared = Vec::new();
        for number in 0..2_500 {
            let sql = format!("SELECT {number} AS n");
            prepared.push(client.prepare(sql, None).await.unwrap());
        }
        (client, prepared)
    });
    let mut clients = futures::future::join_all(clients).await;
    let (client, prepared) = &mut clients[0];
    let error = client
        .prepare("SELECT 1".to_owned(), None)
        .await
        .unwrap_err();
    let (code, message) = refusal(error);
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.starts_with("anonymous may keep at most 10000 prepared statements"),
        "{message}"
    );
    for number in [0, 1_234, 2_499] {
        let info = prepared[number].execute().await.unwrap();
        let (_, batches) = fetch(client, info).await.unwrap();
        assert_eq!(cells(&batches).unwrap(), [[number.to_string()]]);
    }
    prepared.pop().unwrap().close().await.unwrap();
    client.prepare("SELECT 1".to_owned(), None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn streams_of_one_user_are_bounded() {
    let server = TestServer::with(ServeOptions {
        max_streams_per_user: 2,
        ..ServeOptions::default()
    })
    .await;
    let raw = Raw::of(&server).await;
    let mut streams = Vec::new();
    for _ in 0..2 {
        let mut stream = raw.read(&raw.info(ENDLESS).await.unwrap()).await.unwrap();
        stream.try_next().await.unwrap().unwrap();
        streams.push(stream);
    }
    let info = raw.info("SELECT 1").await.unwrap();
    let error = raw.read(&info).await.err().unwrap();
    assert_eq!(error.code(), Code::ResourceExhausted);
    assert_eq!(
        error.message(),
        "anonymous may have at most 2 streams at a time, and has them; finish some"
    );
    drop(streams);
    super::server::until("there is room", async || raw.read(&info).await.is_ok()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn long_statements_and_many_parameters_are_refused() {
    let server = TestServer::with(ServeOptions {
        max_sql_bytes: 1_000,
        max_parameters: 2,
        ..ServeOptions::default()
    })
    .await;
    let mut client = server.flight().await;
    let long = format!("SELECT '{}'", "x".repeat(1_000));
    let executed = client.execute(long.clone(), None).await.unwrap_err();
    let prepared = client.prepare(long.clone(), None).await.unwrap_err();
    let updated = client.execute_update(long, None).await.unwrap_err();
    for error in [executed, prepared, updated] {
        assert_eq!(
            refusal(error),
            (
                Code::ResourceExhausted,
                "the statement takes 1009 bytes, and at most 1000 are taken".to_owned()
            )
        );
    }
    client
        .prepare("SELECT ?, ?".to_owned(), None)
        .await
        .unwrap();
    let many = client
        .prepare("SELECT ?, ?, ?".to_owned(), None)
        .await
        .unwrap_err();
    assert_eq!(
        refusal(many),
        (
            Code::ResourceExhausted,
            "the statement takes 3 parameters, and at most 2 are taken".to_owned()
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_is_too_large_is_said_so() {
    let server = TestServer::with(ServeOptions {
        max_result_bytes: Some(1 << 20),
        ..ServeOptions::default()
    })
    .await;
    let raw = Raw::of(&server).await;
    raw.query("SELECT value FROM generate_series(1, 1000)")
        .await
        .unwrap();
    let (code, message) = raw.query(ENDLESS).await.unwrap_err();
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.starts_with("the result takes more than 1048576 bytes"),
        "{message}"
    );
    super::server::until("the query is gone", async || {
        server.engine.queries().is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_bound_counts_among_the_bytes_that_are_kept() {
    let server = TestServer::with(ServeOptions {
        max_kept_bytes: 4 << 20,
        max_kept_bytes_per_user: 1 << 20,
        ..ServeOptions::default()
    })
    .await;
    let mut client = server.flight().await;
    let text = |bytes: usize| {
        let column: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(bytes)]));
        RecordBatch::try_from_iter([("text", column)]).unwrap()
    };
    let sql = || "SELECT character_length(?) AS n".to_owned();
    let mut prepared = client.prepare(sql(), None).await.unwrap();
    prepared.set_parameters(text(2 << 20)).unwrap();
    let (code, message) = refusal(prepared.execute().await.unwrap_err());
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.starts_with("anonymous may keep prepared statements of at most 1048576 bytes"),
        "{message}"
    );
    // The statement is there as it was, and takes less; several of them are too much again.
    prepared.set_parameters(text(300_000)).unwrap();
    let info = prepared.execute().await.unwrap();
    let (_, batches) = fetch(&mut client, info).await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["300000"]]);
    let mut held = vec![prepared];
    let (mut other, error) = loop {
        let mut other = client.prepare(sql(), None).await.unwrap();
        other.set_parameters(text(300_000)).unwrap();
        match other.execute().await {
            Ok(info) => drop(fetch(&mut client, info).await.unwrap()),
            Err(error) => break (other, error),
        }
        held.push(other);
        assert!(held.len() < 4, "more is kept than may be");
    };
    let (code, message) = refusal(error);
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.contains("prepared statements") && message.ends_with("finish or close some"),
        "{message}"
    );
    held.remove(0).close().await.unwrap();
    let info = other.execute().await.unwrap();
    let (_, batches) = fetch(&mut client, info).await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["300000"]]);
}
