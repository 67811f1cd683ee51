//! Rows that are filtered out leave no trace, and the rights of several roles add up row by row.

use super::super::{cells, failure};
use super::{engine, session};

#[tokio::test]
async fn hidden_rows_are_not_counted() {
    let engine = engine().await;
    let session = session(&engine, &["german"]);
    for (sql, expected) in [
        ("SELECT count(*) FROM customers", "4"),
        (
            "SELECT count(id), min(id), max(id), sum(id) FROM customers",
            "4,1,7,16",
        ),
        (
            "SELECT count(*) FROM customers WHERE country IS DISTINCT FROM 'DE'",
            "0",
        ),
        (
            "SELECT count(*) FROM customers WHERE country = 'FR' OR true",
            "4",
        ),
        (
            "SELECT count(*) FROM customers WHERE NOT country = 'DE'",
            "0",
        ),
        (
            "SELECT id FROM customers ORDER BY id DESC LIMIT 1 OFFSET 3",
            "1",
        ),
        (
            "SELECT count(*) FROM customers a FULL JOIN customers b ON a.id = b.id + 1",
            "8",
        ),
        (
            "SELECT count(*) FROM (SELECT id FROM customers UNION SELECT id FROM customers) u",
            "4",
        ),
        ("SELECT id FROM customers WHERE id = 2", ""),
        ("SELECT id FROM customers WHERE id = 1", "1"),
    ] {
        assert_eq!(cells(&session, sql).await, expected, "{sql}");
    }
}

#[tokio::test]
async fn a_condition_does_not_fail_on_a_hidden_row() {
    let engine = engine().await;
    let session = session(&engine, &["german"]);
    // Customer 2 is hidden: whoever gets an error learns that he exists.
    for sql in [
        "SELECT count(*) FROM customers WHERE 1 / (id - 2) < 100",
        "SELECT count(*) FROM customers WHERE CASE WHEN id = 2 THEN 1 / (id - 2) ELSE 0 END = 0",
        "SELECT count(*) FROM customers WHERE id = 2 AND 1 / (id - 2) < 100",
        "SELECT id FROM customers ORDER BY 1 / (id - 2) LIMIT 1",
        "SELECT 1 / (id - 2) AS x FROM customers ORDER BY x LIMIT 1",
        "SELECT count(*) FROM customers a JOIN customers b ON 1 / (a.id - 2) = 1 / (b.id - 6)",
        "SELECT count(*) FROM customers WHERE CAST(tags[1] AS VARCHAR) <> 'q' AND 1 / (id - 4) < 9",
        "SELECT max(1 / (id - 2)) FROM customers",
    ] {
        cells(&session, sql).await;
    }
    let error = failure(&session, "SELECT 1 / (id - 3) FROM customers").await;
    assert!(error.to_string().to_lowercase().contains("divi"), "{error}");
}

#[tokio::test]
async fn explain_shows_neither_filters_nor_masks_nor_counts() {
    let engine = engine().await;
    let session = session(&engine, &["german"]);
    for explain in [
        "EXPLAIN",
        "EXPLAIN VERBOSE",
        "EXPLAIN ANALYZE",
        "EXPLAIN ANALYZE VERBOSE",
        "EXPLAIN FORMAT TREE",
    ] {
        let plan = cells(
            &session,
            &format!("{explain} SELECT id, email FROM customers WHERE id > 2"),
        )
        .await;
        for told in [
            "DE",
            "country",
            "masked",
            "rows=7",
            "output_rows=7",
            "DataSource",
            "Memory",
            "Rows=Exact",
        ] {
            assert!(!plan.contains(told), "{explain} tells {told}: {plan}");
        }
    }
}

#[tokio::test]
async fn the_roles_of_a_user_add_up_row_by_row() {
    let engine = engine().await;
    // Germans by the first role, with a hash; everybody's address by the second, masked otherwise.
    let session = session(&engine, &["german", "support"]);
    let sql = "SELECT id, length(email), name FROM customers ORDER BY id";
    assert_eq!(
        cells(&session, sql).await,
        "1,64,****\n2,8,\n3,64,****\n4,8,\n5,64,****\n6,,\n7,,"
    );
    let whole = super::session(&engine, &["german", "all"]);
    let sql = "SELECT name, card FROM customers WHERE id = 2";
    assert_eq!(cells(&whole, sql).await, "bob,4000222");
}

#[tokio::test]
async fn a_filter_may_ask_who_is_reading() {
    let engine = engine().await;
    let session = session(&engine, &["own"]);
    assert_eq!(
        cells(&session, "SELECT id, card FROM customers").await,
        "1,4000111"
    );
    let quoted = crate::Principal {
        name: "' OR ''='".to_owned(),
        roles: vec!["own".to_owned()],
    };
    let session = engine.session_for(quoted, None);
    assert_eq!(cells(&session, "SELECT count(*) FROM customers").await, "0");
}

#[tokio::test]
async fn rights_that_were_taken_away_end_what_was_prepared() {
    let engine = engine().await;
    let session = session(&engine, &["sales", "german"]);
    let sql = "SELECT sum(amount) FROM orders";
    let statement = session.parse(sql).unwrap().remove(0);
    let planned = session.plan(&statement).await.unwrap();
    cells(&session, "PREPARE kept AS SELECT sum(amount) FROM orders").await;
    cells(&session, "PREPARE people AS SELECT count(*) FROM customers").await;
    assert_eq!(cells(&session, "EXECUTE kept").await, "150");
    assert_eq!(cells(&session, "EXECUTE people").await, "4");
    let mut roles = super::roles();
    roles.remove("sales");
    if let Some(german) = roles.get_mut("german")
        && let Some(table) = german.tables.get_mut("public.customers")
    {
        table.filter = Some("id = 1".to_owned());
    }
    engine.set_roles(roles).unwrap();
    let expected = "the rights of user \"ada\" on table";
    for outcome in [
        session.execute(planned).await.map(drop),
        super::super::batches(&session, "EXECUTE kept")
            .await
            .map(drop),
        super::super::batches(&session, "EXECUTE people")
            .await
            .map(drop),
    ] {
        let text = outcome.unwrap_err().to_string();
        assert!(text.starts_with(expected), "{text}");
    }
    failure(&session, sql).await;
    assert_eq!(cells(&session, "SELECT count(*) FROM customers").await, "1");
}
