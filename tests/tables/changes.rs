//! Files that come, change and go between queries.

use super::Place;

#[tokio::test(flavor = "multi_thread")]
async fn new_changed_and_deleted_files_count_at_once() {
    let place = Place::new().await;
    for format in ["csv", "parquet"] {
        let options = if format == "csv" {
            "OPTIONS ('format.has_header' 'true')"
        } else {
            ""
        };
        let write = async |file: &str, x: i64| {
            let name = format!("{format}_t/{file}.{format}");
            let _ = std::fs::remove_file(place.path(&name));
            place
                .copy(&format!("SELECT {x} AS x"), &name, format, options)
                .await
        };
        write("1", 1).await;
        let table = place.register(&format!("{format}_t")).await.remove(0);
        let sum = format!("SELECT count(*), sum(x), max(x) FROM {table}");
        assert_eq!(place.rows(&sum).await, "1|1|1");
        let second = write("2", 10).await;
        assert_eq!(place.rows(&sum).await, "2|11|10");
        write("1", 5).await;
        assert_eq!(place.rows(&sum).await, "2|15|10");
        std::fs::remove_file(second).unwrap();
        assert_eq!(place.rows(&sum).await, "1|5|5");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn new_columns_are_seen() {
    let place = Place::new().await;
    place
        .copy("SELECT 1 AS x", "t/1.parquet", "PARQUET", "")
        .await;
    place.register("t").await;
    assert_eq!(place.rows("SELECT * FROM t").await, "1");
    place
        .copy("SELECT 2 AS x, 'b' AS y", "t/2.parquet", "PARQUET", "")
        .await;
    assert_eq!(place.rows("SELECT * FROM t ORDER BY x").await, "1|\n2|b");
    let columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 't'";
    assert_eq!(place.rows(columns).await, "x\ny");
    std::fs::remove_file(place.path("t/2.parquet")).unwrap();
    assert_eq!(place.rows("SELECT * FROM t").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replaced_file_brings_its_own_columns() {
    let place = Place::new().await;
    let json = r#"{"when": "2024-01-01", "who": "ada", "what": 3}"#;
    for (file, old, new) in [
        ("a.csv", "x,y\n1,2\n", "when,who,what\n2024-01-01,ada,3\n"),
        ("b.json", r#"{"x": 1}"#, json),
    ] {
        place.write(file, old);
        let table = place.register(file).await.remove(0);
        assert_eq!(place.rows(&format!("SELECT x FROM {table}")).await, "1");
        place.write(file, new);
        let select = format!("SELECT \"when\", who, what + 1 FROM {table}");
        assert_eq!(place.rows(&select).await, "2024-01-01|ada|4", "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_partition_is_seen() {
    let place = Place::new().await;
    place.write("p/day=2024-01-01/a.csv", "x\n1\n");
    place.register("p").await;
    place.write("p/day=2024-01-02/a.csv", "x\n2\n");
    assert_eq!(
        place
            .rows("SELECT day + INTERVAL '1' DAY, x FROM p ORDER BY x")
            .await,
        "2024-01-02|1\n2024-01-03|2"
    );
    place.write("p/day=soon/a.csv", "x\n3\n");
    let message = place.error("SELECT * FROM p").await;
    assert!(message.contains("partition column \"day\""), "{message}");
    assert!(message.contains("\"soon\""), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_goes_away_is_named() {
    let place = Place::new().await;
    let path = place.write("orders.csv", "x\n1\n");
    place.register("orders.csv").await;
    let session = place.engine.session();
    std::fs::remove_file(&path).unwrap();
    let message = session
        .sql("SELECT * FROM orders")
        .await
        .unwrap_err()
        .to_string();
    assert!(
        message.contains("orders.csv") && message.contains("does not exist"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_csv_with_its_columns_in_another_order_is_an_error() {
    let place = Place::new().await;
    place.write("t/1.csv", "a,b\n1,2\n");
    place.write("t/2.csv", "a,b\n3,4\n");
    place.register("t").await;
    place.write("t/3.csv", "b,a\n1,2\n");
    let message = place.error("SELECT sum(a) FROM t").await;
    assert!(
        message.contains("3.csv") && message.contains("(b, a)"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_inserted_into_a_folder() {
    let place = Place::new().await;
    place
        .copy("SELECT 1 AS x", "t/1.parquet", "PARQUET", "")
        .await;
    place.register("t").await;
    place.rows("INSERT INTO t VALUES (2), (3)").await;
    assert_eq!(place.rows("SELECT sum(x) FROM t").await, "6");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_gone_is_no_empty_table() {
    let place = Place::new().await;
    place
        .copy("SELECT 1 AS x", "gone/1.parquet", "PARQUET", "")
        .await;
    place.register("gone").await;
    std::fs::remove_dir_all(place.path("gone")).unwrap();
    let message = place.error("SELECT count(*) FROM gone").await;
    assert!(message.contains("does not exist any more"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_fails_leaves_the_old_file() {
    let place = Place::new().await;
    for name in ["kept.csv", "kept.parquet", "kept.json"] {
        let path = place.write(name, "precious");
        let failing =
            format!("COPY (SELECT 1 / (value - 90000) AS x FROM range(0, 100000)) TO '{path}'");
        for sql in [&failing, &format!("EXPLAIN ANALYZE {failing}")] {
            let message = place.error(sql).await;
            assert!(message.contains("Divide by zero"), "{message}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
        }
        let sql = format!("COPY (SELECT 5 AS x) TO '{path}'");
        assert_eq!(place.rows(&sql).await, "1");
        assert_ne!(std::fs::read(&path).unwrap(), b"precious");
    }
    let left = std::fs::read_dir(place.path("")).unwrap().count();
    assert_eq!(left, 3, "nothing else is left behind");
    place
        .copy("SELECT 5 AS x", "new/folder/x.csv", "CSV", "")
        .await;
}
