//! Delta tables: the newest version, older ones, deletion vectors, damage.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, SystemTime};

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use deltalake::DeltaTable;
use deltalake::protocol::SaveMode;
use std::sync::Arc;

use super::{Place, deletion_vector};

fn rows(ids: &[i64], who: &[&str]) -> RecordBatch {
    let ids: ArrayRef = Arc::new(Int64Array::from(ids.to_vec()));
    let who: ArrayRef = Arc::new(StringArray::from(who.to_vec()));
    RecordBatch::try_from_iter([("id", ids), ("who", who)]).unwrap()
}

/// Appends a commit to a table that is made when it is not there.
async fn append(path: &str, batch: RecordBatch, partitions: &[&str]) {
    std::fs::create_dir_all(path).unwrap();
    let url = deltalake::ensure_table_uri(path).unwrap();
    let table = DeltaTable::try_from_url(url).await.unwrap();
    let write = table.write([batch]).with_save_mode(SaveMode::Append);
    write
        .with_partition_columns(partitions.iter().map(ToString::to_string))
        .await
        .unwrap();
}

/// Appends a commit that has more columns than the table.
async fn add_columns(path: &str, batch: RecordBatch) {
    let url = deltalake::ensure_table_uri(path).unwrap();
    let table = DeltaTable::try_from_url(url).await.unwrap();
    table
        .write([batch])
        .with_schema_mode(deltalake::operations::write::SchemaMode::Merge)
        .await
        .unwrap();
}

fn commit(path: &str, version: u64) -> String {
    format!("{path}/_delta_log/{version:020}.json")
}

