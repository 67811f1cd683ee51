//! Columns are found by name, and values fit or are refused.

use arrow::array::{Float64Array, Int32Array};

use super::*;

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter(columns).unwrap()
}

#[tokio::test]
async fn columns_come_in_any_order_and_may_be_missing() {
    let engine = engine().await;
    let session = engine.default_session();
    cells(
        session,
        "CREATE TABLE t (id BIGINT NOT NULL, name VARCHAR, level INT DEFAULT 7)",
    )
    .await;
    let sent = batch(vec![
        ("name", Arc::new(StringArray::from(vec!["a", "b"]))),
        ("id", Arc::new(Int32Array::from(vec![1, 2]))),
    ]);
    assert_eq!(
        ingest(session, request("t", Mode::Append), sent).await,
        Ok(2)
    );
    let sent = batch(vec![("id", Arc::new(Int32Array::from(vec![3])))]);
    assert_eq!(
        ingest(session, request("t", Mode::Append), sent).await,
        Ok(1)
    );
    let sql = "SELECT * FROM t ORDER BY id";
    assert_eq!(cells(session, sql).await, "1,a,7\n2,b,7\n3,,7");
}

#[tokio::test]
async fn columns_that_do_not_fit_are_named() {
    let engine = engine().await;
    let session = engine.default_session();
    cells(session, "CREATE TABLE t (id BIGINT NOT NULL, day DATE)").await;
    let ids = || -> ArrayRef { Arc::new(Int64Array::from(vec![1])) };
    let text = || -> ArrayRef { Arc::new(StringArray::from(vec!["soon"])) };
    let nothing: ArrayRef = Arc::new(Int64Array::from(vec![None]));
    let list =
        arrow::array::ListArray::from_iter_primitive::<arrow::datatypes::Int64Type, _, _>([Some(
            [Some(1)],
        )]);
    for (columns, expected) in [
        (
            vec![("id", ids()), ("ID", ids()), ("x", ids())],
            "table \"t\" has no column \"ID\", \"x\"; it has id, day",
        ),
        (
            vec![("day", text())],
            "column \"id\" of table \"t\" must not be NULL",
        ),
        (
            vec![("id", nothing)],
            "column \"id\" must not be NULL, but row 1 is",
        ),
        (
            vec![("id", ids()), ("day", text())],
            "column \"day\": row 1 has \"soon\", which is no DATE",
        ),
        (
            vec![("id", Arc::new(list))],
            "column \"id\" must be BIGINT, got LIST of BIGINT",
        ),
    ] {
        let error = ingest(session, request("t", Mode::Append), batch(columns)).await;
        let message = error.unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(count(session, "t").await, "0");
}

#[tokio::test]
async fn a_value_late_in_the_stream_undoes_all() {
    let engine = engine().await;
    let session = engine.default_session();
    cells(session, "CREATE TABLE t (x INT)").await;
    let numbers = |values: Vec<f64>| -> RecordBatch {
        batch(vec![("x", Arc::new(Float64Array::from(values)))])
    };
    let sent = vec![numbers(vec![1.0; 20_000]), numbers(vec![2.0, 2.5])];
    let schema = sent[0].schema();
    let error = session
        .ingest(request("t", Mode::Append), schema, coming(sent))
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "column \"x\": row 20002 has 2.5, which is no INT"
    );
    assert_eq!(count(session, "t").await, "0");
}

#[tokio::test]
async fn columns_of_which_no_table_can_be_made_are_refused() {
    let engine = engine().await;
    let session = engine.default_session();
    let ids = || -> ArrayRef { Arc::new(Int64Array::from(vec![1])) };
    let none = RecordBatch::new_empty(Arc::new(arrow::datatypes::Schema::empty()));
    for (sent, expected) in [
        (none, "at least one column"),
        (batch(vec![("a", ids()), ("a", ids())]), "named \"a\""),
        (
            batch(vec![("a", ids()), ("", ids())]),
            "column 2 has no name",
        ),
    ] {
        let error = ingest(session, request("new", Mode::Create), sent).await;
        let message = error.unwrap_err().to_string();
        assert!(message.contains(expected), "{message}");
    }
    let error = failure(session, "SELECT * FROM new").await;
    assert!(matches!(error, EngineError::NotFound { .. }), "{error}");
}

#[tokio::test]
async fn wrong_options_are_refused() {
    let engine = engine().await;
    let session = engine.default_session();
    for (name, value, expected) in [
        ("format", "delta", "needs option \"location\""),
        ("format", "csv", "\"memory\" or \"delta\""),
        ("partitions", "4", "unknown option \"partitions\""),
    ] {
        let asked = with(request("t", Mode::Create), name, value);
        let message = ingest(session, asked, rows(0..1)).await.unwrap_err();
        assert!(message.to_string().contains(expected), "{message}");
    }
    ingest(session, request("t", Mode::Create), rows(0..1))
        .await
        .unwrap();
    let asked = with(request("t", Mode::Append), "format", "memory");
    assert_eq!(ingest(session, asked, rows(1..2)).await, Ok(1));
    let asked = delta_at("t", Mode::Append, "/nowhere");
    let message = ingest(session, asked, rows(1..2)).await.unwrap_err();
    assert!(message.to_string().contains("no Delta table"), "{message}");
}
