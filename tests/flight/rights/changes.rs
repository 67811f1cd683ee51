//! Changes take privileges, whichever way they are sent.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow_flight::sql::{CommandStatementIngest, TableDefinitionOptions};
use futures::stream;

use super::*;

/// Where nothing may be written.
const NEVER: &str = "/tmp/cohortql-never.csv";

/// What becomes of a table that is there, as the command numbers it.
const FAIL: i32 = 1;
const APPEND: i32 = 2;
const REPLACE: i32 = 3;

/// Changes that ada may not make.
const DENIED: [&str; 18] = [
    "CREATE TABLE t (a INT)",
    "CREATE TABLE hidden.t (a INT)",
    "CREATE VIEW v AS SELECT 1 AS x",
    "CREATE VIEW sandbox.all_of_them AS SELECT * FROM customers",
    "CREATE SCHEMA s",
    "CREATE OR REPLACE VIEW revenue AS SELECT 1 AS x",
    "CREATE EXTERNAL TABLE sandbox.e STORED AS CSV LOCATION '/etc/passwd'",
    "DROP TABLE orders",
    "DROP VIEW revenue",
    "DROP SCHEMA hidden CASCADE",
    "COPY orders TO '/tmp/cohortql-never.csv'",
    "COPY (SELECT * FROM customers) TO '/tmp/cohortql-never.csv'",
    "EXPLAIN ANALYZE COPY orders TO '/tmp/cohortql-never.csv'",
    "SET datafusion.execution.batch_size = 1",
    "SET TIME ZONE = 'Europe/Berlin'",
    "RESET datafusion.execution.batch_size",
    "INSERT INTO orders VALUES (1, 1)",
    "INSERT INTO customers (id) VALUES (8)",
];

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_denied_in_every_way() {
    let guarded = shop().await;
    for sql in DENIED {
        let refused = refusals(&guarded, "ada", sql).await;
        for way in ["GetFlightInfo", "PollFlightInfo", "prepared", "DoPut"] {
            let found = refused.iter().find(|(refused, _)| *refused == way);
            let (_, status) = found.unwrap_or_else(|| panic!("{way} of {sql}"));
            assert!(
                matches!(
                    status.code(),
                    Code::PermissionDenied | Code::InvalidArgument
                ),
                "{way} of {sql}: {status:?}"
            );
            tells_nothing(&format!("{way} of {sql}"), status);
        }
    }
    assert!(!std::path::Path::new(NEVER).exists());
    let ada = raw(&guarded, "ada").await;
    assert_eq!(
        rows(&ada, "SELECT count(*), sum(amount) FROM orders").await,
        ["5,150"]
    );
    assert_eq!(rows(&ada, "SELECT sum(total) FROM revenue").await, ["150"]);
    let mut ada = client(&guarded, "ada").await;
    let sql = "CREATE TABLE sandbox.mine AS SELECT * FROM orders".to_owned();
    assert_eq!(ada.execute_update(sql, None).await.unwrap(), 5);
}

/// Sends one row to a table, which `exists` as the number of its option, or is made.
async fn ingest(
    client: &mut Client,
    schema: &str,
    table: &str,
    exists: i32,
) -> Result<i64, Status> {
    let command = CommandStatementIngest {
        table_definition_options: Some(TableDefinitionOptions {
            if_not_exist: 1,
            if_exists: exists,
        }),
        schema: Some(schema.to_owned()),
        table: table.to_owned(),
        ..CommandStatementIngest::default()
    };
    let values: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let row = RecordBatch::try_from_iter([("customer_id", values)]).unwrap();
    let sent = client.execute_ingest(command, stream::iter([Ok(row)]));
    sent.await.map_err(status)
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_go_only_where_a_user_writes() {
    let guarded = shop().await;
    let mut ada = client(&guarded, "ada").await;
    for (schema, table, exists) in [
        ("public", "orders", APPEND),
        ("public", "orders", REPLACE),
        ("public", "customers", APPEND),
        ("public", "fresh", FAIL),
        ("hidden", "fresh", FAIL),
        ("public", "secrets", APPEND),
        ("public", "secrets", FAIL),
    ] {
        let status = ingest(&mut ada, schema, table, exists).await.unwrap_err();
        tells_nothing(&format!("{schema}.{table}"), &status);
        let missing = table.chars().map(|_| 'z').collect::<String>();
        let other = ingest(&mut ada, schema, &missing, exists)
            .await
            .unwrap_err();
        if table == "secrets" {
            assert_eq!(status.message().replace(table, &missing), other.message());
        }
    }
    assert_eq!(ingest(&mut ada, "sandbox", "made", FAIL).await.unwrap(), 1);
    assert_eq!(
        ingest(&mut ada, "sandbox", "made", APPEND).await.unwrap(),
        1
    );
    let bob = raw(&guarded, "bob").await;
    for (sql, expected) in [
        ("SELECT count(*) FROM orders", "5"),
        ("SELECT count(*) FROM customers", "7"),
        ("SELECT count(*) FROM secrets", "1"),
        ("SELECT count(*) FROM sandbox.made", "2"),
        (
            "SELECT count(*) FROM information_schema.tables WHERE table_name IN ('fresh', 'zzzzz')",
            "0",
        ),
    ] {
        assert_eq!(rows(&bob, sql).await, [expected], "{sql}");
    }
}
