//! What an operator sees: metrics and health over HTTP, and the audit.

use std::path::Path;
use std::sync::Arc;

use arrow_flight::Empty;
use cohortql_server::{AuditConfig, ServeOptions, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::guarded::{PASSWORD, user};
use super::raw::Raw;
use super::server::{TestServer, query, until};

/// The lines of an audit.
fn lines(file: &Path) -> Vec<serde_json::Value> {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The status line and the body of a GET.
async fn get(address: &str, path: &str) -> (String, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_and_health_are_told_over_http() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap().to_string();
    let options = ServeOptions {
        http: Some(Arc::new(port)),
        ..ServeOptions::default()
    };
    let server = TestServer::with(options).await;
    let mut client = server.flight().await;
    query(&mut client, "SELECT * FROM generate_series(1, 7)")
        .await
        .unwrap();
    query(&mut client, "SELECT no_such_column")
        .await
        .unwrap_err();
    for path in ["/health/live", "/health/ready"] {
        assert_eq!(get(&address, path).await.0, "HTTP/1.1 200 OK");
    }
    assert_eq!(get(&address, "/else").await.0, "HTTP/1.1 404 Not Found");
    until("the statements are counted", async || {
        let (status, text) = get(&address, "/metrics").await;
        assert_eq!(status, "HTTP/1.1 200 OK");
        [
            "cohortql_statements_total{kind=\"query\",outcome=\"ok\"} 1",
            "cohortql_statements_total{kind=\"unknown\",outcome=\"error\"} 1",
            "cohortql_rows_returned_total 7",
            "cohortql_statements_running 0",
            "cohortql_statement_run_seconds_count 2",
            "cohortql_memory_limit_bytes ",
            "# EOF",
        ]
        .iter()
        .all(|line| text.contains(line))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_is_in_the_audit() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("audit.json");
    let options = ServeOptions {
        audit: Some(AuditConfig::new(&file)),
        ..ServeOptions::default()
    };
    let server = TestServer::with(options).await;
    let mut client = server.flight().await;
    query(&mut client, "CREATE TABLE t AS VALUES (1), (2)")
        .await
        .unwrap();
    query(&mut client, "SELECT * FROM t WHERE column1 > 1")
        .await
        .unwrap();
    query(&mut client, "SELECT * FROM missing")
        .await
        .unwrap_err();
    drop(client);
    server.shut_down().await.unwrap();
    // What was recorded is on disk once the server has ended.
    let lines = lines(&file);
    let told: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["kind"].as_str(),
                line["outcome"].as_str().unwrap(),
                line["rows"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some("change"), "ok", Some(2)),
            (Some("query"), "ok", Some(1)),
            (None, "error", Some(0)),
        ]
    );
    assert!(lines.iter().all(|line| line["event"] == "statement"));
    assert_eq!(lines[1]["sql"], "SELECT * FROM t WHERE column1 > 1");
    assert_eq!(lines[1]["tables_read"], serde_json::json!(["public.t"]));
    assert_eq!(lines[1]["fingerprint"].as_str().unwrap().len(), 16);
    assert!(lines[2]["error"].as_str().unwrap().contains("missing"));
}

#[tokio::test(flavor = "multi_thread")]
async fn logins_are_in_the_audit_and_counted() {
    let folder = tempfile::TempDir::new().unwrap();
    let text = format!("[server.audit]\nfile = 'audit.json'\n{}", user("ada", &[]));
    let config = ServerConfig::parse(&text, folder.path()).unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = port.local_addr().unwrap().to_string();
    let options = ServeOptions {
        http: Some(Arc::new(port)),
        ..config.options()
    };
    let server = TestServer::with(options).await;
    let mut client = server.flight().await;
    client.handshake("ada", "wrong horse").await.unwrap_err();
    client.handshake("eve", PASSWORD).await.unwrap_err();
    client.handshake("ada", PASSWORD).await.unwrap();
    // A session token is no login, however often it comes.
    for _ in 0..2 {
        query(&mut client, "SELECT 1").await.unwrap();
    }
    let raw = Raw::of(&server).await;
    let header = |value: &str| raw.with("authorization", value);
    for caller in [
        header("Bearer token-of-nobody"),
        header("Bearer token-of-nobody"),
        header("Bearer cqs_ended"),
        header("Digest something"),
        raw.clone(),
    ] {
        let request = caller.request(Empty {});
        caller
            .client
            .clone()
            .list_actions(request)
            .await
            .unwrap_err();
    }
    let (_, metrics) = get(&address, "/metrics").await;
    for (outcome, times) in [
        ("ok", 1),
        ("wrong_password", 2),
        ("bad_token", 2),
        ("session_ended", 1),
        ("unreadable", 1),
        ("no_credentials", 1),
    ] {
        let line = format!("cohortql_logins_total{{outcome=\"{outcome}\"}} {times}\n");
        assert!(metrics.contains(&line), "{line}{metrics}");
    }
    drop((client, raw));
    server.shut_down().await.unwrap();
    let lines = lines(&folder.path().join("audit.json"));
    let logins = lines.iter().filter(|line| line["event"] == "login");
    let told: Vec<_> = logins
        .map(|line| {
            assert_eq!(line["client"], "127.0.0.1");
            assert_eq!(line["times"], 1);
            (
                line["user"].as_str(),
                line["outcome"].as_str().unwrap(),
                line["reason"].as_str(),
            )
        })
        .collect();
    // What costs nothing to repeat has one line a minute.
    assert_eq!(
        told,
        [
            (Some("ada"), "denied", Some("wrong_password")),
            (Some("eve"), "denied", Some("wrong_password")),
            (Some("ada"), "ok", None),
            (None, "denied", Some("bad_token")),
            (None, "denied", Some("session_ended")),
            (None, "denied", Some("unreadable")),
            (None, "denied", Some("no_credentials")),
        ]
    );
    assert!(!format!("{lines:?}").contains("horse"), "no secret is told");
}
