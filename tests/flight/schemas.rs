//! The schema promised is the schema that comes, to the bit, wherever it is promised.

use arrow::array::{Array, AsArray};
use arrow::datatypes::Schema;
use arrow_flight::FlightDescriptor;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::sql::{CommandStatementQuery, ProstMessageExt};
use prost::Message;
use tonic::transport::Channel;

use super::server::{TestServer, fetch, query};
use super::types::{every_type, is_plain};
use crate::support::cells;

/// The schema of a query in GetSchema's answer.
async fn schema_of(client: &mut FlightSqlServiceClient<Channel>, sql: &str) -> Schema {
    let command = CommandStatementQuery {
        query: sql.to_owned(),
        transaction_id: None,
    };
    let descriptor = FlightDescriptor::new_cmd(command.as_any().encode_to_vec());
    let answer = client.inner_mut().get_schema(descriptor).await.unwrap();
    Schema::try_from(answer.into_inner()).unwrap()
}

/// Runs a query and checks that GetSchema, Prepare and GetFlightInfo promise what comes.
async fn agreed(client: &mut FlightSqlServiceClient<Channel>, sql: &str) -> Schema {
    let (came, _) = query(client, sql).await.unwrap();
    assert_eq!(schema_of(client, sql).await, *came, "GetSchema of {sql}");
    let mut prepared = client.prepare(sql.to_owned(), None).await.unwrap();
    let promised = prepared.dataset_schema().unwrap().clone();
    assert_eq!(promised, *came, "Prepare of {sql}");
    let info = prepared.execute().await.unwrap();
    let (executed, _) = fetch(client, info).await.unwrap();
    assert_eq!(executed, came, "prepared {sql}");
    prepared.close().await.unwrap();
    came.as_ref().clone()
}

async fn server_with_types() -> TestServer {
    let server = TestServer::start().await;
    let batch = every_type();
    server
        .engine
        .register_batches("everything", None, vec![batch.clone()])
        .unwrap();
    server
        .engine
        .register_batches("nothing", Some(batch.schema()), vec![])
        .unwrap();
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_is_promised_as_it_comes_and_plain() {
    let server = server_with_types().await;
    let mut client = server.flight().await;
    for table in ["everything", "nothing"] {
        let schema = agreed(&mut client, &format!("SELECT * FROM {table}")).await;
        let own = every_type().schema();
        assert_eq!(schema.fields().len(), own.fields().len());
        for (sent, own) in schema.fields().iter().zip(own.fields()) {
            assert!(is_plain(sent.data_type()), "{sent}");
            assert_eq!(sent.name(), own.name());
            assert_eq!(sent.is_nullable(), own.is_nullable(), "{sent}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_survive_the_change_of_type() {
    let server = server_with_types().await;
    let mut client = server.flight().await;
    let (_, batches) = query(&mut client, "SELECT * FROM everything ORDER BY not_null_id")
        .await
        .unwrap();
    let sent = cells(&batches).unwrap();
    let own = cells(&[every_type()]).unwrap();
    assert_eq!(sent, own);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_column_alone_is_promised_as_it_comes() {
    let server = server_with_types().await;
    let mut client = server.flight().await;
    for field in every_type().schema().fields() {
        let name = field.name();
        agreed(&mut client, &format!("SELECT \"{name}\" FROM everything")).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_optimiser_knows_does_not_change_the_promise() {
    let server = server_with_types().await;
    let mut client = server.flight().await;
    for sql in [
        "SELECT min(not_null_id), max(small), count(*) FROM everything",
        "SELECT count(*) AS n FROM nothing",
        "SELECT max(text_view) FROM everything WHERE not_null_id > 1",
        "SELECT 1 AS one, NULL AS nothing, 'a' AS text",
        "SELECT tier, count(*) FROM everything GROUP BY tier",
        "SELECT a.not_null_id, b.not_null_id FROM everything a \
         LEFT JOIN everything b ON a.not_null_id = b.not_null_id + 1",
        "SELECT not_null_id FROM everything UNION ALL SELECT small FROM everything",
        "SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS v(n, s) WHERE n > 5",
        "SELECT array_agg(text_view) FROM everything",
        "EXPLAIN SELECT * FROM everything",
        "SHOW TABLES",
        "DESCRIBE everything",
    ] {
        agreed(&mut client, sql).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_result_still_has_its_schema() {
    let server = server_with_types().await;
    let mut client = server.flight().await;
    let (schema, batches) = query(&mut client, "SELECT tier, half FROM nothing")
        .await
        .unwrap();
    assert_eq!(schema.fields().len(), 2);
    assert!(batches.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn dictionaries_come_as_text() {
    let server = server_with_types().await;
    let mut client = server.flight().await;
    let (_, batches) = query(
        &mut client,
        "SELECT tier FROM everything ORDER BY not_null_id",
    )
    .await
    .unwrap();
    let tiers = batches[0].column(0).as_string::<i32>();
    assert_eq!(tiers.value(0), "a tier with a rather long name");
    assert!(tiers.is_null(1));
}
