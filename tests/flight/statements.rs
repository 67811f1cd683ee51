//! Statements: changes run once, errors are short and of the right kind.

use arrow_flight::sql::ProstMessageExt;
use arrow_flight::sql::{CommandStatementQuery, CommandStatementUpdate};
use prost::bytes::Bytes;
use tonic::Code;

use super::server::{TestServer, fetch, query, refusal, status};
use crate::support::cells;

#[tokio::test(flavor = "multi_thread")]
async fn a_change_runs_once_at_get_flight_info() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    query(&mut client, "CREATE TABLE orders (id BIGINT)")
        .await
        .unwrap();
    let insert = "INSERT INTO orders VALUES (1), (2), (3)";
    let info = client.execute(insert.to_owned(), None).await.unwrap();
    assert_eq!(info.total_records, 3);
    for _ in 0..3 {
        let (schema, batches) = fetch(&mut client, info.clone()).await.unwrap();
        assert!(schema.fields().is_empty());
        assert!(batches.is_empty());
    }
    let (_, batches) = query(&mut client, "SELECT count(*) FROM orders")
        .await
        .unwrap();
    assert_eq!(cells(&batches).unwrap(), [["3"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_by_update_counts_its_rows() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let run = async |client: &mut arrow_flight::sql::client::FlightSqlServiceClient<_>,
                     sql: &str| { client.execute_update(sql.to_owned(), None).await };
    let made = run(&mut client, "CREATE TABLE t AS VALUES (1), (2)").await;
    assert_eq!(made.unwrap(), 2);
    let inserted = run(&mut client, "INSERT INTO t SELECT * FROM t").await;
    assert_eq!(inserted.unwrap(), 2);
    let error = run(&mut client, "SELECT 1").await.unwrap_err();
    assert_eq!(
        refusal(error),
        (
            Code::InvalidArgument,
            "expected a statement that changes something, got a query".to_owned()
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn getting_the_schema_of_a_change_changes_nothing() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let command = CommandStatementQuery {
        query: "CREATE TABLE t (id INT)".to_owned(),
        transaction_id: None,
    };
    let descriptor =
        arrow_flight::FlightDescriptor::new_cmd(prost::Message::encode_to_vec(&command.as_any()));
    client.inner_mut().get_schema(descriptor).await.unwrap();
    let error = query(&mut client, "SELECT * FROM t").await.unwrap_err();
    assert_eq!(refusal(error).0, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn set_lasts_as_long_as_the_connection() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let show = "SHOW datafusion.execution.batch_size";
    query(&mut client, "SET datafusion.execution.batch_size = 77")
        .await
        .unwrap();
    let (_, batches) = query(&mut client, show).await.unwrap();
    assert_eq!(cells(&batches).unwrap()[0][1], "77");
    let mut other = server.flight().await;
    let (_, batches) = query(&mut other, show).await.unwrap();
    assert_ne!(cells(&batches).unwrap()[0][1], "77");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_have_the_right_code_and_an_id_and_are_short() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    query(&mut client, "CREATE TABLE t (id INT)").await.unwrap();
    for (sql, code) in [
        ("SELEC 1", Code::InvalidArgument),
        ("", Code::InvalidArgument),
        ("SELECT 1; SELECT 2", Code::InvalidArgument),
        ("SELECT * FROM missing", Code::NotFound),
        ("SELECT missing FROM t", Code::NotFound),
        ("SELECT missing(1)", Code::NotFound),
        ("CREATE TABLE t (id INT)", Code::AlreadyExists),
        ("SELECT CAST('x' AS INT)", Code::InvalidArgument),
        ("SELECT $1 + 1", Code::InvalidArgument),
        (
            "SELECT * FROM t WHERE id = ? AND id = $1",
            Code::InvalidArgument,
        ),
    ] {
        let error = status(query(&mut client, sql).await.unwrap_err());
        assert_eq!(error.code(), code, "{sql}: {}", error.message());
        assert!(!error.message().is_empty());
        assert!(
            !error.message().contains('\n'),
            "{sql}: {}",
            error.message()
        );
        assert!(error.message().len() < 4_096);
        let id = error.metadata().get(cohortql_server::ERROR_ID).unwrap();
        assert_eq!(id.len(), 32);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_name_tables_and_files_but_not_the_folders_of_the_server() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display().to_string();
    let create =
        |file: &str| format!("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION '{place}/{file}'");
    let missing = create("nothing.csv");
    let error = refusal(query(&mut client, &missing).await.unwrap_err());
    assert_eq!(error.0, Code::NotFound, "{}", error.1);
    assert!(
        error.1.contains("\"nothing.csv\" does not exist"),
        "{}",
        error.1
    );

    std::fs::write(folder.path().join("t.csv"), "id,n\n1,2\n3\n").unwrap();
    let declared = create("t.csv").replace("TABLE t", "TABLE t (id BIGINT, n BIGINT)");
    query(&mut client, &declared).await.unwrap();
    let ragged = query(&mut client, "SELECT * FROM t").await.unwrap_err();
    std::fs::remove_file(folder.path().join("t.csv")).unwrap();
    let gone = query(&mut client, "SELECT * FROM t").await.unwrap_err();
    for error in [ragged, gone] {
        let (_, message) = refusal(error);
        assert!(message.contains("t.csv"), "{message}");
        assert!(!message.contains(&place), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_huge_statement_has_a_short_error() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let sql = format!("SELECT \"{}\" FROM t", "ž".repeat(1 << 20));
    let error = status(query(&mut client, &sql).await.unwrap_err());
    assert!(error.message().len() < 4_096);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_points_at_its_place() {
    let server = TestServer::start().await;
    let client = server.client().await;
    let error = client.query("SELECT 1\nFROM nowhere").await.unwrap_err();
    assert_eq!(error.code(), Some(Code::NotFound));
    assert_eq!(error.location(), Some((2, 6)));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_served_says_so() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let unimplemented = |text: &str| (Code::Unimplemented, text.to_owned());
    let transactions = unimplemented(
        "transactions and savepoints are not supported; every statement stands alone",
    );
    assert_eq!(
        refusal(client.begin_transaction().await.unwrap_err()),
        transactions
    );
    let inside = client
        .execute("SELECT 1".to_owned(), Some(Bytes::from_static(b"tx")))
        .await;
    assert_eq!(refusal(inside.unwrap_err()), transactions);
}

#[tokio::test(flavor = "multi_thread")]
async fn malformed_requests_are_refused() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let update = CommandStatementUpdate {
        query: "SELECT 1".to_owned(),
        transaction_id: None,
    };
    let misplaced = prost::Message::encode_to_vec(&update.as_any());
    for (command, code) in [
        (Vec::new(), Code::InvalidArgument),
        (vec![0xff; 40], Code::InvalidArgument),
        (misplaced, Code::Unimplemented),
    ] {
        let descriptor = arrow_flight::FlightDescriptor::new_cmd(command);
        let error = client.inner_mut().get_flight_info(descriptor).await;
        assert_eq!(error.unwrap_err().code(), code);
    }
}
