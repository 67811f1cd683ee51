//! Columns under other names, and rows that are marked as deleted.

use super::Place;

#[tokio::test(flavor = "multi_thread")]
async fn deleted_rows_and_their_mark_are_out_of_sight() {
    let place = Place::new().await;
    for (kind, live, dead) in [
        ("BOOLEAN", "false", "true"),
        ("BIGINT", "0", "1"),
        ("VARCHAR", "'f'", "'t'"),
        ("VARCHAR", "'False'", "'TRUE'"),
        ("TIMESTAMP", "NULL", "'2024-01-01T00:00:00'"),
    ] {
        let query = format!(
            "SELECT id, gone::{kind} AS gone FROM (VALUES (1, {live}), (2, {dead}), (3, NULL)) AS v(id, gone)"
        );
        let _ = std::fs::remove_file(place.path("t.parquet"));
        let path = place.copy(&query, "t.parquet", "PARQUET", "").await;
        let create = format!(
            "CREATE OR REPLACE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{path}' \
             OPTIONS ('soft_delete_column' 'GONE')"
        );
        place.rows(&create).await;
        assert_eq!(
            place.rows("SELECT * FROM t ORDER BY id").await,
            "1\n3",
            "{kind} {dead}"
        );
        assert_eq!(
            place.rows("SELECT count(*) FROM t").await,
            "2",
            "{kind} {dead}"
        );
        assert!(place.error("SELECT gone FROM t").await.contains("gone"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_get_our_names_and_filters_reach_the_files() {
    let place = Place::new().await;
    let query = "SELECT 1 AS \"CustomerID\", 2.5 AS amt, false AS del";
    place.copy(query, "t/y=1/a.parquet", "PARQUET", "").await;
    place.copy(query, "t/y=2/a.parquet", "PARQUET", "").await;
    place
        .rows(&format!(
            "CREATE EXTERNAL TABLE t STORED AS PARQUET LOCATION '{}' OPTIONS \
             ('columns' 'customer = CustomerID, amount = amt, year = y', 'soft_delete_column' 'del')",
            place.path("t")
        ))
        .await;
    assert_eq!(
        place
            .rows("SELECT customer, amount, year FROM t WHERE year = 2")
            .await,
        "1|2.5|2"
    );
    let plan = place
        .rows("EXPLAIN SELECT customer FROM t WHERE year = 2")
        .await;
    assert!(!plan.contains("y=1"), "{plan}");
    assert_eq!(
        place.rows("SELECT x.customer FROM t AS x LIMIT 1").await,
        "1"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mapping_of_what_is_not_there_names_the_nearest() {
    let place = Place::new().await;
    let path = place.write("t.csv", "_fivetran_deleted,id\nfalse,1\n");
    let create = |options: &str| {
        format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{path}' OPTIONS ({options})")
    };
    let message = place
        .error(&create("'soft_delete_column' 'fivetran_deleted'"))
        .await;
    assert!(
        message.contains("did you mean \"_fivetran_deleted\"?"),
        "{message}"
    );
    let message = place
        .error(&create("'columns' '_fivetran_deleted = id'"))
        .await;
    assert!(message.contains("which another column is"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn declarations_in_the_configuration_do_the_same() {
    let place = Place::new().await;
    place.write("data/orders.csv", "order_no,deleted\n1,0\n2,1\n");
    place.write(
        "cohortql.toml",
        "[tables.orders]\nlocation = \"data/orders.csv\"\nsoft_delete_column = \"deleted\"\n\
         [tables.orders.columns]\norder_id = \"order_no\"\n",
    );
    let engine = cohortql_engine::Engine::builder()
        .config_file(place.path("cohortql.toml"))
        .build()
        .await
        .unwrap();
    assert_eq!(
        super::run(&engine, "SELECT order_id FROM orders")
            .await
            .unwrap(),
        "1"
    );
}
