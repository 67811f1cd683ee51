//! Masked columns stay masked, whatever is made of them.

use super::super::{batches, cells, failure};
use super::{engine, session};

#[tokio::test]
async fn each_mask_shows_what_it_says() {
    let engine = engine().await;
    let session = session(&engine, &["german"]);
    let sql = "SELECT id, name, phone, born, score, length(email) FROM customers ORDER BY id";
    assert_eq!(
        cells(&session, sql).await,
        "1,****,****1111,,0.0,64\n3,****,****,,0.0,64\n5,****,****5678,,,64\n7,,,,0.0,"
    );
    // Equal values have equal hashes, which are none of the values.
    let sql =
        "SELECT count(DISTINCT email), count(email), bool_or(email LIKE '%@%') FROM customers";
    assert_eq!(cells(&session, sql).await, "2,3,false");
}

#[tokio::test]
async fn masks_hold_under_casts_filters_joins_orders_and_groups() {
    let engine = engine().await;
    let session = session(&engine, &["german", "sales"]);
    for (sql, expected) in [
        ("SELECT count(*) FROM customers WHERE name = 'ada'", "0"),
        ("SELECT count(*) FROM customers WHERE name = '****'", "3"),
        (
            "SELECT count(*) FROM customers WHERE email = 'ada@example.org'",
            "0",
        ),
        (
            "SELECT count(*) FROM customers WHERE email LIKE 'ada%'",
            "0",
        ),
        (
            "SELECT count(*) FROM customers WHERE substr(phone, 1, 3) = '+49'",
            "0",
        ),
        (
            "SELECT count(*) FROM customers WHERE CAST(born AS VARCHAR) = '1990-01-01'",
            "0",
        ),
        (
            "SELECT count(*) FROM customers WHERE born < DATE '2000-01-01'",
            "0",
        ),
        (
            "SELECT count(*) FROM customers WHERE CAST(score AS BIGINT) = 1",
            "0",
        ),
        (
            "SELECT name, count(*) FROM customers GROUP BY name ORDER BY name NULLS LAST",
            "****,3\n,1",
        ),
        (
            "SELECT DISTINCT CAST(name AS BYTEA) IS NULL FROM customers ORDER BY 1",
            "false\ntrue",
        ),
        (
            "SELECT count(*) FROM customers a JOIN (VALUES ('ada')) v(n) ON a.name = v.n",
            "0",
        ),
        (
            "SELECT count(*) FROM customers a JOIN (VALUES ('ada@example.org')) v(e) ON email = e",
            "0",
        ),
        ("SELECT max(name) FROM customers", "****"),
        ("SELECT min(born) FROM customers", ""),
        (
            "SELECT first_value(score ORDER BY score) FROM customers WHERE score IS NOT NULL",
            "0.0",
        ),
        (
            "SELECT string_agg(name, ',') FROM customers",
            "****;****;****",
        ),
        (
            "SELECT max(n) FROM (SELECT name AS n FROM customers UNION ALL SELECT 'a') u",
            "a",
        ),
        (
            "SELECT DISTINCT (SELECT max(name) FROM customers c WHERE c.id = o.customer_id) FROM orders o \
          WHERE customer_id IN (1, 3)",
            "****",
        ),
        (
            "SELECT count(*) FROM (customers c JOIN orders o ON c.id = o.customer_id) WHERE name = 'ada'",
            "0",
        ),
        (
            "SELECT lag(name) OVER (ORDER BY id) FROM customers ORDER BY id LIMIT 2",
            "\n****",
        ),
        (
            "SELECT count(*) FROM customers WHERE name IN ('ada', 'cleo')",
            "0",
        ),
        (
            "SELECT count(*) FROM customers WHERE name BETWEEN 'a' AND 'z'",
            "0",
        ),
        (
            "SELECT CASE WHEN name = 'ada' THEN 1 ELSE 0 END AS x FROM customers GROUP BY x",
            "0",
        ),
        (
            "WITH c AS (SELECT name AS n FROM customers) SELECT count(*) FROM c WHERE n = 'ada'",
            "0",
        ),
    ] {
        let got = cells(&session, sql)
            .await
            .replace("****,****", "****;****")
            .replace("****,****", "****;****");
        assert_eq!(got, expected, "{sql}");
    }
}

#[tokio::test]
async fn the_order_of_masked_values_tells_nothing() {
    let engine = engine().await;
    let session = session(&engine, &["german"]);
    let by_score = cells(
        &session,
        "SELECT id FROM customers WHERE score IS NOT NULL ORDER BY score DESC, id",
    )
    .await;
    assert_eq!(by_score, "1\n3\n7");
    let ranks = "SELECT id, rank() OVER (ORDER BY score) FROM customers WHERE score IS NOT NULL ORDER BY id";
    assert_eq!(cells(&session, ranks).await, "1,1\n3,1\n7,1");
}

#[tokio::test]
async fn errors_show_masked_values_only() {
    let engine = engine().await;
    let session = session(&engine, &["german"]);
    for sql in [
        "SELECT CAST(name AS BIGINT) FROM customers",
        "SELECT CAST(email AS BIGINT) FROM customers",
        "SELECT CAST(phone AS DATE) FROM customers",
        "SELECT arrow_cast(name, 'Int8') FROM customers",
    ] {
        let text = failure(&session, sql).await.to_string();
        for value in ["ada", "cleo", "eve", "@example", "+49", "1234"] {
            assert!(!text.contains(value), "{sql}: {text}");
        }
    }
}

#[tokio::test]
async fn hidden_columns_do_not_exist() {
    let engine = engine().await;
    let session = session(&engine, &["german"]);
    for sql in [
        "SELECT card FROM customers",
        "SELECT 1 FROM customers WHERE card > 0",
        "SELECT 1 FROM customers ORDER BY card",
        "SELECT count(*) FROM customers GROUP BY card",
        "SELECT c.card FROM customers c",
        "SELECT customers.card FROM customers",
    ] {
        let text = failure(&session, sql).await.to_string();
        assert!(
            text.contains("card") && !text.contains("4000"),
            "{sql}: {text}"
        );
    }
    let all = batches(&session, "SELECT * FROM customers").await.unwrap();
    assert!(all[0].schema().field_with_name("card").is_err());
}

#[tokio::test]
async fn a_mask_that_does_not_fit_closes_the_table() {
    let engine = engine().await;
    let config = r#"
        [roles.wrong.tables."public.customers"]
        masks = { born = "last4" }
        [roles.gone.tables."public.customers"]
        columns = ["nothing"]
        [roles.asking.tables."public.customers"]
        filter = "id IN (SELECT id FROM secrets)"
        [roles.broken.tables."public.customers"]
        filter = "no_such_column = 1"
        [roles.two.tables."public.customers"]
        filter = "true) OR (true"
    "#;
    engine
        .set_roles(crate::Config::parse(config).unwrap().roles)
        .unwrap();
    for role in ["wrong", "gone", "asking", "broken", "two"] {
        let session = session(&engine, &[role]);
        let text = failure(&session, "SELECT * FROM customers")
            .await
            .to_string();
        assert_eq!(
            text, "the rights on table \"customers\" do not fit it; the server's log says why",
            "{role}"
        );
    }
}
