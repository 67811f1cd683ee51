//! Every table format, from disk and from S3.

use std::path::Path;

use cohortql_engine::{Config, Engine};
use deltalake::DeltaTable;
use tempfile::TempDir;

use super::{CUSTOMERS, ROWS, answers, assert_same, baseline};
use crate::support::{S3Server, batches, orders};

const COLUMNS: &str = "(store VARCHAR, order_id BIGINT, customer BIGINT, item VARCHAR, ts TIMESTAMP, amount DECIMAL(10,2))";

/// How the orders lie in a folder of their own, and how that is declared.
struct Kept {
    folder: &'static str,
    format: &'static str,
    /// Those of text, which does not carry its types.
    columns: &'static str,
    /// How COPY writes the files; Delta tables are written by Delta.
    options: &'static str,
}

const KEPT: [Kept; 6] = [
    Kept {
        folder: "csv",
        format: "CSV",
        columns: COLUMNS,
        options: "",
    },
    Kept {
        folder: "csv.gz",
        format: "CSV",
        columns: COLUMNS,
        options: " OPTIONS ('format.compression' 'gzip')",
    },
    Kept {
        folder: "json",
        format: "JSON",
        columns: COLUMNS,
        options: "",
    },
    Kept {
        folder: "arrow",
        format: "ARROW",
        columns: "",
        options: "",
    },
    Kept {
        folder: "parquet",
        format: "PARQUET",
        columns: "",
        options: "",
    },
    Kept {
        folder: "delta",
        format: "DELTA",
        columns: "",
        options: "",
    },
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
    for kept in KEPT.iter().filter(|kept| kept.format != "DELTA") {
        let Kept {
            folder,
            format,
            options,
            ..
        } = kept;
        std::fs::create_dir_all(bucket.join(folder)).unwrap();
        for part in 0..3 {
            let target = bucket.join(folder).join(format!("part-{part}.{folder}"));
            let copy = format!(
                "COPY (SELECT * FROM orders WHERE order_id % 3 = {part}) TO '{}' \
                 STORED AS {format}{options}",
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
        for kept in &KEPT {
            let Kept {
                folder,
                format,
                columns,
                ..
            } = kept;
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
                &format!("{folder} from {place}"),
                &answers(&engine).await,
                &wanted,
            );
        }
    }
}
