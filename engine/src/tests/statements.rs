//! Scripts, schemas, changes, options and messages.

use super::{batches, cells, engine, failure};
use crate::{EngineError, StatementKind};

#[tokio::test]
async fn a_session_keeps_so_many_statements() {
    let engine = engine().await;
    let session = engine.session();
    for number in 0..100 {
        cells(&session, &format!("PREPARE p{number} AS SELECT {number}")).await;
    }
    let again = failure(&session, "PREPARE p100 AS SELECT 100").await;
    assert!(matches!(again, EngineError::Resources { .. }), "{again}");
    assert_eq!(
        again.to_string(),
        "a session keeps 100 statements at most: DEALLOCATE one of them before PREPARE p100"
    );
    assert_eq!(cells(&session, "EXECUTE p7").await, "7");
    failure(&session, "DEALLOCATE nothing").await;
    failure(&session, "PREPARE p100 AS SELECT 100").await;
    cells(&session, "DEALLOCATE p7").await;
    failure(&session, "PREPARE p8 AS SELECT 100").await;
    cells(&session, "PREPARE p100 AS SELECT 100").await;
    failure(&session, "PREPARE p101 AS SELECT 101").await;
    cells(&engine.session(), "PREPARE p101 AS SELECT 101").await;
}

#[tokio::test]
async fn a_script_is_split_into_statements_that_know_their_place() {
    let engine = engine().await;
    let session = engine.default_session();
    let script = "-- first\nSELECT 'a;b' ;\n;\n  /* second */ SELECT 'é' AS x,\n 2 ; -- end\n";
    let statements = session.parse(script).unwrap();
    let texts: Vec<_> = statements.iter().map(crate::Statement::text).collect();
    assert_eq!(texts, ["SELECT 'a;b'", "SELECT 'é' AS x,\n 2"]);
    assert_eq!(statements[1].location(), (4, 16));
    assert!(script[statements[1].offset()..].starts_with("SELECT 'é'"));
    assert!(session.parse(" -- nothing\n;").unwrap().is_empty());
}

#[tokio::test]
async fn the_stream_has_the_schema_of_the_plan() {
    let engine = engine().await;
    let session = engine.default_session();
    batches(session, "CREATE TABLE t AS VALUES (1, 'a'), (2, 'b')")
        .await
        .unwrap();
    for sql in [
        "SELECT min(column1), max(column2), count(*) FROM t",
        "SELECT array_agg(column1 ORDER BY column1) AS l, named_struct('a', 1) AS s FROM t",
        "SELECT 1 AS n UNION ALL SELECT 1.5 UNION ALL SELECT NULL",
        "SELECT t.column1, u.column2 FROM t LEFT JOIN t AS u ON t.column1 = u.column1 + 1",
        "SELECT coalesce(column1, 0), column1 + 0.5, sum(column1) OVER () FROM t",
        "EXPLAIN SELECT 1",
        "SHOW TABLES",
    ] {
        let statements = session.parse(sql).unwrap();
        let planned = session.plan(&statements[0]).await.unwrap();
        assert_eq!(planned.kind(), StatementKind::Query, "{sql}");
        let promised = planned.schema();
        let stream = session.execute(planned).await.unwrap();
        assert_eq!(stream.schema(), promised, "{sql}");
        for batch in stream.collect().await.unwrap() {
            assert_eq!(batch.schema(), promised, "{sql}");
        }
    }
}

#[tokio::test]
async fn changes_answer_with_the_rows_affected() {
    let engine = engine().await;
    let session = engine.default_session();
    assert_eq!(cells(session, "CREATE TABLE t (n BIGINT)").await, "0");
    assert_eq!(
        cells(session, "INSERT INTO t VALUES (1), (2), (3)").await,
        "3"
    );
    assert_eq!(cells(session, "SELECT sum(n) FROM t").await, "6");
    assert_eq!(cells(session, "DROP TABLE t").await, "0");
}

#[tokio::test]
async fn options_are_a_sessions_own() {
    let engine = engine().await;
    let (one, other) = (engine.session(), engine.session());
    batches(&one, "SET datafusion.execution.time_zone = 'Asia/Tokyo'")
        .await
        .unwrap();
    let show = "SELECT value FROM information_schema.df_settings \
                WHERE name = 'datafusion.execution.time_zone'";
    assert_eq!(cells(&one, show).await, "Asia/Tokyo");
    assert_eq!(cells(&other, show).await, "");
    batches(&one, "CREATE VIEW shared AS SELECT 1 AS x")
        .await
        .unwrap();
    assert_eq!(cells(&other, "SELECT x FROM shared").await, "1");
}

