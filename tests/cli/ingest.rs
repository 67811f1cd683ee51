//! A server that is killed while rows come in leaves its tables as they were.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use arrow_flight::error::FlightError;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::sql::{CommandStatementIngest, TableDefinitionOptions};
use futures::stream;
use tonic::transport::{Channel, Endpoint};

use super::run;
use super::server::Server;

/// Longer than anything here takes, so that a test which waits in vain fails.
const PATIENCE: Duration = Duration::from_secs(120);

/// The protocol's numbers of "make it, or add to it".
const CREATE: i32 = 1;
const APPEND: i32 = 2;

fn command(table: &str) -> CommandStatementIngest {
    CommandStatementIngest {
        table_definition_options: Some(TableDefinitionOptions {
            if_not_exist: CREATE,
            if_exists: APPEND,
        }),
        table: table.to_owned(),
        ..CommandStatementIngest::default()
    }
}

/// Rows that no compression makes smaller.
fn rows(count: i64) -> RecordBatch {
    let mix = |seed: i64| -> ArrayRef {
        let mut state = seed;
        Arc::new(Int64Array::from_iter_values((0..count).map(|_| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(seed);
            state ^ (state >> 29)
        })))
    };
    RecordBatch::try_from_iter([("a", mix(1)), ("b", mix(3)), ("c", mix(5)), ("d", mix(7))])
        .unwrap()
}

async fn client(server: &Server) -> FlightSqlServiceClient<Channel> {
    let address = server.url.replace("grpc://", "http://");
    let channel = Endpoint::from_shared(address).unwrap().connect().await;
    FlightSqlServiceClient::new(channel.unwrap())
}

/// Sends so many rows, and returns how many the server took.
async fn send(server: &Server, table: &str, count: i64) -> i64 {
    let batches = stream::iter([Ok::<_, FlightError>(rows(count))]);
    let mut client = client(server).await;
    client
        .execute_ingest(command(table), batches)
        .await
        .unwrap()
}

/// The bytes of a folder's files, those on their way included.
fn bytes(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    let sizes = entries.filter_map(|entry| Some(entry.ok()?.metadata().ok()?.len()));
    sizes.sum()
}

async fn until(condition: impl Fn() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_half_written_outlives_a_kill() {
    let project = tempfile::tempdir().unwrap();
    let config = "[ingest]\nlocation = \"warehouse\"\n";
    std::fs::write(project.path().join("cohortql.toml"), config).unwrap();
    let folder = project.path().display().to_string();
    let start = || Server::start(&["serve", "--listen", "127.0.0.1:0", "--project", &folder]);
    {
        let server = start();
        assert_eq!(send(&server, "kept", 3).await, 3);
    }
    for table in ["kept", "fresh"] {
        let mut server = start();
        let place = project.path().join("warehouse/public").join(table);
        let before = bytes(&place);
        let mut sending = client(&server).await;
        let endless = stream::repeat_with(|| Ok::<_, FlightError>(rows(100_000)));
        let sending =
            tokio::spawn(async move { sending.execute_ingest(command(table), endless).await });
        until(|| bytes(&place) > before).await;
        server.kill();
        assert!(sending.await.unwrap().is_err());
    }
    let server = start();
    let count = |table: &str| {
        let sql = format!("select count(*) as n from {table}");
        run(&["--connect", &server.url, "--format", "csv", "-c", &sql])
    };
    assert_eq!(count("kept").quiet(), "n\n3\n");
    let error = count("fresh").failed();
    assert!(error.contains("table \"fresh\" does not exist"), "{error}");
    for (table, expected) in [("kept", "n\n5\n"), ("fresh", "n\n2\n")] {
        assert_eq!(send(&server, table, 2).await, 2);
        assert_eq!(count(table).quiet(), expected);
    }
}
