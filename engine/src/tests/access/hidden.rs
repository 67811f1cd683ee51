//! Tables that are not allowed do not exist, however they are named.

use super::super::{cells, failure};
use super::{engine, session};
use crate::EngineError;

#[tokio::test]
async fn a_table_that_is_not_allowed_is_not_found_in_any_way() {
    let engine = engine().await;
    let session = session(&engine, &["german", "sales", "keeper"]);
    for sql in [
        "SELECT * FROM secrets",
        "SELECT * FROM public.secrets",
        "SELECT * FROM cohortql.public.secrets",
        "SELECT * FROM \"secrets\"",
        "WITH s AS (SELECT * FROM secrets) SELECT * FROM s",
        "WITH secrets AS (SELECT * FROM secrets) SELECT * FROM secrets",
        "WITH orders AS (SELECT * FROM secrets) SELECT * FROM orders",
        "SELECT * FROM (orders CROSS JOIN secrets)",
        "SELECT * FROM ((secrets))",
        "SELECT customer_id FROM orders UNION ALL SELECT id FROM secrets",
        "SELECT customer_id FROM orders INTERSECT SELECT id FROM secrets",
        "SELECT customer_id FROM orders EXCEPT SELECT id FROM secrets",
        "SELECT (SELECT max(word) FROM secrets) FROM orders",
        "SELECT * FROM orders o WHERE EXISTS (SELECT 1 FROM secrets s WHERE s.id = o.customer_id)",
        "SELECT * FROM orders WHERE customer_id IN (SELECT id FROM secrets)",
        "SELECT * FROM orders o, LATERAL (SELECT * FROM secrets s WHERE s.id = o.customer_id) l",
        "SELECT * FROM secret_view",
        "SELECT * FROM hidden.anything",
        "EXPLAIN SELECT * FROM secrets",
        "EXPLAIN ANALYZE SELECT * FROM secrets",
        "EXPLAIN VERBOSE SELECT * FROM secrets",
        "DESCRIBE secrets",
        "SHOW COLUMNS FROM secrets",
        "SHOW CREATE TABLE secret_view",
        "PREPARE p AS SELECT * FROM secrets",
        "CREATE TABLE sandbox.copied AS SELECT * FROM secrets",
        "CREATE VIEW sandbox.shown AS SELECT * FROM secrets",
        "COPY secrets TO '/tmp/never.csv'",
        "INSERT INTO secrets VALUES (2, 'x')",
        "SELECT * FROM rfm(secrets, customer => id, ts => word, amount => id)",
        "SELECT * FROM rfm((SELECT * FROM secrets), customer => id, ts => word, amount => id)",
        "SELECT * FROM secrets VERSION AS OF 1",
        "SELECT * FROM '/etc/passwd'",
    ] {
        let error = failure(&session, sql).await;
        let text = error.to_string();
        assert!(
            matches!(
                error,
                EngineError::NotFound { .. }
                    | EngineError::Plan { .. }
                    | EngineError::Denied { .. }
            ),
            "{sql}: {error:?}"
        );
        assert!(
            !text.contains("launch") && !text.contains("word"),
            "{sql}: {text}"
        );
    }
}

#[tokio::test]
async fn what_is_hidden_is_refused_in_the_words_for_what_is_not_there() {
    let engine = engine().await;
    let session = session(&engine, &["sales"]);
    let hidden = failure(&session, "SELECT * FROM secrets").await.to_string();
    let missing = failure(&session, "SELECT * FROM zzzzzzz").await.to_string();
    assert_eq!(hidden.replace("secrets", "zzzzzzz"), missing);
    // The nearest name would tell that it is there.
    let near = failure(&session, "SELECT * FROM secretz").await.to_string();
    assert!(!near.contains("secrets"), "{near}");
    let column = failure(&session, "SELECT card FROM orders")
        .await
        .to_string();
    assert!(!column.contains("customers"), "{column}");
}

#[tokio::test]
async fn a_cte_may_take_the_name_of_a_table_and_shows_its_own_rows() {
    let engine = engine().await;
    let session = session(&engine, &["sales"]);
    let sql = "WITH secrets AS (SELECT 7 AS id) SELECT * FROM secrets";
    assert_eq!(cells(&session, sql).await, "7");
}

#[tokio::test]
async fn a_view_shows_what_its_readers_do_not_see_otherwise() {
    let engine = engine().await;
    let session = session(&engine, &["sales"]);
    let sql = "SELECT * FROM revenue WHERE total > 10 ORDER BY total";
    assert_eq!(cells(&session, sql).await, "FR,30\n,50\nDE,70");
    failure(&session, "SELECT * FROM customers").await;
    for explain in ["EXPLAIN", "EXPLAIN VERBOSE", "EXPLAIN ANALYZE"] {
        let plan = cells(&session, &format!("{explain} SELECT * FROM revenue")).await;
        for told in ["customers", "country = ", "customer_id", "amount"] {
            assert!(!plan.contains(told), "{explain} tells {told}: {plan}");
        }
    }
}

#[tokio::test]
async fn the_information_schema_lists_what_may_be_seen() {
    let engine = engine().await;
    let session = session(&engine, &["german", "sales"]);
    let sql = "SELECT table_schema, table_name, table_type FROM information_schema.tables \
               WHERE table_schema NOT IN ('information_schema', 'system') ORDER BY 2";
    assert_eq!(
        cells(&session, sql).await,
        "public,customers,BASE TABLE\npublic,orders,BASE TABLE\npublic,revenue,VIEW"
    );
    let sql = "SELECT column_name FROM information_schema.columns \
               WHERE table_name = 'customers' ORDER BY ordinal_position";
    assert_eq!(
        cells(&session, sql).await,
        "id\nname\ncountry\nemail\nphone\nborn\nscore\ntags"
    );
    let sql = "SELECT count(*) FROM information_schema.columns WHERE table_name LIKE 'secret%'";
    assert_eq!(cells(&session, sql).await, "0");
    let sql = "SELECT count(definition) FROM information_schema.views";
    assert_eq!(cells(&session, sql).await, "0");
    let sql = "SELECT count(*) FROM information_schema.schemata WHERE schema_name = 'hidden'";
    assert_eq!(cells(&session, sql).await, "0");
    let sql = "SHOW TABLES";
    assert!(!cells(&session, sql).await.contains("secret"));
}

#[tokio::test]
async fn without_roles_nothing_is_there() {
    let engine = engine().await;
    for roles in [&[][..], &["unknown"][..]] {
        let session = session(&engine, roles);
        for sql in [
            "SELECT * FROM orders",
            "SELECT * FROM customers",
            "CREATE TABLE t (a INT)",
        ] {
            failure(&session, sql).await;
        }
        assert_eq!(cells(&session, "SELECT 1 + 1").await, "2");
    }
}

#[tokio::test]
async fn a_session_of_the_engine_itself_sees_everything() {
    let engine = engine().await;
    let session = engine.session();
    assert_eq!(cells(&session, "SELECT word FROM secrets").await, "launch");
    let session = super::session(&engine, &["all"]);
    assert_eq!(
        cells(&session, "SELECT word FROM secret_view").await,
        "launch"
    );
}
