//! CSV, Parquet and Delta, from disk and from S3.

use std::path::Path;

use cohortql_engine::{Config, Engine};
use deltalake::DeltaTable;
use tempfile::TempDir;

use super::{CUSTOMERS, ROWS, answers, assert_same, baseline};
use crate::support::{S3Server, batches, orders};

const COLUMNS: &str = "(store VARCHAR, order_id BIGINT, customer BIGINT, item VARCHAR, ts TIMESTAMP, amount DECIMAL(10,2))";

/// How each format is declared; CSV does not carry its types.
const FORMATS: [(&str, &str, &str); 3] = [
    ("csv", COLUMNS, "CSV"),
    ("parquet", "", "PARQUET"),
    ("delta", "", "DELTA"),
];

/// Writes the orders below `bucket`, several files a format.
async fn write(bucket: &Path) {
    let rows = orders(7, ROWS, CUSTOMERS);
    let engine = Engine::builder()
        .target_partitions(1)
        .build()
        .await
        .unwrap();
    engine
        .register_batches("orders", None, batches(&rows, 512))
        .unwrap();
    for format in ["csv", "parquet"] {
        std::fs::create_dir_all(bucket.join(format)).unwrap();
        for part in 0..3 {
            let target = bucket.join(format).join(format!("part-{part}.{format}"));
            let copy = format!(
                "COPY (SELECT * FROM orders WHERE order_id % 3 = {part}) TO '{}' STORED AS {format}",
                target.display()
            );
            engine.sql(&copy).await.unwrap().collect().await.unwrap();
        }
    }
    let folder = bucket.join("delta");
    std::fs::create_dir_all(&folder).unwrap();
    let url = deltalake::ensure_table_uri(folder.to_str().unwrap()).unwrap();
    for part in batches(&rows, ROWS / 3 + 1) {
        let table = DeltaTable::try_from_url(url.clone()).await.unwrap();
        table.write([part]).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn formats_and_places_do_not_matter() {
    let wanted = baseline().await;
    let buckets = TempDir::new().unwrap();
    let secrets = TempDir::new().unwrap();
    let bucket = buckets.path().join("shop");
    write(&bucket).await;
    let server = S3Server::start(buckets.path(), secrets.path()).await;
    let config = Config::parse(&server.config("shop")).unwrap();
    for place in [bucket.to_str().unwrap(), "s3://shop"] {
        for (folder, columns, format) in FORMATS {
            let engine = Engine::builder()
                .config(config.clone())
                .target_partitions(2)
                .build()
                .await
                .unwrap();
            let create = format!(
                "CREATE EXTERNAL TABLE orders {columns} STORED AS {format} LOCATION '{place}/{folder}/'"
            );
            engine.sql(&create).await.unwrap().collect().await.unwrap();
            assert_same(
                &format!("{format} from {place}"),
                &answers(&engine).await,
                &wanted,
            );
        }
    }
}
