//! Parameters: their order, their types, their values.

use arrow::datatypes::DataType;
use datafusion::scalar::ScalarValue;

use super::{cells, engine, failure};
use crate::{EngineError, Parameter, Planned, Session};

async fn planned(session: &Session, sql: &str) -> Planned {
    let statements = session.parse(sql).unwrap();
    session.plan(&statements[0]).await.unwrap()
}

#[tokio::test]
async fn parameters_come_in_numeric_order_with_their_types() {
    let engine = engine().await;
    let sql = "SELECT value FROM range(0, 5) WHERE value IN ($10, $2) AND $1 AND value > $3";
    let planned = planned(engine.default_session(), sql).await;
    let parameters = planned.parameters();
    let names: Vec<_> = parameters.keys().map(Parameter::to_string).collect();
    assert_eq!(
        names,
        ["$1", "$2", "$3", "$4", "$5", "$6", "$7", "$8", "$9", "$10"]
    );
    assert_eq!(parameters[&Parameter::Position(2)], Some(DataType::Int64));
    assert_eq!(parameters[&Parameter::Position(4)], None);
}

#[tokio::test]
async fn a_parameter_that_is_cast_is_given_as_what_it_is_cast_to() {
    let engine = engine().await;
    let sql = "SELECT CAST($1 AS BIGINT), $2::DATE, TRY_CAST($3 AS INT), $4::INT + $4::DOUBLE";
    let planned = planned(engine.default_session(), sql).await;
    let types: Vec<_> = planned.parameters().values().cloned().collect();
    let expected = [Some(DataType::Int64), Some(DataType::Date32), None, None];
    assert_eq!(types, expected);
    let values = ["7", "2024-02-29", "x", "1"].map(|text| ScalarValue::Utf8(Some(text.to_owned())));
    let session = engine.default_session();
    let bound = planned.bind(&values).unwrap();
    let batches = session
        .execute(bound)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let day = ScalarValue::try_from_array(batches[0].column(1), 0).unwrap();
    assert_eq!(day.to_string(), "2024-02-29");
    assert!(batches[0].column(2).is_null(0));
}

#[tokio::test]
async fn what_an_interval_is_multiplied_by_is_a_whole_number() {
    let engine = engine().await;
    let session = engine.default_session();
    let sql = "SELECT DATE '2024-01-01' + $1 * INTERVAL '1 day'";
    let planned = planned(session, sql).await;
    let types: Vec<_> = planned.parameters().values().cloned().collect();
    assert_eq!(types, [Some(DataType::Int64)]);
    let bound = planned.bind(&[ScalarValue::Int32(Some(59))]).unwrap();
    let stream = session.execute(bound).await.unwrap();
    let batches = stream.collect().await.unwrap();
    let day = ScalarValue::try_from_array(batches[0].column(0), 0).unwrap();
    assert_eq!(day.to_string(), "2024-02-29");
}

#[tokio::test]
async fn a_statement_is_bound_any_number_of_times() {
    let engine = engine().await;
    let session = engine.default_session();
    let planned = planned(
        session,
        "SELECT sum(value) FROM range(0, 10) WHERE value < $1",
    )
    .await;
    for (limit, expected) in [(3, 3), (5, 10)] {
        let bound = planned
            .bind(&[ScalarValue::Utf8(Some(limit.to_string()))])
            .unwrap();
        assert_eq!(bound.schema(), planned.schema());
        let batches = session
            .execute(bound)
            .await
            .unwrap()
            .collect()
            .await
            .unwrap();
        let sum = ScalarValue::try_from_array(batches[0].column(0), 0).unwrap();
        assert_eq!(sum, ScalarValue::Int64(Some(expected)));
    }
}

#[tokio::test]
async fn names_stand_for_parameters_too() {
    let engine = engine().await;
    let session = engine.default_session();
    let planned = planned(session, "SELECT $b || '-' || $a").await;
    let bound = planned.bind(&["x".into(), "y".into()]).unwrap();
    let batches = session
        .execute(bound)
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let text = ScalarValue::try_from_array(batches[0].column(0), 0).unwrap();
    assert_eq!(text.to_string(), "y-x");
}

#[tokio::test]
async fn values_must_be_there_and_fit() {
    let engine = engine().await;
    let session = engine.default_session();
    let error = failure(session, "SELECT $1::INT").await;
    assert_eq!(error.to_string(), "parameter $1 has no value");
    let planned = planned(session, "SELECT value FROM range(0, 9) WHERE value = $1").await;
    let error = planned.bind(&[]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the statement takes 1 parameters ($1), got 0 values"
    );
    let error = planned.bind(&["many".into()]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "parameter $1 must be Int64, got Utf8 many"
    );
}

#[tokio::test]
async fn a_view_is_stored_with_its_values() {
    let engine = engine().await;
    let session = engine.default_session();
    let sql = "CREATE VIEW small AS SELECT value FROM range(0, 10) WHERE value < $1";
    let error = failure(session, sql).await;
    assert!(matches!(error, EngineError::Plan { .. }));
    assert!(
        error.to_string().contains("view small cannot be stored"),
        "{error}"
    );
    let bound = planned(session, sql)
        .await
        .bind(&[ScalarValue::Int64(Some(3))])
        .unwrap();
    session.execute(bound).await.unwrap();
    assert_eq!(cells(session, "SELECT count(*) FROM small").await, "3");
}
