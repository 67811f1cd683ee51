//! Rows that do not fit.

use super::{Shop, with_columns};
use crate::load::{LoadRequest, MaxQuarantined};

const COLUMNS: &str = "id BIGINT, at TIMESTAMP, amount DECIMAL(6,2), name VARCHAR";

#[tokio::test]
async fn every_row_is_told_with_its_reasons() {
    let shop = Shop::new().await;
    let text = "id,at,amount,name\n1,2024-01-01,1.50,a\n2,yesterday,1.505,b\n3,2024-01-01,1\n\
                ,2024-01-01,1,\"two\nlines\"\n5,2024-01-01,1,e,f\n";
    let request = LoadRequest {
        not_null: vec!["id".to_owned()],
        ..with_columns(shop.file("a.csv", text), COLUMNS)
    };
    let loaded = shop.load(request).await.unwrap();
    assert_eq!((loaded.counts.inserted, loaded.counts.quarantined), (1, 4));
    assert_eq!(
        loaded.quarantine.as_deref(),
        Some("public.orders_quarantine")
    );
    let sql = "SELECT q.row_number, r.column_name, r.value, r.expected, r.problem \
               FROM (SELECT row_number, unnest(reasons) AS r FROM orders_quarantine) AS q \
               ORDER BY 1, 2";
    let sql = sql.replace("r.column_name", "r['column_name']");
    let sql = sql
        .replace("r.value", "r['value']")
        .replace("r.expected", "r['expected']");
    let sql = sql.replace("r.problem", "r['problem']");
    let expected = [
        "3,amount,1.505,DECIMAL(6,2),is no DECIMAL(6,2)",
        "3,at,yesterday,TIMESTAMP,is no TIMESTAMP",
        "4,,,,has 3 fields instead of 4",
        "5,id,,BIGINT,is NULL",
        "7,,,,has 5 fields instead of 4",
    ];
    assert_eq!(shop.cells(&sql).await, expected.join("\n"));
    let raw = "SELECT raw FROM orders_quarantine WHERE row_number IN (4, 5) ORDER BY row_number";
    assert_eq!(
        shop.cells(raw).await,
        "[\"3\",\"2024-01-01\",\"1\"]\n\
         {\"amount\":\"1\",\"at\":\"2024-01-01\",\"id\":\"\",\"name\":\"two\\nlines\"}"
    );
    let whose = "SELECT DISTINCT load_id, right(source, 5) FROM orders_quarantine";
    assert_eq!(shop.cells(whose).await, format!("{},a.csv", loaded.id));
}

#[tokio::test]
async fn more_than_allowed_load_nothing_but_themselves() {
    let shop = Shop::new().await;
    shop.counts(with_columns(shop.file("a.csv", "id\n1\n"), "id BIGINT"))
        .await;
    let text = "id\n1\nx\ny\n4\n";
    let limited = |most: &str| LoadRequest {
        max_quarantined: Some(most.parse::<MaxQuarantined>().unwrap()),
        ..shop.file("b.csv", text)
    };
    for most in ["1", "49.9%"] {
        let error = shop.refusal(limited(most)).await;
        assert_eq!(
            error,
            format!(
                "2 of 4 rows do not fit, more than the {most} of --max-quarantined, and nothing was \
                 loaded: \"orders_quarantine\" says why"
            )
        );
        assert_eq!(shop.cells("SELECT count(*) FROM orders").await, "1");
    }
    let counts = shop.counts(limited("2")).await;
    assert_eq!((counts.inserted, counts.quarantined), (2, 2));
    assert_eq!(shop.cells("SELECT count(*) FROM orders").await, "3");
}

#[tokio::test]
async fn lines_of_json_that_are_none_are_kept_as_they_stood() {
    let shop = Shop::new().await;
    let text = "{\"id\":1,\"tags\":[\"a\"]}\n{\"id\":2,\n[3]\n\n{\"id\":\"4\",\"tags\":null}\n\
                {\"id\":5.5}\n";
    let request = with_columns(shop.file("a.json", text), "id BIGINT, tags VARCHAR");
    let counts = shop.counts(request).await;
    assert_eq!(
        (counts.read, counts.inserted, counts.quarantined),
        (5, 2, 3)
    );
    let all = shop.cells("SELECT id, tags FROM orders ORDER BY id").await;
    assert_eq!(all, "1,[\"a\"]\n4,");
    let aside = "SELECT row_number, raw FROM orders_quarantine ORDER BY row_number";
    assert_eq!(
        shop.cells(aside).await,
        "2,\"{\\\"id\\\":2,\"\n3,[3]\n6,{\"id\":5.5}"
    );
}

#[tokio::test]
async fn a_table_of_that_name_that_is_none_is_left_alone() {
    let shop = Shop::new().await;
    let mut other = shop.file("other.csv", "id\n1\n");
    other.table = "orders_quarantine".to_owned();
    shop.counts(other).await;
    let error = shop.refusal(shop.file("a.csv", "id\n1\n")).await;
    assert!(
        error.contains("is not one that loads put rows into"),
        "{error}"
    );
}

#[tokio::test]
async fn a_quote_that_is_never_closed_takes_no_rows_along() {
    let shop = Shop::new().await;
    let text = "id,name\n1,\"a\"\"b\"\n2,5\" pipe\n3,\"open\n4,d\n";
    let counts = shop.counts(shop.file("a.csv", text)).await;
    // A quote within a text is no more than that, so that here both are even.
    assert_eq!((counts.inserted, counts.quarantined), (3, 0));
    let text = "id,name\n1,\"a\"\"b\"\n3,\"open\n4,d\n";
    let counts = shop.counts(shop.file("b.csv", text)).await;
    assert_eq!((counts.inserted, counts.quarantined), (1, 1));
    let aside = "SELECT row_number, raw, reasons[1]['problem'] FROM orders_quarantine";
    let expected = "3,[\"3\",\"open\\n4,d\\n\"],has a quote that is never closed";
    assert_eq!(shop.cells(aside).await, expected);
}
