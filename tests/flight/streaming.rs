//! Streams: a dropped one stops its query, a slow one holds little, deadlines and shutdown end
//! them, and many run at once.

use std::time::Duration;

use arrow::array::AsArray;
use arrow::datatypes::Int64Type;
use arrow_flight::FlightDescriptor;
use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{CommandStatementQuery, ProstMessageExt};
use cohortql_server::{ClientError, ServeOptions};
use futures::TryStreamExt;
use prost::Message;
use tonic::{Code, Request};

use super::server::{TestServer, until};
use crate::support::cells;

/// More rows than anybody reads.
const ENDLESS: &str = "SELECT value FROM generate_series(1, 1000000000000)";

/// Computes for ever without a row to show.
const BUSY: &str = "SELECT count(*) FROM generate_series(1, 1000000000000) WHERE value % 7 = 3";

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_stream_cancels_its_query() {
    let server = TestServer::start().await;
    let client = server.client().await;
    for sql in [ENDLESS, BUSY] {
        let rows = client.query(sql).await.unwrap();
        until("the query runs", async || {
            !server.engine.queries().is_empty()
        })
        .await;
        drop(rows);
        until("the query is gone", async || {
            server.engine.queries().is_empty()
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_cancels_its_queries() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let mut rows = client.query(ENDLESS).await.unwrap();
    rows.next_batch().await.unwrap().unwrap();
    assert_eq!(server.engine.queries().len(), 1);
    drop((rows, client));
    until("the query is gone", async || {
        server.engine.queries().is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_query_says_so() {
    let server = TestServer::start().await;
    let (client, other) = (server.client().await, server.client().await);
    let mut rows = client.query(BUSY).await.unwrap();
    until("the query runs", async || {
        !other.queries().await.unwrap().is_empty()
    })
    .await;
    let queries = other.queries().await.unwrap();
    assert_eq!(queries[0].sql, BUSY);
    assert_eq!(queries[0].user, None);
    assert!(other.cancel(&queries[0].id).await.unwrap());
    let error = rows.next_batch().await.unwrap_err();
    assert_eq!(error.code(), Some(Code::Cancelled));
    assert_eq!(error.to_string(), "the query was cancelled");
    until("the query is gone", async || {
        server.engine.queries().is_empty()
    })
    .await;
    assert!(!other.cancel(&queries[0].id).await.unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_reader_holds_the_query_back() {
    let server = TestServer::start().await;
    let (slow, quick) = (server.client().await, server.client().await);
    let mut rows = slow.query(ENDLESS).await.unwrap();
    rows.next_batch().await.unwrap().unwrap();
    // Another query is the clock: it computes long enough for the first to run away.
    let counted = "SELECT count(*) FROM generate_series(1, 20000000)";
    let clock = quick.query(counted).await.unwrap().collect().await.unwrap();
    assert_eq!(cells(&clock).unwrap(), [["20000000"]]);
    let running = server.engine.queries();
    let returned = running[0].progress.rows_returned();
    assert!(returned < 2_000_000, "{returned} rows for one batch read");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clients_deadline_ends_planning_and_streaming() {
    let server = TestServer::start().await;
    let mut client = FlightServiceClient::new(server.channel().await);
    let command = CommandStatementQuery {
        query: BUSY.to_owned(),
        transaction_id: None,
    };
    let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
    let info = client.get_flight_info(descriptor).await.unwrap();
    let ticket = info.into_inner().endpoint[0].ticket.clone().unwrap();
    let mut request = Request::new(ticket);
    // As a header only: the client's own clock would be the first otherwise.
    let timeout = "100m".parse().unwrap();
    request.metadata_mut().insert("grpc-timeout", timeout);
    let messages = client.do_get(request).await.unwrap().into_inner();
    let error = messages.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
    assert_eq!(error.message(), "the deadline set by the client has passed");
    until("the query is gone", async || {
        server.engine.queries().is_empty()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_deadline_ends_the_query_of_a_reader_that_reads_nothing() {
    let server = TestServer::start().await;
    let mut client = FlightServiceClient::new(server.channel().await);
    let command = CommandStatementQuery {
        query: ENDLESS.to_owned(),
        transaction_id: None,
    };
    let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
    let info = client.get_flight_info(descriptor).await.unwrap();
    let ticket = info.into_inner().endpoint[0].ticket.clone().unwrap();
    let mut request = Request::new(ticket);
    let timeout = "500m".parse().unwrap();
    request.metadata_mut().insert("grpc-timeout", timeout);
    let messages = client.do_get(request).await.unwrap().into_inner();
    until("the query is gone", async || {
        server.engine.queries().is_empty()
    })
    .await;
    // What was under way still comes, and then the reason.
    let error = messages.try_collect::<Vec<_>>().await.unwrap_err();
    assert_eq!(error.code(), Code::DeadlineExceeded);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_beyond_all_sense_is_none() {
    let server = TestServer::start().await;
    let mut client = FlightServiceClient::new(server.channel().await);
    let command = CommandStatementQuery {
        query: "SELECT 1".to_owned(),
        transaction_id: None,
    };
    let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
    for timeout in ["99999999H", "9999999999999999H"] {
        let mut request = Request::new(descriptor.clone());
        let timeout = timeout.parse().unwrap();
        request.metadata_mut().insert("grpc-timeout", timeout);
        client.get_flight_info(request).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn shutdown_lets_streams_finish_and_then_ends_them() {
    let options = ServeOptions {
        drain_timeout: Duration::from_millis(50),
        ..ServeOptions::default()
    };
    let server = TestServer::with(options).await;
    let engine = server.engine.clone();
    let client = server.client().await;
    let mut rows = client.query(BUSY).await.unwrap();
    let waiting = tokio::spawn(async move { rows.next_batch().await });
    until("the query runs", async || !engine.queries().is_empty()).await;
    server.shut_down().await.unwrap();
    let error = waiting.await.unwrap().unwrap_err();
    assert_eq!(error.code(), Some(Code::Unavailable));
    assert_eq!(error.to_string(), "the server is shutting down");
    until("the query is gone", async || engine.queries().is_empty()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_four_clients_at_once() {
    let server = TestServer::start().await;
    server
        .client()
        .await
        .update("CREATE TABLE t AS SELECT value AS v FROM generate_series(1, 20000)")
        .await
        .unwrap();
    let clients = (0..64_i64).map(|number| {
        let uri = server.uri();
        tokio::spawn(async move {
            let client = cohortql_server::Client::connect(&uri).await?;
            let sql = format!("SELECT v + {number} AS v FROM t");
            let mut rows = client.query(&sql).await?;
            let mut sum = 0;
            while let Some(batch) = rows.next_batch().await? {
                let values = batch.column(0).as_primitive::<Int64Type>();
                sum += values.values().iter().sum::<i64>();
            }
            Ok::<_, ClientError>(sum == 20_000 * 20_001 / 2 + 20_000 * number)
        })
    });
    for client in clients.collect::<Vec<_>>() {
        assert!(client.await.unwrap().unwrap());
    }
}