#[tokio::test]
async fn options_are_checked() {
    let engine = engine().await;
    let session = engine.default_session();
    for (sql, expected) in [
        ("SET TIME ZONE 'Mars/Base'", "got \"Mars/Base\""),
        (
            "SET datafusion.execution.batch_size = 0",
            "a whole number from 1, got \"0\"",
        ),
        (
            "SET datafusion.execution.target_partitions = 'x'",
            "whole number from 1, got \"x\"",
        ),
        (
            "SET datafusion.runtime.memory_limit = '1G'",
            "belongs to the engine",
        ),
        ("SET datafusion.execution.nonsense = 1", "nonsense"),
    ] {
        let error = failure(session, sql).await;
        assert!(matches!(error, EngineError::Plan { .. }), "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[tokio::test]
async fn messages_name_what_is_nearest_and_point_at_the_place() {
    let engine = engine().await;
    let session = engine.default_session();
    batches(
        session,
        "CREATE TABLE orders AS SELECT 1 AS order_id, 2 AS amount",
    )
    .await
    .unwrap();
    for (sql, message, place) in [
        (
            "SELECT 1\nFROM ordrs",
            "table \"ordrs\" does not exist; did you mean \"orders\"?",
            (2, 6),
        ),
        (
            "SELECT\n  amuont FROM orders",
            "column \"amuont\" does not exist; did you mean \"amount\"?",
            (2, 3),
        ),
        (
            "SELECT customer FROM orders",
            "column \"customer\" does not exist; there are order_id, amount",
            (1, 8),
        ),
        (
            "SELECT o.amout FROM orders AS o",
            "column \"o.amout\" does not exist; did you mean \"amount\"?",
            (1, 8),
        ),
        (
            "SELECT cohort_mnth(1)",
            "function \"cohort_mnth\" does not exist; did you mean \"cohort_month\"?",
            (1, 8),
        ),
        (
            "SELECT 1\nFROM t ORDER 2",
            "expected the end of the statement, got ORDER",
            (2, 8),
        ),
        (
            "SELECT 1\nFROM -- nothing\n",
            "expected identifier, got EOF",
            (2, 5),
        ),
    ] {
        let error = failure(session, sql).await;
        assert_eq!(error.to_string(), message, "{sql}");
        assert_eq!(error.location(), Some(place), "{sql}");
    }
    let sql = "SELECT 1;\n\tSELECT amuont FROM orders";
    let statements = session.parse(sql).unwrap();
    let error = session.plan(&statements[1]).await.unwrap_err();
    assert!(
        error
            .render(sql)
            .ends_with("LINE 2: \tSELECT amuont FROM orders\n        \t       ^")
    );
}

#[tokio::test]
async fn errors_have_kinds() {
    let engine = engine().await;
    let session = engine.default_session();
    let error = failure(session, "SELECT 1; SELECT 2").await;
    assert_eq!(error.to_string(), "expected one statement, got 2");
    assert!(matches!(
        failure(session, "BEGIN").await,
        EngineError::Unsupported { .. }
    ));
    let error = failure(session, "SELECT CAST(a AS INT) FROM (VALUES ('x')) AS t(a)").await;
    assert!(matches!(error, EngineError::Execution { .. }), "{error:?}");
    let error = failure(session, "SELECT 1 / a FROM (VALUES (0)) AS t(a)").await;
    assert!(matches!(error, EngineError::Execution { .. }), "{error:?}");
}

#[tokio::test]
async fn analysing_a_change_makes_it_once() {
    let engine = engine().await;
    let session = engine.default_session();
    batches(session, "CREATE TABLE t AS SELECT 1 AS x")
        .await
        .unwrap();
    let sql = "EXPLAIN ANALYZE INSERT INTO t VALUES (2)";
    let statements = session.parse(sql).unwrap();
    let planned = session.plan(&statements[0]).await.unwrap();
    assert_eq!(planned.kind(), StatementKind::Change);
    let schema = planned.schema();
    let stream = session.execute(planned).await.unwrap();
    assert_eq!(cells(session, "SELECT count(*) FROM t").await, "2");
    let answer = stream.collect().await.unwrap();
    assert_eq!(answer[0].schema(), schema);
    assert_eq!(schema.field(1).name(), "plan");
}

#[tokio::test]
async fn prepared_statements_of_sql_work() {
    let engine = engine().await;
    let session = engine.default_session();
    batches(session, "PREPARE p(BIGINT) AS SELECT $1 + 1 AS n")
        .await
        .unwrap();
    assert_eq!(cells(session, "EXECUTE p(41)").await, "42");
    batches(session, "DEALLOCATE p").await.unwrap();
    assert!(batches(session, "EXECUTE p(41)").await.is_err());
}

#[tokio::test]
async fn reports_are_prepared_like_other_queries() {
    let engine = engine().await;
    let session = engine.default_session();
    let orders = "CREATE TABLE orders AS SELECT * FROM (VALUES
        ('ada', DATE '2024-01-05', 10), ('ada', DATE '2024-02-01', 5), ('bob', DATE '2024-01-31', 7),
        ('bob', DATE '2024-03-01', 20)) AS t(customer, day, amount)";
    batches(session, orders).await.unwrap();
    for until in ["$1", "CAST($1 AS DATE)"] {
        let prepare = format!(
            "PREPARE back(DATE, BIGINT) AS SELECT max(customers) FROM cohort_retention(orders,
                customer => customer, ts => day, as_of => {until}, returns => amount > $2)
             WHERE period > 0"
        );
        batches(session, &prepare).await.unwrap();
        // Ada comes back in February with 5, bob in March with 20.
        for (values, back) in [
            ("DATE '2024-02-29', 3", "1"),
            ("DATE '2024-02-29', 5", "0"),
            ("DATE '2024-03-01', 5", "1"),
        ] {
            let execute = format!("EXECUTE back({values})");
            assert_eq!(cells(session, &execute).await, back, "{prepare}: {execute}");
        }
        batches(session, "DEALLOCATE back").await.unwrap();
    }
    let error = failure(
        session,
        "PREPARE back(BIGINT) AS SELECT * FROM cohort_retention(orders, customer => customer,
            ts => day, periods => $1)",
    )
    .await;
    assert!(
        error
            .to_string()
            .contains("must be a constant, not a parameter"),
        "{error}"
    );
}
