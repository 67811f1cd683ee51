//! The types that a client asks for: what is promised is what comes, in each profile.

use arrow::array::{Array, ArrayRef, AsArray, Date32Array, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef, TimeUnit};
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::sql::{CommandGetTables, ProstMessageExt};
use arrow_flight::{FlightDescriptor, FlightInfo, IpcMessage};
use futures::TryStreamExt;
use prost::bytes::Bytes;
use tonic::Code;

use super::raw::{Raw, packed, statement, text};
use super::server::TestServer;
use super::types::every_type;
use crate::support::cells;

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

/// Reads a FlightInfo's answer, which must have the schema that was promised.
async fn read(raw: &Raw, info: &FlightInfo) -> (SchemaRef, Vec<RecordBatch>) {
    let promised = info.clone().try_decode_schema().unwrap();
    let mut stream = raw.read(info).await.unwrap();
    let mut batches = Vec::new();
    while let Some(batch) = stream.try_next().await.unwrap() {
        assert_eq!(*batch.schema(), promised);
        batches.push(batch);
    }
    assert_eq!(**stream.schema().unwrap(), promised);
    (stream.schema().unwrap().clone(), batches)
}

/// Runs a query by GetFlightInfo and prepared; GetSchema and Prepare must promise the same.
async fn agreed(raw: &Raw, types: &str, sql: &str) -> (SchemaRef, Vec<RecordBatch>) {
    let info = raw.info(sql).await.unwrap();
    let (schema, batches) = read(raw, &info).await;
    let request = raw.request(statement(sql));
    let promised = raw.client.clone().get_schema(request).await.unwrap();
    assert_eq!(
        Schema::try_from(promised.into_inner()).unwrap(),
        *schema,
        "GetSchema of {sql}"
    );
    let mut client = FlightSqlServiceClient::new_from_inner(raw.client.clone());
    client.set_header("cohortql-types", types);
    let mut prepared = client.prepare(sql.to_owned(), None).await.unwrap();
    assert_eq!(
        *prepared.dataset_schema().unwrap(),
        *schema,
        "Prepare of {sql}"
    );
    let info = prepared.execute().await.unwrap();
    assert_eq!(read(raw, &info).await.0, schema, "prepared {sql}");
    (schema, batches)
}