#[tokio::test(flavor = "multi_thread")]
async fn new_commits_are_seen_and_old_versions_stay() {
    let place = Place::new().await;
    let path = place.path("t");
    append(&path, rows(&[1], &["a"]), &[]).await;
    assert_eq!(place.register("t").await, ["t"]);
    assert_eq!(place.rows("SELECT count(*) FROM t").await, "1");
    append(&path, rows(&[2, 3], &["b", "c"]), &[]).await;
    assert_eq!(place.rows("SELECT count(*), max(who) FROM t").await, "3|c");
    append(&path, rows(&[4], &["d"]), &[]).await;
    for (version, count) in [(0, 1), (1, 3), (2, 4)] {
        let sql = format!("SELECT count(*) FROM t VERSION AS OF {version}");
        assert_eq!(place.rows(&sql).await, count.to_string());
    }
    assert_eq!(
        place
            .rows("SELECT n.id FROM t n LEFT JOIN t VERSION AS OF 1 AS o USING (id) WHERE o.id IS NULL")
            .await,
        "4"
    );
    assert_eq!(
        place
            .rows("SELECT t.id FROM t VERSION AS OF 0 WHERE t.id = 1")
            .await,
        "1"
    );
    let message = place.error("SELECT * FROM t VERSION AS OF 9").await;
    assert!(
        message.contains("no version 9; it has versions 0 to 2"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_time_finds_the_version_that_was_newest_then() {
    let place = Place::new().await;
    let path = place.path("t");
    let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    for (version, id) in [(0, 1), (1, 2)] {
        append(&path, rows(&[id], &["x"]), &[]).await;
        let file = File::options()
            .write(true)
            .open(commit(&path, version))
            .unwrap();
        file.set_modified(start + Duration::from_secs(3600 * version))
            .unwrap();
    }
    place.register("t").await;
    // 1,700,000,000 is 2023-11-14 22:13:20 in UTC.
    for (time, count) in [
        ("2023-11-14 22:13:20", "1"),
        ("2023-11-15 00:13:19+01:00", "1"),
        ("2023-11-15", "2"),
    ] {
        let sql = format!("SELECT count(*) FROM t TIMESTAMP AS OF '{time}'");
        assert_eq!(place.rows(&sql).await, count, "{time}");
    }
    let sql = "SELECT count(*) FROM t TIMESTAMP AS OF TIMESTAMP '2024-01-01 00:00:00'";
    assert_eq!(place.rows(sql).await, "2");
    let message = place
        .error("SELECT * FROM t TIMESTAMP AS OF '2020-01-01'")
        .await;
    assert!(
        message.contains("its oldest is of 2023-11-14T22:13:20"),
        "{message}"
    );
    let message = place
        .error("SELECT * FROM t TIMESTAMP AS OF 'yesterday'")
        .await;
    assert!(
        message.contains("must be a date or time, got 'yesterday'"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_of_what_has_none_is_an_error() {
    let place = Place::new().await;
    place.write("plain.csv", "x\n1\n");
    place.register("plain.csv").await;
    let message = place.error("SELECT * FROM plain VERSION AS OF 1").await;
    assert!(message.contains("only Delta tables"), "{message}");
    let message = place.error("SELECT * FROM nowhere VERSION AS OF 1").await;
    assert!(message.contains("nowhere"), "{message}");
    let message = place
        .error("WITH c AS (SELECT 1 AS x) SELECT * FROM c VERSION AS OF 1")
        .await;
    assert!(
        message.contains("no table \"c\" with versions"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn string_partitions_are_plain_and_columns_may_be_added() {
    let place = Place::new().await;
    let path = place.path("t");
    append(&path, rows(&[1, 2], &["a", "b"]), &["who"]).await;
    place.register("t").await;
    let kind = place.rows("SELECT DISTINCT arrow_typeof(who) FROM t").await;
    assert!(kind.starts_with("Utf8"), "{kind}");
    assert_eq!(place.rows("SELECT id FROM t WHERE who = 'b'").await, "2");
    let extra = RecordBatch::try_from_iter([
        ("id", Arc::new(Int64Array::from(vec![3])) as ArrayRef),
        ("who", Arc::new(StringArray::from(vec!["c"])) as ArrayRef),
        ("extra", Arc::new(Int64Array::from(vec![7])) as ArrayRef),
    ]);
    add_columns(&path, extra.unwrap()).await;
    assert_eq!(
        place.rows("SELECT id, extra FROM t ORDER BY id").await,
        "1|\n2|\n3|7"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn added_columns_are_everywhere_but_in_a_cte_of_that_name() {
    let place = Place::new().await;
    let path = place.path("t");
    let ids = |id: i64| Arc::new(Int64Array::from(vec![id])) as ArrayRef;
    let batch = RecordBatch::try_from_iter([("id", ids(1))]).unwrap();
    append(&path, batch, &[]).await;
    place.register("t").await;
    assert_eq!(place.rows("SELECT * FROM t").await, "1");
    let batch = RecordBatch::try_from_iter([("id", ids(2)), ("extra", ids(7))]).unwrap();
    add_columns(&path, batch).await;
    let columns = "SELECT column_name FROM information_schema.columns WHERE table_name = 't'";
    assert_eq!(place.rows(columns).await, "id\nextra");
    assert!(place.rows("DESCRIBE t").await.contains("extra"));
    let copy = place.path("copy.parquet");
    place.rows(&format!("COPY t TO '{copy}'")).await;
    place.register("copy.parquet").await;
    assert_eq!(
        place.rows("SELECT * FROM copy ORDER BY id").await,
        "1|\n2|7"
    );
    assert_eq!(
        place
            .rows("WITH t AS (SELECT 99 AS id) SELECT * FROM t")
            .await,
        "99"
    );
    let sql = "WITH o AS (SELECT * FROM t VERSION AS OF 0), t AS (SELECT 99 AS id) \
               SELECT o.*, t.* FROM o, t";
    assert_eq!(place.rows(sql).await, "1|99");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_inserted_as_a_version() {
    let place = Place::new().await;
    append(&place.path("t"), rows(&[1], &["a"]), &[]).await;
    place.register("t").await;
    place.rows("INSERT INTO t VALUES (2, 'b')").await;
    assert_eq!(
        place.rows("SELECT id, who FROM t ORDER BY id").await,
        "1|a\n2|b"
    );
    assert_eq!(place.rows("SELECT * FROM t VERSION AS OF 0").await, "1|a");
}

#[tokio::test(flavor = "multi_thread")]
async fn deletion_vectors_hide_their_rows() {
    let place = Place::new().await;
    for (name, kind) in [
        ("inline", deletion_vector::Kind::Inline),
        ("file", deletion_vector::Kind::File),
    ] {
        let path = place.path(name);
        append(
            &path,
            rows(&[10, 11, 12, 13, 14], &["a", "b", "c", "d", "e"]),
            &[],
        )
        .await;
        deletion_vector::delete(Path::new(&path), 1, &[1, 3], kind);
        place.register(name).await;
        let sql = format!("SELECT id FROM {name} ORDER BY id");
        assert_eq!(place.rows(&sql).await, "10\n12\n14", "{name}");
        assert_eq!(
            place.rows(&format!("SELECT count(*) FROM {name}")).await,
            "3",
            "{name}"
        );
        let sql = format!("SELECT count(*) FROM {name} WHERE id BETWEEN 11 AND 13");
        assert_eq!(place.rows(&sql).await, "1", "{name}");
        let sql = format!("SELECT count(*) FROM {name} VERSION AS OF 0");
        assert_eq!(place.rows(&sql).await, "5", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_its_data_names_the_file() {
    let place = Place::new().await;
    let path = place.path("t");
    append(&path, rows(&[1], &["a"]), &[]).await;
    place.register("t").await;
    let data = std::fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let data = data.filter(|file| file.extension().is_some_and(|e| e == "parquet"));
    for file in data.collect::<Vec<_>>() {
        std::fs::remove_file(file).unwrap();
    }
    let message = place.error("SELECT * FROM t").await;
    assert!(
        message.contains(".parquet") && message.contains("not found"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_log_says_so() {
    let place = Place::new().await;
    std::fs::create_dir_all(place.path("empty/_delta_log")).unwrap();
    let message = place.refusal("empty").await;
    assert!(message.contains("Delta table"), "{message}");
    place.write("broken/_delta_log/00000000000000000000.json", "not json");
    let message = place.refusal("broken").await;
    assert!(
        message.contains("Delta table") && message.contains("broken"),
        "{message}"
    );
}
