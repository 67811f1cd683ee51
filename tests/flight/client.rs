//! Our own client, and the control service behind it.

use cohortql_server::{Answer, Client, RemoteTable};
use tokio::net::TcpListener;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::server::TestServer;
use crate::support::cells;

#[tokio::test(flavor = "multi_thread")]
async fn nobody_at_the_address_is_said_so() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let error = Client::connect(&format!("grpc://{address}"))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no server at {address}: connection refused; is `cohortql serve` running?")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_and_changes_through_one_call() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let Answer::Affected(rows) = client
        .execute("CREATE TABLE t AS VALUES (1), (2)")
        .await
        .unwrap()
    else {
        panic!("a change");
    };
    assert_eq!(rows, 2);
    let Answer::Rows(rows) = client.execute("SELECT * FROM t").await.unwrap() else {
        panic!("a query");
    };
    assert_eq!(rows.schema().field(0).name(), "column1");
    assert_eq!(cells(&rows.collect().await.unwrap()).unwrap().len(), 2);
    assert_eq!(client.update("INSERT INTO t VALUES (3)").await.unwrap(), 1);
    let nothing = client.query("DROP TABLE t").await.unwrap();
    assert!(nothing.schema().fields().is_empty());
    assert!(nothing.collect().await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_and_views_are_listed() {
    let server = TestServer::start().await;
    let client = server.client().await;
    client.update("CREATE TABLE b (id INT)").await.unwrap();
    client
        .update("CREATE VIEW a AS SELECT * FROM b")
        .await
        .unwrap();
    let listed = |schema: &str, name: &str, kind: &str| RemoteTable {
        catalog: "cohortql".to_owned(),
        schema: schema.to_owned(),
        name: name.to_owned(),
        kind: kind.to_owned(),
    };
    assert_eq!(
        client.tables().await.unwrap(),
        [
            listed("public", "a", "VIEW"),
            listed("public", "b", "TABLE"),
            listed("system", "queries", "TABLE"),
            listed("system", "running", "TABLE"),
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_told() {
    let server = TestServer::start().await;
    let version = server.client().await.version().await.unwrap();
    assert_eq!(version.cohortql, env!("CARGO_PKG_VERSION"));
    assert!(version.datafusion.starts_with("55."), "{version:?}");
    assert!(version.arrow.starts_with("59."), "{version:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_query_is_not_cancelled() {
    let server = TestServer::start().await;
    let client = server.client().await;
    assert!(client.queries().await.unwrap().is_empty());
    assert!(!client.cancel("q999").await.unwrap());
    assert!(client.cancel("nonsense").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_health_service_answers() {
    let server = TestServer::start().await;
    let mut health = HealthClient::new(server.channel().await);
    for service in ["", "arrow.flight.protocol.FlightService"] {
        let request = HealthCheckRequest {
            service: service.to_owned(),
        };
        let answer = health.check(request).await.unwrap().into_inner();
        assert_eq!(answer.status().as_str_name(), "SERVING");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_server_stops_when_asked() {
    let server = TestServer::start().await;
    let client = server.client().await;
    client.version().await.unwrap();
    server.shut_down().await.unwrap();
}
