//! The end of a server: what runs finishes or is told, what is new is refused, and nothing
//! half-written stays.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use cohortql_server::{Client, ClientError, ServeOptions};
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::raw::{Raw, statement};
use super::server::{TestServer, until};
use crate::support::shipped;

/// Computes for ever without a row to show.
const BUSY: &str = "SELECT count(*) FROM generate_series(1, 1000000000000) WHERE value % 7 = 3";

/// Takes long enough for others to happen meanwhile.
const LONG: &str = "SELECT count(*) AS n FROM generate_series(1, 20000000)";

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_finishes_while_what_is_new_is_refused() {
    let server = TestServer::start().await;
    let engine = server.engine.clone();
    let (raw, client) = (Raw::of(&server).await, server.client().await);
    let mut health = HealthClient::new(server.channel().await);
    let rows = client.query(LONG).await.unwrap();
    let waiting = tokio::spawn(rows.collect());
    until("the query runs", async || !engine.queries().is_empty()).await;
    let ending = tokio::spawn(server.shut_down());
    until("new statements are refused", async || {
        let refused = raw.info("SELECT 1").await.err();
        refused.is_some_and(|error| {
            assert_eq!(error.code(), Code::Unavailable);
            error.message()
                == "the server is shutting down and takes no new statements; try again later"
        })
    })
    .await;
    let poll = raw.poll(statement("SELECT 1")).await.unwrap_err();
    assert_eq!(poll.code(), Code::Unavailable);
    for service in ["", "arrow.flight.protocol.FlightService"] {
        let service = service.to_owned();
        let answer = health.check(HealthCheckRequest { service }).await.unwrap();
        assert_eq!(answer.into_inner().status().as_str_name(), "NOT_SERVING");
    }
    let batches = waiting.await.unwrap().unwrap();
    assert_eq!(crate::support::cells(&batches).unwrap(), [["20000000"]]);
    ending.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_cannot_finish_has_not_happened() {
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("out.csv");
    let copy = format!(
        "COPY (SELECT value FROM generate_series(1, 1000000000000)) TO '{}'",
        target.display()
    );
    for sql in [copy, format!("CREATE TABLE t AS {BUSY}")] {
        let server = TestServer::with(ServeOptions {
            drain_timeout: Duration::from_millis(50),
            ..ServeOptions::default()
        })
        .await;
        let (engine, raw) = (server.engine.clone(), Raw::of(&server).await);
        let change = tokio::spawn(async move { raw.info(&sql).await });
        until("the change runs", async || !engine.queries().is_empty()).await;
        server.shut_down().await.unwrap();
        let error = change.await.unwrap().unwrap_err();
        assert_eq!(
            (error.code(), error.message()),
            (Code::Unavailable, "the server is shutting down")
        );
        until("the change is gone", async || engine.queries().is_empty()).await;
    }
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 0, "a part of the file stays");
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread")]
async fn a_signal_under_load_loses_no_answer() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cohortql"))
        .args(["serve", "--listen", "127.0.0.1:0"])
        .current_dir(shipped())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let url = line.strip_prefix("listening on ").unwrap().to_owned();

    let clients = (0..8).map(|_| {
        let url = url.clone();
        tokio::spawn(async move {
            let client = Client::connect(&url).await.unwrap();
            let mut answered = 0;
            loop {
                match ask(&client).await {
                    Ok(rows) => {
                        assert_eq!(rows, 300_000, "an answer ends before its last row");
                        answered += 1;
                    }
                    Err(error) => return (answered, error),
                }
            }
        })
    });
    let clients: Vec<_> = clients.collect();
    let probe = Client::connect(&url).await.unwrap();
    ask(&probe).await.unwrap();
    let id = child.id().to_string();
    let killed = Command::new("kill").args(["-TERM", &id]).status();
    assert!(killed.unwrap().success());
    for client in clients {
        let (_, error) = client.await.unwrap();
        assert_eq!(error.code(), Some(Code::Unavailable), "{error}");
    }
    let code = tokio::task::spawn_blocking(move || child.wait().unwrap().code());
    assert_eq!(code.await.unwrap(), Some(0));
}

/// How many rows an answer has.
async fn ask(client: &Client) -> Result<usize, ClientError> {
    let mut rows = client
        .query("SELECT value, repeat('x', 20) FROM generate_series(1, 300000)")
        .await?;
    let mut count = 0;
    while let Some(batch) = rows.next_batch().await? {
        count += batch.num_rows();
    }
    Ok(count)
}
