//! Masked columns stay masked, whatever is made of them.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};

use super::*;

/// What ada asks, and what she gets.
const ASKED: [(&str, &[&str]); 19] = [
    (
        "SELECT id, name, phone, born, score FROM customers ORDER BY id",
        &[
            "1,****,****1111,NULL,0.0",
            "3,****,****,NULL,0.0",
            "5,****,****5678,NULL,NULL",
            "7,NULL,NULL,NULL,0.0",
        ],
    ),
    ("SELECT count(*) FROM customers WHERE name = 'ada'", &["0"]),
    (
        "SELECT count(*) FROM customers WHERE email LIKE 'ada%'",
        &["0"],
    ),
    (
        "SELECT count(*) FROM customers WHERE substr(phone, 1, 3) = '+49'",
        &["0"],
    ),
    (
        "SELECT count(*) FROM customers WHERE CAST(born AS VARCHAR) = '1990-01-01'",
        &["0"],
    ),
    (
        "SELECT count(*) FROM customers WHERE CAST(score AS BIGINT) = 1",
        &["0"],
    ),
    (
        "SELECT count(*) FROM customers WHERE name IN ('ada', 'cleo')",
        &["0"],
    ),
    (
        "SELECT DISTINCT CAST(name AS BYTEA) = CAST('ada' AS BYTEA) FROM customers WHERE id = 1",
        &["false"],
    ),
    (
        "SELECT name, count(*) FROM customers GROUP BY name ORDER BY name NULLS LAST",
        &["****,3", "NULL,1"],
    ),
    (
        "SELECT count(*) FROM customers a JOIN (VALUES ('ada')) v(n) ON a.name = v.n",
        &["0"],
    ),
    (
        "SELECT count(*) FROM (customers c JOIN orders o ON c.id = o.customer_id) WHERE name = 'ada'",
        &["0"],
    ),
    (
        "SELECT id FROM customers WHERE score IS NOT NULL ORDER BY score DESC, id",
        &["1", "3", "7"],
    ),
    (
        "SELECT id, rank() OVER (ORDER BY score) FROM customers WHERE score IS NOT NULL ORDER BY id",
        &["1,1", "3,1", "7,1"],
    ),
    ("SELECT max(name) FROM customers", &["****"]),
    (
        "SELECT max(n) FROM (SELECT name AS n FROM customers UNION ALL SELECT 'a') u",
        &["a"],
    ),
    (
        "SELECT DISTINCT (SELECT max(name) FROM customers c WHERE c.id = o.customer_id) \
         FROM orders o WHERE customer_id IN (1, 3)",
        &["****"],
    ),
    (
        "WITH c AS (SELECT name AS n FROM customers) SELECT count(*) FROM c WHERE n = 'ada'",
        &["0"],
    ),
    (
        "SELECT count(DISTINCT email), count(email), bool_or(email LIKE '%@%') FROM customers",
        &["2,3,false"],
    ),
    (
        "SELECT CASE WHEN name = 'ada' THEN 1 ELSE 0 END AS x FROM customers GROUP BY x",
        &["0"],
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn masks_hold_under_casts_filters_joins_orders_and_groups() {
    let guarded = shop().await;
    let ada = raw(&guarded, "ada").await;
    for (sql, expected) in ASKED {
        assert_eq!(rows(&ada, sql).await, *expected, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_are_bound_meet_masked_ones() {
    let guarded = shop().await;
    let mut ada = client(&guarded, "ada").await;
    for (sql, value, expected) in [
        ("SELECT count(*) FROM customers WHERE name = ?", "ada", "0"),
        (
            "SELECT count(*) FROM customers WHERE email = ?",
            "ada@example.org",
            "0",
        ),
        ("SELECT count(*) FROM customers WHERE name = ?", "****", "3"),
        (
            "SELECT count(*) FROM customers WHERE country = ?",
            "FR",
            "0",
        ),
    ] {
        let mut prepared = ada.prepare(sql.to_owned(), None).await.unwrap();
        let value: ArrayRef = Arc::new(StringArray::from(vec![value]));
        let bound = RecordBatch::try_from_iter([("v", value)]).unwrap();
        prepared.set_parameters(bound).unwrap();
        let info = prepared.execute().await.unwrap();
        let (_, batches) = fetch(&mut ada, info).await.unwrap();
        assert_eq!(texts(&batches), [expected], "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_show_masked_values_only() {
    let guarded = shop().await;
    for sql in [
        "SELECT CAST(name AS BIGINT) FROM customers",
        "SELECT CAST(email AS BIGINT) FROM customers",
        "SELECT CAST(phone AS DATE) FROM customers",
        "SELECT arrow_cast(name, 'Int8') FROM customers",
        "SELECT card FROM customers",
        "SELECT 1 FROM customers ORDER BY card",
        "SELECT count(*) FROM customers GROUP BY card",
    ] {
        let refused = refusals(&guarded, "ada", sql).await;
        assert!(refused.len() >= 3, "{sql}: {refused:?}");
        for (way, status) in refused {
            tells_nothing(&format!("{way} of {sql}"), &status);
            for value in ["ada@", "+49", "1234", "eve"] {
                assert!(!status.message().contains(value), "{sql}: {status:?}");
            }
        }
    }
}
