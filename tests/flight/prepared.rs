//! Prepared statements: parameters of all kinds, one row or many.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Float64Array, Int32Array, Int64Array, RecordBatch, StringArray,
    StringViewArray,
};
use arrow::datatypes::{DataType, Field, Schema};
use arrow_flight::sql::client::FlightSqlServiceClient;
use tonic::Code;
use tonic::transport::Channel;

use super::server::{TestServer, fetch, query, refusal, status};
use crate::support::cells;

fn row(columns: Vec<ArrayRef>) -> RecordBatch {
    let fields: Vec<Field> = columns
        .iter()
        .enumerate()
        .map(|(at, column)| Field::new(at.to_string(), column.data_type().clone(), true))
        .collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

fn text(values: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

fn numbers(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

/// Prepares, binds, executes and returns the answer's cells.
async fn answer(
    client: &mut FlightSqlServiceClient<Channel>,
    sql: &str,
    parameters: RecordBatch,
) -> Vec<Vec<String>> {
    let mut prepared = client.prepare(sql.to_owned(), None).await.unwrap();
    prepared.set_parameters(parameters).unwrap();
    let info = prepared.execute().await.unwrap();
    let (_, batches) = fetch(client, info).await.unwrap();
    prepared.close().await.unwrap();
    cells(&batches).unwrap()
}

async fn server_with_orders() -> TestServer {
    let server = TestServer::start().await;
    server
        .engine
        .sql(
            "CREATE TABLE orders AS SELECT * FROM (VALUES \
             (1, 'ada', DATE '2024-01-05', 10.5), (2, 'bob', DATE '2024-02-06', 20.0), \
             (3, 'ada', DATE '2024-03-07', 30.25)) AS v(id, customer, day, amount)",
        )
        .await
        .unwrap();
    server
}

#[tokio::test(flavor = "multi_thread")]
async fn question_marks_are_different_parameters() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let sql = "SELECT id FROM orders WHERE customer = ? AND id > ? AND 'why?' <> ? -- ?";
    let parameters = row(vec![
        text(&[Some("ada")]),
        numbers(&[1]),
        text(&[Some("because")]),
    ]);
    assert_eq!(answer(&mut client, sql, parameters).await, [["3"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tenth_parameter_comes_after_the_second() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let columns = (1..=12).map(|n| format!("? AS c{n}")).collect::<Vec<_>>();
    let sql = format!("SELECT {}", columns.join(", "));
    let values: Vec<ArrayRef> = (1..=12).map(|n| numbers(&[n])).collect();
    let expected: Vec<String> = (1..=12).map(|n| n.to_string()).collect();
    assert_eq!(answer(&mut client, &sql, row(values)).await, [expected]);
}

#[tokio::test(flavor = "multi_thread")]
async fn parameter_types_are_found_and_unknown_ones_are_text() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let sql = "SELECT ? AS x FROM orders WHERE id = ? AND day >= ? AND customer = ? LIMIT ?";
    let prepared = client.prepare(sql.to_owned(), None).await.unwrap();
    let schema = prepared.parameter_schema().unwrap();
    let types: Vec<&DataType> = schema.fields().iter().map(|f| f.data_type()).collect();
    assert_eq!(
        types,
        [
            &DataType::Utf8,
            &DataType::Int64,
            &DataType::Date32,
            &DataType::Utf8,
            &DataType::Int64
        ]
    );
    assert!(schema.fields().iter().all(|field| field.is_nullable()));
    prepared.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_cast_to_the_type_that_is_asked_for() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let sql = "SELECT id FROM orders WHERE id = ? AND day = ? AND amount > ? AND customer = ?";
    let bindings: [Vec<ArrayRef>; 2] = [
        vec![
            text(&[Some("3")]),
            text(&[Some("2024-03-07")]),
            numbers(&[30]),
            Arc::new(StringViewArray::from(vec!["ada"])),
        ],
        vec![
            Arc::new(Int32Array::from(vec![3])),
            Arc::new(Date32Array::from(vec![19_789])),
            Arc::new(Float64Array::from(vec![30.0])),
            text(&[Some("ada")]),
        ],
    ];
    for columns in bindings {
        assert_eq!(answer(&mut client, sql, row(columns)).await, [["3"]]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn null_can_be_bound() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let sql = "SELECT coalesce(?, 7) AS n, ? AS t";
    let parameters = row(vec![
        Arc::new(Int64Array::from(vec![None])),
        Arc::new(arrow::array::NullArray::new(1)),
    ]);
    assert_eq!(answer(&mut client, sql, parameters).await, [["7", "NULL"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_run_the_query_many_times_in_order() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let sql = "SELECT id FROM orders WHERE customer = ? ORDER BY id";
    let parameters = row(vec![text(&[Some("bob"), Some("ada"), None, Some("bob")])]);
    let ids = answer(&mut client, sql, parameters).await;
    assert_eq!(ids, [["2"], ["1"], ["3"], ["2"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn no_rows_run_the_query_never() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let none = row(vec![text(&[])]);
    let sql = "SELECT id FROM orders WHERE customer = ?";
    assert!(answer(&mut client, sql, none).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn many_rows_of_an_update_add_up() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    query(&mut client, "CREATE TABLE t (id BIGINT, name VARCHAR)")
        .await
        .unwrap();
    let sql = "INSERT INTO t VALUES (?, ?)".to_owned();
    let mut prepared = client.prepare(sql, None).await.unwrap();
    assert!(prepared.dataset_schema().unwrap().fields().is_empty());
    let names = [Some("a"), None, Some("c")];
    let parameters = row(vec![numbers(&[1, 2, 3]), text(&names)]);
    prepared.set_parameters(parameters).unwrap();
    assert_eq!(prepared.execute_update().await.unwrap(), 3);
    assert_eq!(prepared.execute_update().await.unwrap(), 3);
    prepared.close().await.unwrap();
    let (_, batches) = query(
        &mut client,
        "SELECT id, name, count(*) FROM t GROUP BY 1, 2 ORDER BY 1",
    )
    .await
    .unwrap();
    assert_eq!(
        cells(&batches).unwrap(),
        [["1", "a", "2"], ["2", "NULL", "2"], ["3", "c", "2"]]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn preparing_a_change_does_not_run_it() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let sql = "CREATE TABLE once (id INT)".to_owned();
    let mut prepared = client.prepare(sql, None).await.unwrap();
    assert!(query(&mut client, "SELECT * FROM once").await.is_err());
    assert_eq!(prepared.execute_update().await.unwrap(), 0);
    query(&mut client, "SELECT * FROM once").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_can_be_bound_again() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let sql = "SELECT customer FROM orders WHERE id = ?".to_owned();
    let mut prepared = client.prepare(sql, None).await.unwrap();
    for (id, customer) in [(1, "ada"), (2, "bob"), (3, "ada")] {
        prepared.set_parameters(row(vec![numbers(&[id])])).unwrap();
        let info = prepared.execute().await.unwrap();
        let (_, batches) = fetch(&mut client, info).await.unwrap();
        assert_eq!(cells(&batches).unwrap(), [[customer]]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_bindings_are_named() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let sql = "SELECT id FROM orders WHERE id = ?".to_owned();
    let mut prepared = client.prepare(sql, None).await.unwrap();

    let error = prepared.execute().await.unwrap_err();
    assert_eq!(
        refusal(error),
        (
            Code::InvalidArgument,
            "the statement takes 1 parameter, none bound; prepare it and bind them".to_owned()
        )
    );
    prepared
        .set_parameters(row(vec![numbers(&[1]), numbers(&[2])]))
        .unwrap();
    let error = prepared.execute().await.unwrap_err();
    assert_eq!(
        refusal(error),
        (
            Code::InvalidArgument,
            "the statement takes 1 parameter, got 2 parameters".to_owned()
        )
    );
    prepared
        .set_parameters(row(vec![text(&[Some("three")])]))
        .unwrap();
    let error = prepared.execute().await.unwrap_err();
    assert_eq!(
        refusal(error),
        (
            Code::InvalidArgument,
            "parameter $1 must be Int64, got Utf8 three".to_owned()
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_statement_is_gone() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let prepared = client.prepare("SELECT 1".to_owned(), None).await.unwrap();
    let mut copy = prepared.clone();
    prepared.close().await.unwrap();
    let error = copy.execute().await.unwrap_err();
    assert_eq!(
        refusal(error),
        (
            Code::NotFound,
            "the prepared statement was closed or not used for long; prepare it again".to_owned()
        )
    );
    copy.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn null_in_any_row_is_in_the_schema_that_is_promised() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let column: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(3)]));
    for (sql, promises_type, answers) in [
        ("SELECT ? + 1 AS x", true, ["2", "NULL", "4"]),
        (
            "SELECT id + ? AS x FROM orders WHERE id = 1",
            true,
            ["2", "NULL", "4"],
        ),
        // What it takes to be is not known before it is bound.
        ("SELECT ? AS x", false, ["1", "NULL", "3"]),
    ] {
        let mut prepared = client.prepare(sql.to_owned(), None).await.unwrap();
        prepared
            .set_parameters(row(vec![Arc::clone(&column)]))
            .unwrap();
        let info = prepared.execute().await.unwrap();
        let (came, batches) = fetch(&mut client, info).await.unwrap();
        assert_eq!(came.field(0), &Field::new("x", DataType::Int64, true));
        let promised = prepared.dataset_schema().unwrap();
        assert!(promised.field(0).is_nullable(), "{sql}");
        assert_eq!(promised == came.as_ref(), promises_type, "{sql}");
        assert_eq!(cells(&batches).unwrap(), answers.map(|x| [x]), "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_meet_only_each_other_take_any_type() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let texts = || vec![text(&[Some("a")]), text(&[Some("b")])];
    let both = || vec![numbers(&[2]), numbers(&[3])];
    for (sql, columns, expected) in [
        ("SELECT ? = ?", both(), "false"),
        ("SELECT ? = ?", texts(), "false"),
        ("SELECT ? < ?", both(), "true"),
        ("SELECT ? < ?", texts(), "true"),
        ("SELECT ? + ?", both(), "5"),
    ] {
        assert_eq!(answer(&mut client, sql, row(columns)).await, [[expected]]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_made_again_is_read_again() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    let sql = "SELECT * FROM orders WHERE id = ?".to_owned();
    let mut prepared = client.prepare(sql, None).await.unwrap();
    prepared.set_parameters(row(vec![numbers(&[1])])).unwrap();
    prepared.execute().await.unwrap();
    query(&mut client, "DROP TABLE orders").await.unwrap();
    let error = prepared.execute().await.unwrap_err();
    assert_eq!(refusal(error).0, Code::NotFound);
    query(
        &mut client,
        "CREATE TABLE orders AS SELECT 1 AS id, 'new' AS what",
    )
    .await
    .unwrap();
    let info = prepared.execute().await.unwrap();
    let (_, batches) = fetch(&mut client, info).await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["1", "new"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_point_into_the_text_that_was_sent() {
    let server = server_with_orders().await;
    let mut client = server.flight().await;
    for (sql, place) in [
        ("select ?, ?, nocol from orders", "1:14"),
        ("select ?,\n ?, ? + nocol from orders", "2:9"),
        ("select ?, ? frm orders where", "1:17"),
    ] {
        let error = client.prepare(sql.to_owned(), None).await.unwrap_err();
        let error = status(error);
        let location = error.metadata().get("cohortql-error-location");
        assert_eq!(location.unwrap(), place, "{sql}: {}", error.message());
    }
}
