//! What is not allowed does not exist: not in a statement, not in metadata, not in a plan.

use arrow::array::AsArray;
use arrow::datatypes::Schema;
use arrow_flight::sql::{CommandGetDbSchemas, CommandGetPrimaryKeys, CommandGetTables};
use arrow_flight::{FlightInfo, IpcMessage};
use cohortql_server::Login;
use prost::bytes::Bytes;

use super::*;
use crate::flight::raw::text;

/// Ways to name the table that ada may not see.
const ATTACKS: [&str; 33] = [
    "SELECT * FROM secrets",
    "SELECT * FROM public.secrets",
    "SELECT * FROM cohortql.public.secrets",
    "SELECT * FROM \"secrets\"",
    "TABLE secrets",
    "WITH s AS (SELECT * FROM secrets) SELECT * FROM s",
    "WITH secrets AS (SELECT * FROM secrets) SELECT * FROM secrets",
    "WITH orders AS (SELECT * FROM secrets) SELECT * FROM orders",
    "WITH RECURSIVE r AS (SELECT id FROM secrets UNION ALL SELECT id + 1 FROM r WHERE id < 3) \
     SELECT * FROM r",
    "SELECT * FROM (orders CROSS JOIN secrets)",
    "SELECT * FROM ((secrets))",
    "SELECT * FROM (orders o LEFT JOIN (customers c JOIN secrets s ON s.id = c.id) ON true)",
    "SELECT customer_id FROM orders UNION ALL SELECT id FROM secrets",
    "SELECT customer_id FROM orders INTERSECT SELECT id FROM secrets",
    "SELECT customer_id FROM orders EXCEPT SELECT id FROM secrets",
    "SELECT (SELECT max(word) FROM secrets) FROM orders",
    "SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM secrets s WHERE s.id = o.customer_id)",
    "SELECT * FROM orders WHERE customer_id IN (SELECT id FROM secrets)",
    "SELECT * FROM orders WHERE amount > ALL (SELECT id FROM secrets)",
    "SELECT * FROM orders o, LATERAL (SELECT * FROM secrets s WHERE s.id = o.customer_id) l",
    "SELECT * FROM secret_view",
    "SELECT * FROM hidden.anything",
    "EXPLAIN SELECT * FROM secrets",
    "EXPLAIN ANALYZE SELECT * FROM secrets",
    "EXPLAIN VERBOSE SELECT * FROM secrets",
    "DESCRIBE secrets",
    "SHOW COLUMNS FROM secrets",
    "CREATE TABLE sandbox.copied AS SELECT * FROM secrets",
    "CREATE VIEW sandbox.shown AS SELECT * FROM secrets",
    "COPY secrets TO '/tmp/never.csv'",
    "INSERT INTO secrets VALUES (2, 'x')",
    "INSERT INTO sandbox.none SELECT * FROM secrets",
    "SELECT * FROM rfm((SELECT * FROM secrets), customer => id, ts => word, amount => id)",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_table_is_not_found_in_any_way() {
    let guarded = shop().await;
    for sql in ATTACKS {
        let refused = refusals(&guarded, "ada", sql).await;
        assert_eq!(refused.len(), 5, "{sql}: {refused:?}");
        for (way, status) in refused {
            tells_nothing(&format!("{way} of {sql}"), &status);
        }
    }
    let count = "SELECT count(*) FROM secrets";
    assert_eq!(rows(&raw(&guarded, "bob").await, count).await, ["1"]);
    assert!(!std::path::Path::new("/tmp/never.csv").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_hidden_is_refused_in_the_words_for_what_is_not_there() {
    let guarded = shop().await;
    let ada = raw(&guarded, "ada").await;
    let refused = async |sql: &str| ada.query(sql).await.unwrap_err();
    for (hidden, missing, sql) in [
        ("secrets", "zzzzzzz", "SELECT * FROM secrets"),
        ("secrets", "zzzzzzz", "INSERT INTO secrets VALUES (1, 'x')"),
        ("hidden", "zzzzzz", "SELECT * FROM hidden.anything"),
        ("card", "zzzz", "SELECT card FROM customers"),
    ] {
        let (code, told) = refused(sql).await;
        let asked = sql.replace(hidden, missing);
        assert_eq!(
            (code, told.replace(hidden, missing)),
            refused(&asked).await,
            "{sql}"
        );
    }
    // The nearest name would tell that it is there.
    for (sql, hidden) in [
        ("SELECT * FROM secretz", "secrets"),
        ("SELECT cards FROM customers", "card\""),
    ] {
        let (_, told) = refused(sql).await;
        assert!(!told.contains(hidden), "{told}");
    }
    let (_, told) = ada
        .with("schema", "hiddem")
        .query("SELECT 1")
        .await
        .unwrap_err();
    assert!(!told.contains("hidden"), "{told}");
    let hidden = ada
        .with("schema", "hidden")
        .query("SELECT 1")
        .await
        .unwrap_err();
    assert_eq!(hidden.0, Code::NotFound, "{hidden:?}");
    let (refused, _) = ada.set(&[("schema", text("hidden"))]).await;
    assert_eq!(refused.len(), 1);
    assert_eq!(ada.got("schema").await, "public");
}

async fn answer(client: &mut Client, info: FlightInfo) -> Vec<RecordBatch> {
    fetch(client, info).await.unwrap().1
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_shows_what_is_allowed() {
    let guarded = shop().await;
    let mut ada = client(&guarded, "ada").await;
    let everything = CommandGetTables {
        include_schema: true,
        ..CommandGetTables::default()
    };
    let info = ada.get_tables(everything).await.unwrap();
    let batches = answer(&mut ada, info).await;
    let [batch] = batches.as_slice() else {
        panic!("one batch, got {}", batches.len());
    };
    let names = batch.column(2).as_string::<i32>().iter().flatten();
    let schemas = batch.column(4).as_binary::<i32>().iter().flatten();
    let mut listed = Vec::new();
    for (name, bytes) in names.zip(schemas) {
        let schema = Schema::try_from(IpcMessage(Bytes::copy_from_slice(bytes))).unwrap();
        let columns: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        if !["queries", "running"].contains(&name) {
            listed.push(format!("{name}: {}", columns.join(" ")));
        }
    }
    assert_eq!(
        listed,
        [
            "customers: id name country email phone born score",
            "orders: customer_id amount",
            "revenue: country total"
        ]
    );
    let hidden = CommandGetTables {
        table_name_filter_pattern: Some("secret%".to_owned()),
        ..CommandGetTables::default()
    };
    let info = ada.get_tables(hidden).await.unwrap();
    assert!(answer(&mut ada, info).await.is_empty());
    let info = ada
        .get_db_schemas(CommandGetDbSchemas::default())
        .await
        .unwrap();
    let schemas = texts(&answer(&mut ada, info).await);
    assert!(
        !schemas.iter().any(|schema| schema.contains("hidden")),
        "{schemas:?}"
    );
    for table in ["secrets", "customers"] {
        let keys = CommandGetPrimaryKeys {
            table: table.to_owned(),
            ..CommandGetPrimaryKeys::default()
        };
        let info = ada.get_primary_keys(keys).await.unwrap();
        let keys = texts(&answer(&mut ada, info).await);
        assert!(
            !keys
                .iter()
                .any(|key| key.contains("card") || table == "secrets"),
            "{keys:?}"
        );
    }
    let login = Login::Token(token("ada"));
    let control = guarded.come_with(login).await.unwrap();
    let names: Vec<String> = control
        .tables()
        .await
        .unwrap()
        .into_iter()
        .map(|t| t.name)
        .collect();
    assert_eq!(
        names,
        ["customers", "orders", "revenue", "queries", "running"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_information_schema_lists_what_is_allowed() {
    let guarded = shop().await;
    let (ada, bob) = (raw(&guarded, "ada").await, raw(&guarded, "bob").await);
    rows(&bob, "SELECT word FROM secrets").await;
    for (sql, expected) in [
        (
            "SELECT table_name FROM information_schema.tables \
             WHERE table_schema NOT IN ('information_schema', 'system') ORDER BY 1",
            &["customers", "orders", "revenue"][..],
        ),
        (
            "SELECT DISTINCT column_name FROM information_schema.columns \
             WHERE column_name IN ('card', 'word', 'name')",
            &["name"][..],
        ),
        (
            "SELECT count(definition) FROM information_schema.views",
            &["0"][..],
        ),
        (
            "SELECT count(*) FROM information_schema.schemata WHERE schema_name = 'hidden'",
            &["0"][..],
        ),
        (
            "SELECT count(*) FROM system.queries WHERE principal = 'bob'",
            &["0"][..],
        ),
        (
            "SELECT count(*) FROM system.running WHERE principal <> 'ada'",
            &["0"][..],
        ),
        (
            "SELECT count(*) FROM system.queries WHERE principal IS NULL",
            &["0"][..],
        ),
    ] {
        assert_eq!(rows(&ada, sql).await, expected, "{sql}");
    }
    for sql in [
        "SHOW TABLES",
        "SHOW COLUMNS FROM customers",
        "DESCRIBE customers",
    ] {
        let shown = rows(&ada, sql).await.join("\n");
        assert!(
            !shown.contains("secret") && !shown.contains("card"),
            "{sql}: {shown}"
        );
    }
    let seen = rows(
        &bob,
        "SELECT count(*) FROM system.queries WHERE principal = 'bob'",
    )
    .await;
    assert_ne!(seen, ["0"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn plans_and_numbers_of_rows_tell_nothing_of_hidden_rows() {
    let guarded = shop().await;
    let ada = raw(&guarded, "ada").await;
    let info = ada.info("SELECT * FROM customers").await.unwrap();
    assert_eq!((info.total_records, info.total_bytes), (-1, -1));
    for explain in ["EXPLAIN", "EXPLAIN VERBOSE", "EXPLAIN ANALYZE"] {
        for (table, hidden) in [
            ("customers", &["country = ", "card", "=7", "secrets"][..]),
            (
                "revenue",
                &["customers", "country = ", "customer_id", "amount"][..],
            ),
        ] {
            let plan = rows(&ada, &format!("{explain} SELECT * FROM {table}"))
                .await
                .join("\n");
            for told in hidden {
                assert!(!plan.contains(told), "{explain} tells {told}: {plan}");
            }
        }
    }
    // Customer 2 is hidden: whoever gets an error learns that he exists.
    for sql in [
        "SELECT count(*) FROM customers WHERE 1 / (id - 2) < 100",
        "SELECT max(1 / (id - 2)) FROM customers",
        "SELECT id FROM customers ORDER BY 1 / (id - 2) LIMIT 1",
    ] {
        rows(&ada, sql).await;
    }
    for (sql, expected) in [
        ("SELECT count(*), min(id), max(id) FROM customers", "4,1,7"),
        (
            "SELECT count(*) FROM customers WHERE country = 'FR' OR true",
            "4",
        ),
        ("SELECT count(*) FROM customers WHERE id = 2", "0"),
        ("SELECT sum(total) FROM revenue", "150"),
    ] {
        assert_eq!(rows(&ada, sql).await, [expected], "{sql}");
    }
}
