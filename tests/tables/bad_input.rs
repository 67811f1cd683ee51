//! Broken files and wrong paths, each with its message.

use super::Place;

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_file_names_the_nearest() {
    let place = Place::new().await;
    place.write("orders.csv", "x\n1\n");
    let message = place.refusal("odrers.csv").await;
    assert!(message.contains("does not exist"), "{message}");
    assert!(
        message.contains("did you mean \"orders.csv\"?"),
        "{message}"
    );
    let message = place.refusal("nowhere/orders.csv").await;
    assert!(message.contains("there is no folder"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_files_and_folders_say_so() {
    let place = Place::new().await;
    place.write("empty.csv", "");
    assert!(place.refusal("empty.csv").await.contains("is empty"));
    std::fs::create_dir(place.path("void")).unwrap();
    assert!(place.refusal("void").await.contains("holds no data files"));
    place.write("docs/README.md", "x");
    let message = place.refusal("docs").await;
    assert!(
        message.contains("holds no data files") && message.contains(".parquet"),
        "{message}"
    );
    place.write("notes.txt", "x");
    let message = place.refusal("notes.txt").await;
    assert!(message.contains("can't be told from its name"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_of_the_wrong_type_names_file_line_and_column() {
    let place = Place::new().await;
    let path = place.write("t.csv", "id,amount\n1,2\n2,x\n");
    place
        .rows(&format!(
            "CREATE EXTERNAL TABLE t (id BIGINT, amount BIGINT) STORED AS CSV LOCATION '{path}'"
        ))
        .await;
    let message = place.error("SELECT sum(amount) FROM t").await;
    assert!(
        message.contains("t.csv\": line 3: column \"amount\" must be Int64, got \"x\""),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ragged_rows_name_file_and_line() {
    let place = Place::new().await;
    place.write("t.csv", "a,b\n1,2\n3\n");
    let message = place.refusal("t.csv").await;
    assert!(message.contains("t.csv"), "{message}");
    assert!(
        message.contains("line 3: expected 2 fields, got 1"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_parquet_says_so() {
    let place = Place::new().await;
    let path = place
        .copy("SELECT 1 AS x", "t.parquet", "PARQUET", "")
        .await;
    let bytes = std::fs::read(&path).unwrap();
    place.write("cut/t.parquet", &bytes[..bytes.len() - 6]);
    let message = place.refusal("cut/t.parquet").await;
    assert!(
        message.contains("cut/t.parquet") && message.contains("footer"),
        "{message}"
    );
    place.write("cut/u.parquet", &bytes);
    let message = place.refusal("cut").await;
    assert!(message.contains("cut/t.parquet"), "{message}");
    // A file that is damaged later is named by the query.
    place.register("t.parquet").await;
    place.write("t.parquet", &bytes[..bytes.len() - 6]);
    let message = place.error("SELECT x FROM t").await;
    assert!(
        message.contains("t.parquet") && message.contains("footer"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_truncated_compressed_file_says_so() {
    let place = Place::new().await;
    let options = "OPTIONS ('format.has_header' 'true', 'format.compression' 'gzip')";
    let query = "SELECT value AS x, random() AS y FROM generate_series(1, 50000)";
    let path = place.copy(query, "t.csv.gz", "CSV", options).await;
    let bytes = std::fs::read(&path).unwrap();
    place.write("cut.csv.gz", &bytes[..bytes.len() / 2]);
    place.register("cut.csv.gz").await;
    let message = place.error("SELECT count(y) FROM cut").await;
    assert!(message.contains("cut.csv.gz"), "{message}");
    assert!(message.contains("ends too early"), "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn mixed_formats_in_one_table_are_refused() {
    let place = Place::new().await;
    place.write("d/a.csv", "x\n1\n");
    place.write("d/b.json", "{\"x\": 1}\n");
    let path = place.path("d");
    let error = place
        .engine
        .register_path(&path, Some("d"))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("several formats (csv, json)"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_does_not_quote_the_whole_file() {
    let place = Place::new().await;
    let rows: Vec<_> = (0..50_000).map(|id| format!("{{\"id\":{id}}}")).collect();
    place.write("array.json", format!("[{}]", rows.join(",")));
    let message = place.refusal("array.json").await;
    assert!(message.len() < 2_000, "{} bytes", message.len());
}
