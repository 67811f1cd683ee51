//! Polling: a statement runs between polls, its answer is taken over, and it can be cancelled.

use std::time::Duration;

use arrow_flight::{
    CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightInfo, PollInfo,
};
use cohortql_server::ServeOptions;
use futures::TryStreamExt;
use prost::Message;
use tonic::{Code, Status};

use super::raw::{Raw, statement};
use super::server::{TestServer, until};
use crate::support::cells;

/// Computes for ever without a row to show.
const BUSY: &str = "SELECT count(*) FROM generate_series(1, 1000000000000) WHERE value % 7 = 3";

async fn quick(poll_wait: Duration) -> TestServer {
    let options = ServeOptions {
        poll_wait,
        ..ServeOptions::default()
    };
    TestServer::with(options).await
}

async fn cancel(raw: &Raw, info: FlightInfo) -> Result<CancelStatus, Status> {
    let request = CancelFlightInfoRequest::new(info).encode_to_vec();
    let (body, _) = raw.action("CancelFlightInfo", request).await?;
    Ok(CancelFlightInfoResult::decode(body.as_slice())
        .unwrap()
        .status())
}

/// Polls until the statement has come to its end.
async fn to_the_end(raw: &Raw, mut answer: PollInfo) -> Result<PollInfo, Status> {
    while let Some(again) = answer.flight_descriptor.clone() {
        answer = raw.poll(again).await?;
    }
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_query_is_ready_at_the_first_poll() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    let answer = raw.poll(statement("SELECT 1 AS one")).await.unwrap();
    assert_eq!(answer.flight_descriptor, None);
    assert_eq!(answer.progress, Some(1.0));
    assert!(answer.expiration_time.is_some());
    let info = answer.info.unwrap();
    assert!(info.endpoint[0].expiration_time.is_some());
    for _ in 0..2 {
        let batches: Vec<_> = raw.read(&info).await.unwrap().try_collect().await.unwrap();
        assert_eq!(cells(&batches).unwrap(), [["1"]]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_query_runs_between_polls_and_its_stream_is_taken_over() {
    let server = quick(Duration::ZERO).await;
    let raw = Raw::of(&server).await;
    let sql = "SELECT count(*) AS n FROM generate_series(1, 20000000)";
    let first = raw.poll(statement(sql)).await.unwrap();
    let info = first.info.clone().unwrap();
    assert!(info.endpoint.is_empty());
    assert_eq!(
        info.clone().try_decode_schema().unwrap().field(0).name(),
        "n"
    );
    assert!(
        first
            .progress
            .is_none_or(|part| (0.0..=1.0).contains(&part))
    );
    let last = to_the_end(&raw, first.clone()).await.unwrap();
    // Polling again gives the same answer.
    let again = raw.poll(first.flight_descriptor.unwrap()).await.unwrap();
    assert_eq!(again.flight_descriptor, None);
    let running = server.engine.queries().len();
    assert!(running <= 1, "{running} queries run");
    let info = last.info.unwrap();
    let batches: Vec<_> = raw.read(&info).await.unwrap().try_collect().await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["20000000"]]);
    // Read once, it runs anew.
    let batches: Vec<_> = raw.read(&info).await.unwrap().try_collect().await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["20000000"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_runs_once_while_it_is_polled() {
    let server = quick(Duration::ZERO).await;
    let raw = Raw::of(&server).await;
    raw.query("CREATE TABLE t (n BIGINT)").await.unwrap();
    let sql = "INSERT INTO t SELECT value FROM generate_series(1, 200000)";
    let first = raw.poll(statement(sql)).await.unwrap();
    let last = to_the_end(&raw, first.clone()).await.unwrap();
    let info = last.info.unwrap();
    assert_eq!(info.total_records, 200_000);
    if let Some(again) = first.flight_descriptor {
        assert_eq!(
            raw.poll(again).await.unwrap().info.unwrap().total_records,
            200_000
        );
    }
    let nothing: Vec<_> = raw.read(&info).await.unwrap().try_collect().await.unwrap();
    assert!(nothing.is_empty());
    let counted = raw.query("SELECT count(*) FROM t").await.unwrap();
    assert_eq!(cells(&counted).unwrap(), [["200000"]]);
    assert_eq!(
        cancel(&raw, info).await.unwrap(),
        CancelStatus::NotCancellable
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_at_each_poll() {
    let server = quick(Duration::ZERO).await;
    let raw = Raw::of(&server).await;
    let error = raw
        .poll(statement("SELECT * FROM missing"))
        .await
        .unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    let late = "SELECT CAST(CASE WHEN n = 3000000 THEN 'x' ELSE '1' END AS INT) AS n \
                FROM (SELECT max(value) AS n FROM generate_series(1, 3000000))";
    let first = raw.poll(statement(late)).await;
    let (first, error) = match first {
        Ok(first) => (
            first.flight_descriptor.clone(),
            to_the_end(&raw, first).await.unwrap_err(),
        ),
        Err(error) => (None, error),
    };
    assert_eq!(error.code(), Code::InvalidArgument, "{}", error.message());
    if let Some(again) = first {
        assert_eq!(
            raw.poll(again).await.unwrap_err().message(),
            error.message()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_polled_is_cancelled_by_its_info() {
    let server = quick(Duration::ZERO).await;
    let raw = Raw::of(&server).await;
    let first = raw.poll(statement(BUSY)).await.unwrap();
    let again = first.flight_descriptor.unwrap();
    let info = first.info.unwrap();
    assert_eq!(
        cancel(&raw, info.clone()).await.unwrap(),
        CancelStatus::Cancelled
    );
    until("the query is gone", async || {
        server.engine.queries().is_empty()
    })
    .await;
    let error = raw.poll(again).await.unwrap_err();
    assert_eq!(
        (error.code(), error.message()),
        (Code::Cancelled, "the query was cancelled")
    );
    assert_eq!(
        cancel(&raw, info).await.unwrap(),
        CancelStatus::NotCancellable
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_change_is_cancelled_before_it_has_happened() {
    let server = quick(Duration::ZERO).await;
    let raw = Raw::of(&server).await;
    let sql = format!("CREATE TABLE t AS {BUSY}");
    let first = raw.poll(statement(&sql)).await.unwrap();
    assert_eq!(
        cancel(&raw, first.info.unwrap()).await.unwrap(),
        CancelStatus::Cancelled
    );
    until("it is gone", async || server.engine.queries().is_empty()).await;
    assert_eq!(
        raw.query("SELECT * FROM t").await.unwrap_err().0,
        Code::NotFound
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_polls_or_fetches_is_let_go() {
    let server = TestServer::with(ServeOptions {
        poll_wait: Duration::ZERO,
        ticket_lifetime: Duration::from_millis(20),
        ..ServeOptions::default()
    })
    .await;
    let raw = Raw::of(&server).await;
    let answer = raw.poll(statement(BUSY)).await.unwrap();
    until("the query is gone", async || {
        server.engine.queries().is_empty()
    })
    .await;
    assert_eq!(
        raw.poll(answer.flight_descriptor.unwrap())
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );

    let server = TestServer::with(ServeOptions {
        begun_lifetime: Duration::ZERO,
        ..ServeOptions::default()
    })
    .await;
    let raw = Raw::of(&server).await;
    let endless = "SELECT value FROM generate_series(1, 1000000000000)";
    let answer = raw.poll(statement(endless)).await.unwrap();
    until("the query is gone", async || {
        server.engine.queries().is_empty()
    })
    .await;
    // It still can be read, from a new run.
    let mut stream = raw.read(&answer.info.unwrap()).await.unwrap();
    assert!(stream.try_next().await.unwrap().unwrap().num_rows() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_descriptor_to_poll_with_is_sealed() {
    let (server, other) = (quick(Duration::ZERO).await, quick(Duration::ZERO).await);
    let raw = Raw::of(&server).await;
    let answer = raw.poll(statement(BUSY)).await.unwrap();
    let again = answer.flight_descriptor.unwrap();
    let mut altered = again.clone();
    let mut bytes = altered.cmd.to_vec();
    *bytes.last_mut().unwrap() ^= 1;
    altered.cmd = bytes.into();
    let stranger = Raw::of(&other).await;
    for (raw, descriptor) in [(&raw, altered), (&stranger, again.clone())] {
        let error = raw.poll(descriptor).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument);
        assert!(
            error.message().contains("not issued by this server"),
            "{}",
            error.message()
        );
    }
    let info = answer.info.unwrap();
    assert_eq!(cancel(&raw, info).await.unwrap(), CancelStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_ready_at_once() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    let command = arrow_flight::sql::CommandGetCatalogs {};
    let any = arrow_flight::sql::ProstMessageExt::as_any(&command);
    let descriptor = arrow_flight::FlightDescriptor::new_cmd(super::raw::packed(&any));
    let answer = raw.poll(descriptor).await.unwrap();
    assert_eq!(answer.flight_descriptor, None);
    let stream = raw.read(&answer.info.unwrap()).await.unwrap();
    let batches: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["cohortql"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_without_a_place_to_be_polled_in_does_not_run() {
    let server = TestServer::with(ServeOptions {
        poll_wait: Duration::ZERO,
        max_open_results: 1,
        ..ServeOptions::default()
    })
    .await;
    let raw = Raw::of(&server).await;
    raw.query("CREATE TABLE t (n BIGINT)").await.unwrap();
    let first = raw.poll(statement(BUSY)).await.unwrap();
    for _ in 0..30 {
        let full = raw.poll(statement("INSERT INTO t VALUES (1)")).await;
        let full = full.unwrap_err();
        assert_eq!(full.code(), Code::ResourceExhausted, "{full:?}");
        assert!(full.message().contains("polled statements"), "{full:?}");
    }
    cancel(&raw, first.info.unwrap()).await.unwrap();
    until("nothing runs", async || server.engine.queries().is_empty()).await;
    let counted = raw.query("SELECT count(*) FROM t").await.unwrap();
    assert_eq!(cells(&counted).unwrap(), [["0"]]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_been_told_makes_room_for_others() {
    let server = TestServer::with(ServeOptions {
        max_open_results_per_user: 1,
        ..ServeOptions::default()
    })
    .await;
    let raw = Raw::of(&server).await;
    raw.query("CREATE TABLE t (n BIGINT)").await.unwrap();
    for number in 0..5 {
        let asked = statement(&format!("SELECT {number} AS n"));
        let answer = to_the_end(&raw, raw.poll(asked).await.unwrap()).await;
        let stream = raw.read(&answer.unwrap().info.unwrap()).await.unwrap();
        let batches: Vec<_> = stream.try_collect().await.unwrap();
        assert_eq!(cells(&batches).unwrap(), [[number.to_string()]]);
        let change = raw.poll(statement("INSERT INTO t VALUES (1)")).await;
        to_the_end(&raw, change.unwrap()).await.unwrap();
        let failing = "SELECT CAST(repeat('x', 1 + CAST(random() AS INT)) AS INT)";
        let failed = match raw.poll(statement(failing)).await {
            Ok(answer) => to_the_end(&raw, answer).await.map(drop),
            Err(status) => Err(status),
        };
        assert_eq!(failed.unwrap_err().code(), Code::InvalidArgument);
    }
    let counted = raw.query("SELECT count(*) FROM t").await.unwrap();
    assert_eq!(cells(&counted).unwrap(), [["5"]]);
}
