//! Formats, folders and patterns.

use std::collections::BTreeMap;

use super::{Shop, with_columns};
use crate::load::{LoadRequest, LoadSource};

#[tokio::test]
async fn formats_give_the_same_rows() {
    let shop = Shop::new().await;
    shop.counts(shop.file("a.csv", "id,at,name\n1,2024-01-01,a\n2,,\"b,\nc\"\n"))
        .await;
    let all = "SELECT id, at, name FROM orders ORDER BY id";
    let expected = shop.cells(all).await;
    for (format, extension) in [("PARQUET", "parquet"), ("JSON", "json"), ("ARROW", "arrow")] {
        let path = shop.path(&format!("b.{extension}")).display().to_string();
        let copy = format!("COPY (SELECT * FROM orders) TO '{path}' STORED AS {format}");
        shop.session().sql(&copy).await.unwrap();
        let mut request = shop.request(&format!("b.{extension}"));
        request.table = format!("of_{extension}");
        let request = with_columns(request, "id BIGINT, at DATE, name VARCHAR");
        assert_eq!(shop.counts(request).await.inserted, 2);
        let found = shop
            .cells(&all.replace("orders", &format!("of_{extension}")))
            .await;
        assert_eq!(found, expected, "{format}");
    }
}

#[tokio::test]
async fn folders_and_patterns_are_all_their_files() {
    let shop = Shop::new().await;
    std::fs::create_dir(shop.path("days")).unwrap();
    for day in 1..4 {
        shop.file(
            &format!("days/{day}.csv"),
            &format!("id,day\n{day},{day}\nx,{day}\n"),
        );
    }
    let counts = shop
        .counts(with_columns(shop.request("days"), "id BIGINT, day BIGINT"))
        .await;
    assert_eq!((counts.inserted, counts.quarantined), (3, 3));
    let files = "SELECT right(source, 5), row_number FROM orders_quarantine ORDER BY 1";
    assert_eq!(shop.cells(files).await, "1.csv,3\n2.csv,3\n3.csv,3");
    let mut some = shop.request("days/[12].csv");
    some.table = "some".to_owned();
    assert_eq!(
        shop.counts(with_columns(some, "id BIGINT, day BIGINT"))
            .await
            .inserted,
        2
    );
}

#[tokio::test]
async fn names_of_folders_are_columns() {
    let shop = Shop::new().await;
    for day in 1..3 {
        std::fs::create_dir_all(shop.path(&format!("parted/day={day}"))).unwrap();
        shop.file(&format!("parted/day={day}/a.csv"), &format!("id\n{day}0\n"));
    }
    assert_eq!(shop.counts(shop.request("parted")).await.inserted, 2);
    let all = shop.cells("SELECT id, day FROM orders ORDER BY id").await;
    assert_eq!(all, "10,1\n20,2");
}

#[tokio::test]
async fn options_are_those_of_the_format() {
    let shop = Shop::new().await;
    let text = "id;name\n1;NA\n2;'a;b'\n";
    let request = shop.file("a.csv", text);
    let with = |options: &[(&str, &str)]| {
        let options = options
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let LoadSource::Files { location, .. } = &request.source else {
            panic!("files are asked for");
        };
        LoadRequest {
            source: LoadSource::Files {
                location: location.clone(),
                format: Some("csv".to_owned()),
                options: options.collect::<BTreeMap<_, _>>(),
            },
            ..request.clone()
        }
    };
    let options = [("delimiter", ";"), ("quote", "'"), ("null_values", "NA")];
    assert_eq!(shop.counts(with(&options)).await.inserted, 2);
    let all = shop.cells("SELECT id, name FROM orders ORDER BY id").await;
    assert_eq!(all, "1,\n2,a;b");
    let error = shop.refusal(with(&[("delimitr", ";")])).await;
    assert!(error.contains("did you mean \"delimiter\"?"), "{error}");
}
