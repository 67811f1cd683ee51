//! Many rows: none of them waits in memory for the others.

use arrow::array::{Array, AsArray};
use tempfile::TempDir;

use super::*;

const BATCHES: i64 = 80;
const ROWS: i64 = 62_500;

/// Five million rows of an id, random numbers and a text, made as they are sent.
fn many() -> impl futures::Stream<Item = Result<RecordBatch, FlightError>> + Send + 'static {
    stream::iter((0..BATCHES).map(|number| {
        let ids = number * ROWS..(number + 1) * ROWS;
        let scattered = ids.clone().map(|id| id.wrapping_mul(0x5851_f42d_4c95_7f2d));
        let texts = ids.clone().map(|id| format!("customer number {id}"));
        let columns: [(&str, ArrayRef); 3] = [
            ("id", Arc::new(Int64Array::from_iter_values(ids))),
            (
                "scattered",
                Arc::new(Int64Array::from_iter_values(scattered)),
            ),
            ("text", Arc::new(StringArray::from_iter_values(texts))),
        ];
        Ok(RecordBatch::try_from_iter(columns).unwrap())
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn five_million_rows_go_through_little_memory() {
    let folder = TempDir::new().unwrap();
    let warehouse = folder.path().join("warehouse").display().to_string();
    let config = format!("[engine]\nmemory_limit = '32MB'\n[ingest]\nlocation = {warehouse:?}");
    let engine = Engine::builder()
        .config(Config::parse(&config).unwrap())
        .build()
        .await
        .unwrap();
    let server = TestServer::over(engine, ServeOptions::default()).await;
    let mut client = server.flight().await;
    let made = client.execute_ingest(command("t", CREATE), many()).await;
    assert_eq!(made.unwrap(), BATCHES * ROWS);
    let sql = "SELECT count(*), sum(id), count(text) FROM t";
    let expected = format!("{0}|{1}|{0}", 5_000_000, 12_499_997_500_000_i64);
    assert_eq!(answer(&server, sql).await, expected);
    // The rows are in the order in which they were sent.
    let stream = server.engine.sql("SELECT id FROM t LIMIT 100000").await;
    let batches = stream.unwrap().collect().await.unwrap();
    for batch in batches {
        let ids = batch
            .column(0)
            .as_primitive::<arrow::datatypes::Int64Type>();
        let ascending = ids.values().is_sorted();
        assert!(ascending && ids.null_count() == 0);
    }
    let mut held = command("held", CREATE);
    held.options = [("format".to_owned(), "memory".to_owned())].into();
    let error = client.execute_ingest(held, many()).await.unwrap_err();
    let (code, message) = crate::flight::server::refusal(error);
    assert_eq!(code, tonic::Code::ResourceExhausted, "{message}");
}
