//! Sizes: messages stay below what every client accepts, long statements pass, and what is too
//! long is refused in words.

use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::{CommandStatementQuery, ProstMessageExt};
use arrow_flight::{FlightData, FlightDescriptor};
use cohortql_server::ServeOptions;
use futures::TryStreamExt;
use prost::Message;
use tonic::Code;

use super::server::{TestServer, query, refusal, status};
use crate::support::cells;

/// What gRPC clients accept in a message unless told otherwise.
const ACCEPTED_BYTES: usize = 4 << 20;

/// The messages of a query's answer.
async fn messages(server: &TestServer, sql: &str) -> Vec<FlightData> {
    let mut client = FlightServiceClient::new(server.channel().await);
    let command = CommandStatementQuery {
        query: sql.to_owned(),
        transaction_id: None,
    };
    let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
    let info = client.get_flight_info(descriptor).await.unwrap();
    let ticket = info.into_inner().endpoint[0].ticket.clone().unwrap();
    let stream = client.do_get(ticket).await.unwrap().into_inner();
    stream.try_collect().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_stays_below_four_mebibytes() {
    let server = TestServer::start().await;
    for sql in [
        "SELECT repeat('x', 3000) AS wide, value FROM generate_series(1, 20000)",
        "SELECT array_agg(value) FROM generate_series(1, 2000000) GROUP BY value % 8",
        "SELECT CASE value % 100 WHEN 7 THEN repeat('y', 3000000) ELSE '' END \
         FROM generate_series(1, 300)",
    ] {
        let messages = messages(&server, sql).await;
        assert!(
            messages.len() > 3,
            "{sql} takes {} messages",
            messages.len()
        );
        let largest = messages.iter().map(Message::encoded_len).max().unwrap();
        assert!(largest < ACCEPTED_BYTES, "{largest} bytes for {sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_when_batches_are_cut() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let sql = "SELECT value, repeat('x', 3000) AS wide FROM generate_series(1, 20000)";
    let (_, batches) = query(&mut client, sql).await.unwrap();
    let rows: usize = batches.iter().map(|batch| batch.num_rows()).sum();
    assert_eq!(rows, 20_000);
    let firsts = cells(&batches)
        .unwrap()
        .into_iter()
        .map(|row| row[0].clone());
    let mut numbers: Vec<u64> = firsts.map(|text| text.parse().unwrap()).collect();
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=20_000));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_row_too_large_is_said_so() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let error = query(&mut client, "SELECT repeat('x', 5000000) AS huge")
        .await
        .unwrap_err();
    let (code, message) = refusal(error);
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.starts_with("one row of the result takes 4.8 MiB"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_megabytes_of_sql_run() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let text = "é".repeat(5_000_000);
    let sql = format!("SELECT character_length('{text}') AS n, '?' AS q");
    let (_, batches) = query(&mut client, &sql).await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["5000000", "?"]]);
    let mut prepared = client.prepare(sql, None).await.unwrap();
    prepared.execute().await.unwrap();
    prepared.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_above_the_limit_is_refused() {
    let options = ServeOptions {
        max_request_bytes: 1 << 20,
        ..ServeOptions::default()
    };
    let server = TestServer::with(options).await;
    let mut client = server.flight().await;
    let sql = format!("SELECT '{}'", "x".repeat(2 << 20));
    let error = status(query(&mut client, &sql).await.unwrap_err());
    assert_eq!(error.code(), Code::OutOfRange, "{}", error.message());
    query(&mut client, "SELECT 1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_that_are_deep_are_answered_or_refused() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let sum = |terms: usize| format!("SELECT {} AS n", vec!["1"; terms].join(" + "));
    let union = |parts: usize| vec!["SELECT 1 AS n"; parts].join(" UNION ALL ");
    for (sql, rows) in [
        (sum(5_001), 1),
        (union(301), 301),
        (union(5_001), 5_001),
        (format!("SELECT count(*) AS n FROM ({})", union(301)), 1),
        (
            format!("SELECT {}1{} AS n", "(".repeat(5_000), ")".repeat(5_000)),
            1,
        ),
        (format!("SELECT {}true AS n", "NOT ".repeat(5_000)), 1),
    ] {
        let prepared = client.prepare(sql.clone(), None).await.map(drop);
        let outcomes = [
            query(&mut client, &sql).await.map(|(_, batches)| {
                let came: usize = batches.iter().map(|batch| batch.num_rows()).sum();
                assert_eq!(came, rows);
            }),
            prepared,
            client.execute_update(sql, None).await.map(drop),
        ];
        for outcome in outcomes {
            let Err(error) = outcome else { continue };
            let (code, message) = refusal(error);
            assert!(
                matches!(code, Code::InvalidArgument | Code::ResourceExhausted),
                "{code:?}: {message}"
            );
            assert!(message.len() < 4_096);
        }
        // The server is there as before.
        let (_, batches) = query(&mut client, "SELECT 1").await.unwrap();
        assert_eq!(cells(&batches).unwrap(), [["1"]]);
    }
    let (_, batches) = query(&mut client, &sum(2_900)).await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["2900"]]);
}
