//! One file in each format and compression, and the options of CSV.

use super::Place;

/// Types that every format keeps.
const ORDERS: &str = "SELECT * FROM (VALUES \
    (1, 'ann', 9.5, TIMESTAMP '2024-01-02T03:04:05'), (2, 'bob', NULL, TIMESTAMP '2024-02-03T00:00:00'), \
    (3, NULL, -1.25, TIMESTAMP '2024-03-04T23:59:59')) AS t(id, who, amount, at)";

const EXPECTED: &str =
    "1|ann|9.5|2024-01-02 03:04:05\n2|bob||2024-02-03 00:00:00\n3||-1.25|2024-03-04 23:59:59";

#[tokio::test(flavor = "multi_thread")]
async fn every_format_and_compression_reads_the_same() {
    let place = Place::new().await;
    for (file, format, options) in [
        ("a.parquet", "PARQUET", ""),
        ("b.arrow", "ARROW", ""),
        ("c.csv", "CSV", "OPTIONS ('format.has_header' 'true')"),
        (
            "d.csv.gz",
            "CSV",
            "OPTIONS ('format.has_header' 'true', 'format.compression' 'gzip')",
        ),
        (
            "e.csv.zst",
            "CSV",
            "OPTIONS ('format.has_header' 'true', 'format.compression' 'zstd')",
        ),
        ("f.ndjson", "JSON", ""),
        ("g.json.gz", "JSON", "OPTIONS ('format.compression' 'gzip')"),
        (
            "h.json.zst",
            "JSON",
            "OPTIONS ('format.compression' 'zstd')",
        ),
    ] {
        place.copy(ORDERS, file, format, options).await;
        let names = place.register(file).await;
        assert_eq!(names, [&file[..1]], "{file}");
        let sql = format!(
            "SELECT id, who, amount, arrow_cast(at, 'Timestamp(Second, None)')::VARCHAR FROM {} ORDER BY id",
            names[0]
        );
        assert_eq!(place.rows(&sql).await.replace('T', " "), EXPECTED, "{file}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_made_identifiers() {
    let place = Place::new().await;
    place.write("my-orders 2024.csv", "a\n1\n");
    assert_eq!(
        place.register("my-orders 2024.csv").await,
        ["my_orders_2024"]
    );
    assert_eq!(place.rows("SELECT a FROM my_orders_2024").await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn tabs_byte_order_marks_and_quoted_line_breaks_are_read() {
    let place = Place::new().await;
    place.write("t.tsv", "\u{feff}id\ttext\n1\t\"two\nlines\"\n2\tx\n");
    place.register("t.tsv").await;
    assert_eq!(
        place
            .rows("SELECT id, strpos(text, 'lines') FROM t ORDER BY id")
            .await,
        "1|5\n2|0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_options_shape_the_reading() {
    let place = Place::new().await;
    let path = place.write("odd.csv", "1;'a;b';NA\n2;NA;-\n3;'';7\n");
    place
        .rows(&format!(
            "CREATE EXTERNAL TABLE odd STORED AS CSV LOCATION '{path}' OPTIONS ('header' 'false', \
             'delimiter' ';', 'quote' '''', 'null_values' 'NA,-')"
        ))
        .await;
    assert_eq!(
        place.rows("SELECT * FROM odd ORDER BY column_1").await,
        "1|a;b|\n2||\n3||7"
    );
    assert_eq!(place.rows("SELECT sum(column_3) FROM odd").await, "7");
}

#[tokio::test(flavor = "multi_thread")]
async fn null_markers_hold_in_every_part_of_a_large_file() {
    let place = Place::new().await;
    let mut text = String::from("id,n\n");
    for id in 0..200_000 {
        let n = if id % 2 == 0 {
            "NA".to_string()
        } else {
            id.to_string()
        };
        text.push_str(&format!("{id},{n}\n"));
    }
    let path = place.write("large.csv", text);
    place
        .rows("SET datafusion.optimizer.repartition_file_min_size = 1000")
        .await;
    place
        .rows(&format!(
            "CREATE EXTERNAL TABLE large STORED AS CSV LOCATION '{path}' OPTIONS ('null_values' 'NA')"
        ))
        .await;
    assert_eq!(
        place
            .rows("SELECT count(*), count(n), sum(n) FROM large")
            .await,
        "200000|100000|10000000000"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn json_arrays_are_read_when_told() {
    let place = Place::new().await;
    let path = place.write("a.json", "[{\"x\": 1}, {\"x\": 2}]");
    place
        .rows(&format!(
            "CREATE EXTERNAL TABLE a STORED AS JSON LOCATION '{path}' OPTIONS ('newline_delimited' 'false')"
        ))
        .await;
    assert_eq!(place.rows("SELECT sum(x) FROM a").await, "3");
}

/// Every line of a value looks like a row, so that only the quotes tell where rows end.
#[tokio::test(flavor = "multi_thread")]
async fn line_breaks_within_values_are_part_of_them() {
    let place = Place::new().await;
    let mut text = String::from("id,note,amount\n");
    for id in 0..20_000 {
        text.push_str(&format!("{id},\"first\n{id},second,7\n3,third\",2\n"));
    }
    place.write("notes.csv", text);
    assert_eq!(place.register("notes.csv").await, ["notes"]);
    let sql = "SELECT count(*), sum(amount), max(id), count(DISTINCT note) FROM notes";
    assert_eq!(place.rows(sql).await, "20000|40000|19999|20000");
}
