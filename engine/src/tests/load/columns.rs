//! Which columns a table has and gets.

use super::{Shop, replacing, with_columns};
use crate::load::LoadRequest;

#[tokio::test]
async fn columns_are_found_by_name() {
    let shop = Shop::new().await;
    shop.counts(shop.file("a.csv", "id,Name,at\n1,a,2024-01-01\n"))
        .await;
    shop.counts(shop.file("b.csv", "AT,id,name\n2024-01-02,2,b\n"))
        .await;
    shop.counts(shop.file("c.csv", "id\n3\n")).await;
    let all = shop
        .cells("SELECT id, \"Name\", at FROM orders ORDER BY id")
        .await;
    assert_eq!(all, "1,a,2024-01-01\n2,b,2024-01-02\n3,,");
}

#[tokio::test]
async fn columns_are_renamed_where_names_do_not_fit() {
    let shop = Shop::new().await;
    let error = shop.refusal(shop.file("a.csv", "Order ID\n1\n")).await;
    assert!(
        error.starts_with("column \"Order ID\" needs another name"),
        "{error}"
    );
    let mut request = shop.request("a.csv");
    request
        .rename
        .insert("id".to_owned(), "Order ID".to_owned());
    shop.counts(request).await;
    assert_eq!(shop.cells("SELECT id FROM orders").await, "1");
    let mut request = shop.request("a.csv");
    request.rename.insert("id".to_owned(), "order".to_owned());
    let error = shop.refusal(request).await;
    assert!(error.contains("\"order\" is no column of"), "{error}");
}

#[tokio::test]
async fn new_columns_are_added_when_asked_for() {
    let shop = Shop::new().await;
    shop.counts(shop.file("a.csv", "id\n1\n")).await;
    let more = shop.file("b.csv", "id,at,n\n2,2024-01-01 10:00:00,5\n");
    let error = shop.refusal(more.clone()).await;
    assert!(
        error
            .contains("has columns that table \"orders\" lacks, \"at\", \"n\": give --add-columns"),
        "{error}"
    );
    let loaded = shop
        .load(LoadRequest {
            add_columns: true,
            ..more
        })
        .await
        .unwrap();
    assert_eq!(loaded.added_columns, ["at", "n"]);
    let all = "SELECT * FROM orders ORDER BY id";
    assert_eq!(shop.cells(all).await, "1,,\n2,2024-01-01T10:00:00,5");
    // Rows without them still come, and other engines' sessions see the same.
    shop.counts(shop.file("c.csv", "id\n3\n")).await;
    let other = super::open(shop.folder.path()).await;
    let found = super::cells(other.default_session(), all).await;
    assert_eq!(found, "1,,\n2,2024-01-01T10:00:00,5\n3,,");
}

#[tokio::test]
async fn types_stay_or_widen_with_all_rows() {
    let shop = Shop::new().await;
    shop.counts(with_columns(shop.file("a.csv", "id\n1\n"), "id INT"))
        .await;
    let error = shop
        .refusal(with_columns(shop.file("b.csv", "id\n2\n"), "id BIGINT"))
        .await;
    assert!(
        error.contains("only --mode replace makes it BIGINT"),
        "{error}"
    );
    let wide = replacing(with_columns(shop.request("b.csv"), "id BIGINT"));
    assert_eq!(shop.counts(wide).await.removed, 1);
    assert_eq!(
        shop.cells("SELECT arrow_typeof(id), id FROM orders").await,
        "Int64,2"
    );
    let narrow = replacing(with_columns(shop.request("b.csv"), "id INT"));
    let error = shop.refusal(narrow).await;
    assert!(
        error.contains("is BIGINT, which INT cannot hold"),
        "{error}"
    );
}

#[tokio::test]
async fn a_typed_source_that_a_column_cannot_hold_is_refused() {
    let shop = Shop::new().await;
    shop.counts(with_columns(
        shop.file("a.csv", "id,n\n1,1\n"),
        "id BIGINT, n INT",
    ))
    .await;
    let copy = |sql: &str, name: &str| {
        let path = shop.path(name).display().to_string();
        format!("COPY ({sql}) TO '{path}' STORED AS PARQUET")
    };
    let session = shop.session();
    for (value, came) in [
        ("1.5::DOUBLE", "DOUBLE"),
        ("1::BIGINT", "BIGINT"),
        ("TRUE", ""),
    ] {
        let sql = copy(
            &format!("SELECT 2::BIGINT AS id, {value} AS n"),
            "b.parquet",
        );
        session.sql(&sql).await.unwrap();
        let loaded = shop.load(shop.request("b.parquet")).await;
        match came {
            "" => assert_eq!(loaded.unwrap().counts.inserted, 1),
            came => {
                let error = loaded.unwrap_err().to_string();
                assert!(
                    error.contains(&format!("must be INT, got {came}")),
                    "{error}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_table_may_be_elsewhere_and_be_found_there() {
    let shop = Shop::new().await;
    let location = shop.path("elsewhere/orders").display().to_string();
    let there = |request: LoadRequest| LoadRequest {
        location: Some(location.clone()),
        ..request
    };
    let text = "id\n1\n";
    shop.counts(with_columns(there(shop.file("a.csv", text)), "id BIGINT"))
        .await;
    shop.counts(there(shop.file("b.csv", "id\nx\n3\n"))).await;
    assert_eq!(shop.cells("SELECT sum(id) FROM orders").await, "4");
    assert!(shop.path("elsewhere/orders_quarantine/_delta_log").is_dir());
    let mut twin = there(shop.file("c.csv", "id\n5\n"));
    twin.table = "twin".to_owned();
    shop.counts(twin).await;
    assert_eq!(shop.cells("SELECT sum(id) FROM twin").await, "9");
    let other = LoadRequest {
        location: Some(shop.path("third").display().to_string()),
        ..shop.file("d.csv", "id\n5\n")
    };
    let error = shop.refusal(other).await;
    assert!(error.contains("leave out --location"), "{error}");
}
