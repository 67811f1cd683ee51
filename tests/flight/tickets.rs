//! Tickets and handles: only the server that made them takes them back, unchanged and in time.

use std::time::Duration;

use arrow_flight::sql::{Any, ProstMessageExt, TicketStatementQuery};
use arrow_flight::{FlightInfo, Ticket};
use cohortql_server::ServeOptions;
use prost::Message;
use prost::bytes::Bytes;
use tonic::Code;

use super::server::{TestServer, fetch, refusal};

fn ticket(info: &FlightInfo) -> Bytes {
    info.endpoint[0].ticket.clone().unwrap().ticket
}

/// A ticket with another handle in it.
fn with_handle(handle: Vec<u8>) -> Ticket {
    let statement = TicketStatementQuery {
        statement_handle: handle.into(),
    };
    Ticket::new(statement.as_any().encode_to_vec())
}

fn handle(ticket: &[u8]) -> Vec<u8> {
    let any = Any::decode(ticket).unwrap();
    let statement: TicketStatementQuery = any.unpack().unwrap().unwrap();
    statement.statement_handle.to_vec()
}

const FORGED: &str =
    "the ticket was not issued by this server or has been altered; run the statement again";

#[tokio::test(flavor = "multi_thread")]
async fn altered_tickets_are_refused() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let info = client.execute("SELECT 1".to_owned(), None).await.unwrap();
    let original = handle(&ticket(&info));
    for at in (0..original.len()).step_by(7) {
        let mut altered = original.clone();
        altered[at] ^= 0x10;
        let error = client.do_get(with_handle(altered)).await.unwrap_err();
        assert_eq!(
            refusal(error),
            (Code::InvalidArgument, FORGED.to_owned()),
            "byte {at}"
        );
    }
    let error = client.do_get(Ticket::new("SELECT 1")).await.unwrap_err();
    assert_eq!(refusal(error), (Code::InvalidArgument, FORGED.to_owned()));
    client.do_get(with_handle(original)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_of_another_server_are_refused() {
    let (server, other) = (TestServer::start().await, TestServer::start().await);
    let (mut client, mut stranger) = (server.flight().await, other.flight().await);
    let info = client.execute("SELECT 1".to_owned(), None).await.unwrap();
    let error = stranger
        .do_get(Ticket::new(ticket(&info)))
        .await
        .unwrap_err();
    assert_eq!(refusal(error), (Code::InvalidArgument, FORGED.to_owned()));
    let info = client.get_catalogs().await.unwrap();
    let error = stranger
        .do_get(Ticket::new(ticket(&info)))
        .await
        .unwrap_err();
    assert_eq!(refusal(error), (Code::InvalidArgument, FORGED.to_owned()));
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_tickets_and_handles_are_refused() {
    let options = ServeOptions {
        ticket_lifetime: Duration::ZERO,
        prepared_lifetime: Duration::ZERO,
        ..ServeOptions::default()
    };
    let server = TestServer::with(options).await;
    let mut client = server.flight().await;
    let info = client.execute("SELECT 1".to_owned(), None).await.unwrap();
    let mut prepared = client.prepare("SELECT 1".to_owned(), None).await.unwrap();
    // The clock of the claims has a resolution of a millisecond.
    let issued = std::time::Instant::now();
    while issued.elapsed() < Duration::from_millis(5) {
        tokio::task::yield_now().await;
    }
    let error = client.do_get(Ticket::new(ticket(&info))).await.unwrap_err();
    assert_eq!(
        refusal(error),
        (
            Code::NotFound,
            "the ticket has expired; run the statement again".to_owned()
        )
    );
    let error = prepared.execute().await.unwrap_err();
    assert_eq!(
        refusal(error).1,
        "the prepared statement handle has expired; run the statement again"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_gives_its_result_again() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let info = client.execute("SELECT 1".to_owned(), None).await.unwrap();
    for _ in 0..3 {
        let (_, batches) = fetch(&mut client, info.clone()).await.unwrap();
        assert_eq!(batches.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_works_on_another_connection() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let info = client.execute("SELECT 1".to_owned(), None).await.unwrap();
    drop(client);
    fetch(&mut server.flight().await, info).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn results_nobody_fetches_are_bounded() {
    let options = ServeOptions {
        max_open_results: 3,
        max_prepared_statements: 2,
        ..ServeOptions::default()
    };
    let server = TestServer::with(options).await;
    let mut client = server.flight().await;
    let sql = || "SELECT 1".to_owned();
    let mut open = Vec::new();
    for _ in 0..3 {
        open.push(client.execute(sql(), None).await.unwrap());
    }
    let error = client.execute(sql(), None).await.unwrap_err();
    let (code, message) = refusal(error);
    assert_eq!(code, Code::ResourceExhausted);
    assert!(message.contains("at most 3 open results"), "{message}");
    fetch(&mut client, open.remove(0)).await.unwrap();
    client.execute(sql(), None).await.unwrap();

    let first = client.prepare(sql(), None).await.unwrap();
    client.prepare(sql(), None).await.unwrap();
    let error = client.prepare(sql(), None).await.unwrap_err();
    assert_eq!(refusal(error).0, Code::ResourceExhausted);
    first.close().await.unwrap();
    client.prepare(sql(), None).await.unwrap();
}
