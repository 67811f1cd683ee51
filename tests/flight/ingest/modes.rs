//! Each mode, into memory and into Delta tables, and what is refused.

use arrow_flight::sql::SqlInfo;
use tempfile::TempDir;
use tonic::Code;

use super::*;
use crate::flight::server::{fetch, refusal};
use crate::flight::types::every_type;
use crate::support::{S3Server, cells};

/// What each mode does with a table that is there and with one that is not.
async fn goes_through_the_modes(server: &TestServer) {
    let mut client = server.flight().await;
    let error = ingest(&mut client, command("t", APPEND), vec![rows(0..2)]).await;
    assert_eq!(refusal(error.unwrap_err()).0, Code::NotFound);
    for (mode, sent, count, left) in [
        (CREATE, 0..2, 2, "0..1"),
        (APPEND, 2..5, 3, "0..4"),
        (CREATE_APPEND, 5..6, 1, "0..5"),
        (REPLACE, 8..10, 2, "8..9"),
    ] {
        let batches = vec![
            rows(sent.start..sent.start + 1),
            rows(sent.start + 1..sent.end),
        ];
        let answered = ingest(&mut client, command("t", mode), batches).await;
        assert_eq!(answered.unwrap(), count);
        let sql = "SELECT min(id) || '..' || max(id) FROM t";
        assert_eq!(answer(server, sql).await, left);
    }
    let error = ingest(&mut client, command("t", CREATE), vec![rows(0..2)]).await;
    let (code, message) = refusal(error.unwrap_err());
    assert_eq!(code, Code::AlreadyExists);
    assert_eq!(message, "table \"t\" exists already");
    for (table, mode) in [("u", CREATE_APPEND), ("v", REPLACE)] {
        let made = ingest(&mut client, command(table, mode), vec![rows(0..2)]).await;
        assert_eq!(made.unwrap(), 2);
    }
    let made = ingest(&mut client, command("none", CREATE), vec![rows(0..0)]).await;
    assert_eq!(made.unwrap(), 0);
    assert_eq!(answer(server, "SELECT count(*) FROM none").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_in_memory() {
    let server = TestServer::start().await;
    goes_through_the_modes(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_in_a_warehouse() {
    let folder = TempDir::new().unwrap();
    let server = with_warehouse(&folder).await;
    goes_through_the_modes(&server).await;
    let log = folder.path().join("warehouse/public/t/_delta_log");
    assert_eq!(
        std::fs::read_dir(log).unwrap().count(),
        4,
        "one commit each"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_in_a_bucket() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("shop")).unwrap();
    let secrets = TempDir::new().unwrap();
    let store = S3Server::start(folder.path(), secrets.path()).await;
    let ingest = "[ingest]\nlocation = 's3://shop/warehouse/'\n";
    let server = with_config(&format!("{ingest}{}", store.config("shop"))).await;
    goes_through_the_modes(&server).await;
    assert!(folder.path().join("shop/warehouse/public/t").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_at_a_location_of_its_own() {
    let folder = TempDir::new().unwrap();
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let mut asked = command("t", CREATE);
    let location = folder.path().join("t").display().to_string();
    asked.options = [("format", "delta"), ("location", location.as_str())]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let made = ingest(&mut client, asked, vec![rows(0..2)]).await;
    assert_eq!(made.unwrap(), 2);
    assert!(folder.path().join("t/_delta_log").exists());
}

/// Columns in the order of their names, each value as text.
async fn texts(server: &TestServer, table: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for field in every_type().schema().fields() {
        let name = field.name();
        let sql = format!("SELECT \"{name}\" FROM {table} ORDER BY not_null_id");
        texts.push(format!("{name}: {}", answer(server, &sql).await));
    }
    texts
}

/// Makes table `everything` of every type, and sends its rows to a new table `t`.
async fn send_everything(server: &TestServer) {
    server
        .engine
        .register_batches("everything", None, vec![every_type()])
        .unwrap();
    let mut client = server.flight().await;
    let made = ingest(&mut client, command("t", CREATE), vec![every_type()]).await;
    assert_eq!(made.unwrap(), 3);
}

async fn append_everything(server: &TestServer) {
    let mut client = server.flight().await;
    let added = ingest(&mut client, command("t", APPEND), vec![every_type()]).await;
    assert_eq!(added.unwrap(), 3);
    assert_eq!(answer(server, "SELECT count(*) FROM t").await, "6");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_goes_into_memory() {
    let server = TestServer::start().await;
    send_everything(&server).await;
    assert_eq!(
        texts(&server, "t").await,
        texts(&server, "everything").await
    );
    append_everything(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_type_goes_into_delta() {
    let folder = TempDir::new().unwrap();
    let server = with_warehouse(&folder).await;
    send_everything(&server).await;
    // What Delta keeps as text, or cuts to microseconds.
    let other = ["zoned", "clock", "wait", "period"];
    let came = texts(&server, "everything").await;
    for (came, kept) in came.iter().zip(texts(&server, "t").await) {
        let name = came.split(':').next().unwrap();
        if !other.contains(&name) {
            assert_eq!(*came, kept);
        }
    }
    for (column, expected) in [
        ("arrow_typeof(max(unsigned))", "Decimal128(20, 0)"),
        ("max(unsigned)", "18446744073709551615"),
        ("max(clock::TIME)::VARCHAR", "00:00:00.000000001"),
        ("max(zoned) = TIMESTAMP '1970-01-01 00:00:00Z'", "true"),
        ("max(period)", "1 mons 2 days 0.000000003 secs"),
        ("max(wait)", "PT0.005S"),
        ("length(encode(max(uuid), 'hex'))", "32"),
    ] {
        let sql = format!("SELECT {column} FROM t");
        assert_eq!(answer(&server, &sql).await, expected, "{column}");
    }
    append_everything(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_in_plain_words() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    ingest(&mut client, command("t", CREATE), vec![rows(0..2)])
        .await
        .unwrap();
    let asked = |change: fn(&mut CommandStatementIngest)| {
        let mut asked = command("t", APPEND);
        change(&mut asked);
        asked
    };
    let odd: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let odd = RecordBatch::try_from_iter([("odd", odd)]).unwrap();
    for (asked, batch, code, expected) in [
        (
            asked(|asked| asked.temporary = true),
            rows(0..1),
            Code::Unimplemented,
            "temporary tables are not supported",
        ),
        (
            asked(|asked| asked.transaction_id = Some("1".into())),
            rows(0..1),
            Code::Unimplemented,
            "transactions and savepoints are not supported",
        ),
        (
            asked(|asked| asked.table_definition_options = None),
            rows(0..1),
            Code::InvalidArgument,
            "table_definition_options",
        ),
        (
            asked(|asked| asked.catalog = Some("elsewhere".to_owned())),
            rows(0..1),
            Code::Unimplemented,
            "another catalog",
        ),
        (
            asked(|asked| asked.schema = Some("nowhere".to_owned())),
            rows(0..1),
            Code::NotFound,
            "schema \"nowhere\" does not exist",
        ),
        (
            asked(|asked| {
                asked
                    .options
                    .insert("fromat".to_owned(), "delta".to_owned());
            }),
            rows(0..1),
            Code::InvalidArgument,
            "did you mean \"format\"?",
        ),
        (
            asked(|_| {}),
            odd,
            Code::InvalidArgument,
            "table \"t\" has no column \"odd\"",
        ),
    ] {
        let error = ingest(&mut client, asked, vec![batch]).await.unwrap_err();
        let (given, message) = refusal(error);
        assert!(message.contains(expected), "{message}");
        assert_eq!(given, code, "{message}");
    }
    assert_eq!(answer(&server, "SELECT count(*) FROM t").await, "2");
    assert_eq!(
        ingest(&mut client, command("t", APPEND), vec![rows(2..3)])
            .await
            .unwrap(),
        1
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_says_that_it_takes_rows() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let codes = vec![
        SqlInfo::FlightSqlServerBulkIngestion,
        SqlInfo::FlightSqlServerIngestTransactionsSupported,
    ];
    let info = client.get_sql_info(codes).await.unwrap();
    let (_, batches) = fetch(&mut client, info).await.unwrap();
    let text = format!("{:?}", cells(&batches).unwrap());
    assert!(text.contains("true") && text.contains("false"), "{text}");
}