/// The columns of a table as GetTables has them.
async fn columns_of(raw: &Raw, table: &str) -> Schema {
    let command = CommandGetTables {
        table_name_filter_pattern: Some(table.to_owned()),
        include_schema: true,
        ..CommandGetTables::default()
    };
    let request = raw.request(FlightDescriptor::new_cmd(packed(&command.as_any())));
    let info = raw.client.clone().get_flight_info(request).await.unwrap();
    let (_, batches) = read(raw, &info.into_inner()).await;
    let bytes = batches[0].column(4).as_binary::<i32>().value(0).to_vec();
    Schema::try_from(IpcMessage(Bytes::from(bytes))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_profile_promises_what_comes() {
    let server = server_with_types().await;
    for types in ["plain", "arrow", "simple"] {
        let raw = Raw::of(&server).await.with("cohortql-types", types);
        for sql in [
            "SELECT * FROM everything ORDER BY not_null_id",
            "SELECT * FROM nothing",
            "SELECT min(not_null_id), count(*), max(text_view) FROM everything",
            "SHOW TABLES",
            "EXPLAIN SELECT * FROM everything",
        ] {
            agreed(&raw, types, sql).await;
        }
        let (schema, _) = agreed(&raw, types, "SELECT * FROM everything").await;
        let columns = columns_of(&raw, "everything").await;
        let types = |schema: &Schema| -> Vec<DataType> {
            let fields = schema.fields().iter();
            fields.map(|field| field.data_type().clone()).collect()
        };
        assert_eq!(types(&columns), types(&schema));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn arrows_own_types_come_as_they_are() {
    let server = server_with_types().await;
    let raw = Raw::of(&server).await;
    raw.set_all(&[("types", text("arrow"))]).await;
    let info = raw
        .info("SELECT * FROM everything ORDER BY not_null_id")
        .await
        .unwrap();
    let (schema, batches) = read(&raw, &info).await;
    let own = every_type();
    for (sent, own) in schema.fields().iter().zip(own.schema().fields()) {
        assert_eq!(sent.data_type(), own.data_type(), "{}", own.name());
    }
    assert_eq!(cells(&batches).unwrap(), cells(&[own]).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn dictionaries_and_views_come_whole_over_many_messages() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await.with("cohortql-types", "arrow");
    let sql = "SELECT arrow_cast(concat('group ', CAST(value % 7 AS VARCHAR)), \
                      'Dictionary(Int32, Utf8)') AS d, \
                      arrow_cast(repeat(CAST(value AS VARCHAR), 500), 'Utf8View') AS v \
               FROM generate_series(1, 20000)";
    let info = raw.info(sql).await.unwrap();
    let (schema, batches) = read(&raw, &info).await;
    assert!(matches!(
        schema.field(0).data_type(),
        DataType::Dictionary(_, _)
    ));
    assert_eq!(*schema.field(1).data_type(), DataType::Utf8View);
    let mut rows = 0;
    for batch in &batches {
        let groups = arrow::compute::cast(batch.column(0), &DataType::Utf8).unwrap();
        let views = batch.column(1).as_string_view();
        for row in 0..batch.num_rows() {
            let text = views.value(row);
            let number: u64 = text[..text.len() / 500].parse().unwrap();
            let group = format!("group {}", number % 7);
            assert_eq!(groups.as_string::<i32>().value(row), group);
        }
        rows += batch.num_rows();
    }
    assert_eq!(rows, 20_000);
}

fn is_simple(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Utf8
            | DataType::Int64
            | DataType::Float64
            | DataType::Boolean
            | DataType::Timestamp(TimeUnit::Nanosecond, None)
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn simple_types_are_five_and_hold_the_values() {
    let server = server_with_types().await;
    let raw = Raw::of(&server).await.with("cohortql-types", "simple");
    let info = raw.info("SELECT * FROM everything").await.unwrap();
    let (schema, _) = read(&raw, &info).await;
    for field in schema.fields() {
        assert!(is_simple(field.data_type()), "{field}");
    }
    let sql = "SELECT 7::SMALLINT, 18446744073709551615::BIGINT UNSIGNED, 1.25::DECIMAL(9, 2), \
                      DATE '2024-02-29', TIMESTAMP '2024-02-29T12:00:00Z', \
                      TIME '12:30:00', INTERVAL '90 minutes', x'00ff', \
                      [1, NULL], {'a': 'x\"y', 'b': 1.5}, NULL";
    let batches = raw.query(sql).await.unwrap();
    let row = cells(&batches).unwrap().remove(0);
    assert_eq!(
        row[..4],
        ["7", "1.8446744073709552e19", "1.25", "2024-02-29T00:00:00"]
    );
    assert_eq!(row[4], "2024-02-29T12:00:00");
    assert_eq!(row[5], "12:30:00");
    assert!(
        row[6].contains("90 mins") || row[6].contains("1 hours 30 mins"),
        "{}",
        row[6]
    );
    assert_eq!(
        row[7..10],
        ["00ff", "[1,null]", "{\"a\":\"x\\\"y\",\"b\":1.5}"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_date_that_nanoseconds_do_not_reach_is_said_so() {
    let server = TestServer::start().await;
    let dates: ArrayRef = std::sync::Arc::new(Date32Array::from(vec![1_000_000]));
    let batch = RecordBatch::try_from_iter([("d", dates)]).unwrap();
    server
        .engine
        .register_batches("far", None, vec![batch])
        .unwrap();
    let raw = Raw::of(&server).await.with("cohortql-types", "simple");
    let (code, message) = raw.query("SELECT d FROM far").await.unwrap_err();
    assert_eq!(code, Code::InvalidArgument);
    assert!(
        message.starts_with("a value does not fit the simple types"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_are_announced_in_the_profile() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    raw.query("CREATE TABLE t (d DATE, n SMALLINT)")
        .await
        .unwrap();
    for (types, expected) in [
        ("plain", [DataType::Date32, DataType::Int16]),
        (
            "simple",
            [
                DataType::Timestamp(TimeUnit::Nanosecond, None),
                DataType::Int64,
            ],
        ),
    ] {
        let mut client = FlightSqlServiceClient::new_from_inner(raw.client.clone());
        client.set_header("cohortql-types", types);
        let sql = "SELECT * FROM t WHERE d = $1 AND n = $2".to_owned();
        let prepared = client.prepare(sql, None).await.unwrap();
        let schema = prepared.parameter_schema().unwrap();
        let announced: Vec<DataType> = schema
            .fields()
            .iter()
            .map(|field| field.data_type().clone())
            .collect();
        assert_eq!(announced, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_header_counts_more_than_the_session() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    raw.set_all(&[("types", text("simple"))]).await;
    let type_of = async |raw: &Raw| {
        let batches = raw.query("SELECT 1::SMALLINT").await.unwrap();
        batches[0].column(0).data_type().clone()
    };
    assert_eq!(type_of(&raw).await, DataType::Int64);
    assert_eq!(
        type_of(&raw.with("cohortql-types", "plain")).await,
        DataType::Int16
    );
    let (code, message) = raw
        .with("cohortql-types", "x")
        .query("SELECT 1")
        .await
        .unwrap_err();
    assert_eq!(code, Code::InvalidArgument);
    assert_eq!(
        message,
        "header cohortql-types: types must be plain, arrow or simple, got \"x\""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_called_as_the_session_says() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    raw.query("CREATE TABLE t (n INT)").await.unwrap();
    let listed = async |kinds: &[&str]| {
        let command = CommandGetTables {
            table_types: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            ..CommandGetTables::default()
        };
        let request = raw.request(FlightDescriptor::new_cmd(packed(&command.as_any())));
        let info = raw.client.clone().get_flight_info(request).await.unwrap();
        let (_, batches) = read(&raw, &info.into_inner()).await;
        let rows = cells(&batches).unwrap();
        rows.into_iter()
            .find(|row| row[2] == "t")
            .map(|row| row[3].clone())
    };
    assert_eq!(listed(&[]).await.unwrap(), "TABLE");
    raw.set_all(&[("table_type", text("BASE TABLE"))]).await;
    for kinds in [&[][..], &["TABLE"], &["BASE TABLE"]] {
        assert_eq!(listed(kinds).await.unwrap(), "BASE TABLE");
    }
    assert_eq!(listed(&["VIEW"]).await, None);
}
