//! What is wrong is said before anything is done.

use super::{Shop, by_id, merging, with_columns};
use crate::Engine;
use crate::load::{LoadRequest, LoadSource, Merge};

#[tokio::test]
async fn sources_that_hold_nothing_are_told() {
    let shop = Shop::new().await;
    for (name, text, expected) in [
        ("none.csv", None, "none.csv\" does not exist"),
        ("empty.csv", Some(""), "empty.csv\" is empty"),
        (
            "blank.csv",
            Some("\n\n"),
            "blank.csv\" holds no line of CSV",
        ),
        (
            "header.csv",
            Some("id,name\n"),
            "header.csv\" holds no rows, and nothing was loaded",
        ),
        ("twice.csv", Some("id,id\n1,2\n"), "two columns of"),
        ("unnamed.csv", Some("id,\n1,2\n"), "column 2 of"),
        ("orders.txt", Some("id\n1\n"), "can't be told from its name"),
        ("broken.parquet", Some("PAR1"), "broken.parquet"),
        (
            "array.json",
            Some("[{\"id\":1}]"),
            "give --option newline_delimited=false",
        ),
        ("none.json", Some("\n"), "holds no JSON object"),
    ] {
        let request = match text {
            Some(text) => shop.file(name, text),
            None => shop.request(name),
        };
        let error = shop.refusal(request).await;
        assert!(error.contains(expected), "{name}: {error}");
    }
    let missing = super::super::failure(shop.session(), "SELECT * FROM orders").await;
    assert!(
        missing.to_string().contains("\"orders\" does not exist"),
        "{missing}"
    );
    let empty = LoadRequest {
        allow_empty: true,
        ..shop.request("header.csv")
    };
    assert_eq!(shop.counts(empty).await.read, 0);
    assert_eq!(shop.cells("SELECT count(*) FROM orders").await, "0");
}

#[tokio::test]
async fn an_empty_extract_deletes_nothing() {
    let shop = Shop::new().await;
    shop.counts(shop.file("a.csv", "id\n1\n")).await;
    let error = shop
        .refusal(merging(shop.file("b.csv", "id\n"), super::full()))
        .await;
    assert!(error.contains("holds no rows"), "{error}");
    assert_eq!(shop.cells("SELECT * FROM orders").await, "1");
}

#[tokio::test]
async fn columns_that_are_not_there_are_named() {
    let shop = Shop::new().await;
    shop.counts(shop.file("a.csv", "id,name\n1,a\n")).await;
    let without_id = shop.file("b.csv", "name\na\n");
    let key = |names: &[&str]| Merge {
        key: names.iter().map(|name| (*name).to_owned()).collect(),
        ..Merge::default()
    };
    for (request, expected) in [
        (
            merging(without_id.clone(), by_id()),
            "key \"id\" is no column of",
        ),
        (
            merging(without_id.clone(), key(&["ids"])),
            "did you mean \"id\"?",
        ),
        (
            merging(without_id.clone(), key(&[])),
            "a merge needs the columns",
        ),
        (
            LoadRequest {
                not_null: vec!["id".to_owned()],
                ..without_id.clone()
            },
            "--not-null \"id\" is no column of",
        ),
        (with_columns(without_id.clone(), "name TEXTT"), "--columns"),
        (with_columns(without_id.clone(), ""), "--columns"),
        (
            LoadRequest {
                table: String::new(),
                ..without_id.clone()
            },
            "got an empty one",
        ),
        (
            LoadRequest {
                table: "nowhere.t".to_owned(),
                ..without_id
            },
            "schema \"nowhere\"",
        ),
    ] {
        let error = shop.refusal(request).await;
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[tokio::test]
async fn only_delta_tables_take_rows() {
    let shop = Shop::new().await;
    let session = shop.session();
    session
        .sql("CREATE VIEW v AS SELECT 1 AS id")
        .await
        .unwrap();
    session
        .sql("CREATE TABLE m AS SELECT 1 AS id")
        .await
        .unwrap();
    for (table, expected) in [("v", "\"v\" is a view"), ("m", "is no plain Delta table")] {
        let mut request = shop.file("a.csv", "id\n1\n");
        request.table = table.to_owned();
        let error = shop.refusal(request).await;
        assert!(error.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn without_a_project_a_table_needs_a_place() {
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("a.csv");
    std::fs::write(&file, "id\n1\n").unwrap();
    let engine = Engine::builder().build().await.unwrap();
    let request = LoadRequest::new(LoadSource::files(file.display().to_string()), "orders");
    let error = engine
        .default_session()
        .load(request.clone())
        .await
        .unwrap_err();
    assert!(
        error.to_string().starts_with("there is no project to keep"),
        "{error}"
    );
    let request = LoadRequest {
        location: Some(folder.path().join("orders").display().to_string()),
        ..request
    };
    let loaded = engine.default_session().load(request).await.unwrap();
    assert_eq!(loaded.counts.inserted, 1);
}
