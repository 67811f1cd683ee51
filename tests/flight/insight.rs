//! What an operator sees: metrics and health over HTTP, and the audit.

use std::sync::Arc;

use cohortql_server::{AuditConfig, ServeOptions};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::server::{TestServer, query, until};

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
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
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
    assert_eq!(lines[1]["sql"], "SELECT * FROM t WHERE column1 > 1");
    assert_eq!(lines[1]["tables_read"], serde_json::json!(["public.t"]));
    assert_eq!(lines[1]["fingerprint"].as_str().unwrap().len(), 16);
    assert!(lines[2]["error"].as_str().unwrap().contains("missing"));
}
