//! Cancelling statements by their FlightInfo, prolonging tickets, and the list of actions.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use arrow_flight::sql::{ActionCancelQueryRequest, ActionCancelQueryResult, Any, ProstMessageExt};
use arrow_flight::{
    CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, Empty, FlightEndpoint,
    FlightInfo, RenewFlightEndpointRequest,
};
use cohortql_server::ServeOptions;
use futures::TryStreamExt;
use prost::Message;
use tonic::{Code, Status};

use super::raw::{Raw, packed, statement};
use super::server::{PATIENCE, TestServer, until};
use crate::support::cells;

/// More rows than anybody reads.
const ENDLESS: &str = "SELECT value FROM generate_series(1, 1000000000000)";

/// Computes for ever without a row to show.
const BUSY: &str = "SELECT count(*) FROM generate_series(1, 1000000000000) WHERE value % 7 = 3";

async fn cancel(raw: &Raw, info: &FlightInfo) -> Result<CancelStatus, Status> {
    let request = CancelFlightInfoRequest::new(info.clone()).encode_to_vec();
    let (body, _) = raw.action("CancelFlightInfo", request).await?;
    Ok(CancelFlightInfoResult::decode(body.as_slice())
        .unwrap()
        .status())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_waits_is_cancelled() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    let info = raw.info("SELECT 1").await.unwrap();
    assert_eq!(cancel(&raw, &info).await.unwrap(), CancelStatus::Cancelled);
    assert_eq!(raw.read(&info).await.err().unwrap().code(), Code::NotFound);
    assert_eq!(
        cancel(&raw, &info).await.unwrap_err().code(),
        Code::NotFound
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_read_is_cancelled_from_another_connection() {
    let server = TestServer::start().await;
    let (raw, other) = (Raw::of(&server).await, Raw::of(&server).await);
    for sql in [ENDLESS, BUSY] {
        let info = raw.info(sql).await.unwrap();
        let stream = raw.read(&info).await.unwrap();
        until("it runs", async || !server.engine.queries().is_empty()).await;
        cancelled_while_read(&other, &info, stream).await;
        until("it is gone", async || server.engine.queries().is_empty()).await;
    }
}

/// Cancels what is read on meanwhile, and whose reader is told.
async fn cancelled_while_read(raw: &Raw, info: &FlightInfo, mut stream: FlightRecordBatchStream) {
    let reading = tokio::spawn(async move {
        loop {
            match stream.try_next().await {
                Ok(Some(_)) => {}
                ended => return ended,
            }
        }
    });
    // A busy machine may take long to tell the reader.
    let cancelled = cancel(raw, info).await.unwrap();
    assert!(
        matches!(
            cancelled,
            CancelStatus::Cancelled | CancelStatus::Cancelling
        ),
        "{cancelled:?}"
    );
    let Err(FlightError::Tonic(status)) = reading.await.unwrap() else {
        panic!("the stream ends as if it were whole");
    };
    assert_eq!(
        (status.code(), status.message()),
        (Code::Cancelled, "the query was cancelled")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_read_is_cancelled_long_after_its_ticket_was_good() {
    let server = TestServer::with(ServeOptions {
        poll_wait: Duration::ZERO,
        ticket_lifetime: Duration::from_millis(100),
        ..ServeOptions::default()
    })
    .await;
    let raw = Raw::of(&server).await;
    // On a busy machine a ticket may be over before it is used.
    let (info, mut stream) = loop {
        let info = raw.info(ENDLESS).await.unwrap();
        if let Ok(stream) = raw.read(&info).await {
            break (info, stream);
        }
    };
    stream.try_next().await.unwrap().unwrap();
    // What nobody asks for is put away in its time, when this is older still.
    let ended = Arc::new(AtomicBool::new(false));
    let tell = Arc::clone(&ended);
    server.engine.observe(Arc::new(move |record| {
        if *record.sql == *BUSY {
            tell.store(true, Ordering::SeqCst);
        }
    }));
    raw.poll(statement(BUSY)).await.unwrap();
    until("that is put away", async || ended.load(Ordering::SeqCst)).await;
    assert_eq!(raw.read(&info).await.err().unwrap().code(), Code::NotFound);
    cancelled_while_read(&raw, &info, stream).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_read_does_not_go_for_others() {
    let server = TestServer::with(ServeOptions {
        max_open_results: 1,
        ..ServeOptions::default()
    })
    .await;
    let raw = Raw::of(&server).await;
    let info = raw.info(ENDLESS).await.unwrap();
    let mut stream = raw.read(&info).await.unwrap();
    stream.try_next().await.unwrap().unwrap();
    let full = raw.info("SELECT 1").await.unwrap_err();
    assert_eq!(full.code(), Code::ResourceExhausted, "{full:?}");
    cancelled_while_read(&raw, &info, stream).await;
    for _ in 0..3 {
        // Whoever has read to the end makes room for the next.
        assert_eq!(
            cells(&raw.query("SELECT 1").await.unwrap()).unwrap(),
            [["1"]]
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_older_action_cancels_too() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    let info = raw.info(ENDLESS).await.unwrap();
    let request = ActionCancelQueryRequest {
        info: info.encode_to_vec().into(),
    };
    let (body, _) = raw
        .action("CancelQuery", packed(&request.as_any()))
        .await
        .unwrap();
    let any = Any::decode(body.as_slice()).unwrap();
    let result: ActionCancelQueryResult = any.unpack().unwrap().unwrap();
    assert_eq!(result.result, CancelStatus::Cancelled as i32);
    assert_eq!(raw.read(&info).await.err().unwrap().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_that_have_happened_and_metadata_are_not_cancellable() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    let mut client = server.flight().await;
    let change = raw.info("CREATE TABLE t (n INT)").await.unwrap();
    let metadata = client.get_catalogs().await.unwrap();
    for info in [change, metadata] {
        assert_eq!(
            cancel(&raw, &info).await.unwrap(),
            CancelStatus::NotCancellable
        );
    }
    let error = cancel(&raw, &FlightInfo::new()).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    for action in ["CancelFlightInfo", "CancelQuery", "RenewFlightEndpoint"] {
        let error = raw.action(action, vec![0xff; 9]).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{action}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_stream_stops_its_query() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    for sql in [ENDLESS, BUSY] {
        let info = raw.info(sql).await.unwrap();
        let stream = raw.read(&info).await.unwrap();
        until("it runs", async || !server.engine.queries().is_empty()).await;
        drop(stream);
        until("it is gone", async || server.engine.queries().is_empty()).await;
    }
}

async fn renew(raw: &Raw, endpoint: &FlightEndpoint) -> Result<FlightEndpoint, Status> {
    let request = RenewFlightEndpointRequest::new(endpoint.clone()).encode_to_vec();
    let (body, _) = raw.action("RenewFlightEndpoint", request).await?;
    Ok(FlightEndpoint::decode(body.as_slice()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_ticket_outlives_the_old_one() {
    let server = TestServer::with(ServeOptions {
        ticket_lifetime: Duration::from_millis(500),
        ..ServeOptions::default()
    })
    .await;
    let raw = Raw::of(&server).await;
    // A busy machine may let the renewed one expire as well; then it is tried once more.
    let outlived = async {
        loop {
            if let Some(outlived) = outlived(&raw).await {
                return outlived;
            }
        }
    };
    let (old, renewed, stream) = tokio::time::timeout(PATIENCE, outlived).await.unwrap();
    let until = |endpoint: &FlightEndpoint| {
        let time = endpoint.expiration_time.as_ref().unwrap();
        (time.seconds, time.nanos)
    };
    assert!(renewed.location.is_empty() && until(&renewed) > until(&old));
    let batches: Vec<_> = stream.try_collect().await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["1"]]);
}

/// Renews a ticket over and over, until the first one has expired, and reads by the last one; none
/// when that has expired too.
async fn outlived(raw: &Raw) -> Option<(FlightEndpoint, FlightEndpoint, FlightRecordBatchStream)> {
    let info = raw.info("SELECT 1").await.unwrap();
    let old = info.endpoint[0].clone();
    let mut renewed = old.clone();
    loop {
        renewed = renew(raw, &renewed).await.ok()?;
        if let Err(refused) = renew(raw, &old).await {
            assert_eq!(refused.code(), Code::NotFound, "{refused:?}");
            let info = FlightInfo::new().with_endpoint(renewed.clone());
            let stream = raw.read(&info).await.ok()?;
            return Some((old, renewed, stream));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_actions_that_are_listed_are_those_that_are_served() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    let listed = raw.client.clone().list_actions(Empty {}).await.unwrap();
    let listed: Vec<_> = listed.into_inner().try_collect().await.unwrap();
    let names: BTreeSet<String> = listed.iter().map(|action| action.r#type.clone()).collect();
    let expected = [
        "CancelFlightInfo",
        "CancelQuery",
        "ClosePreparedStatement",
        "CloseSession",
        "CreatePreparedStatement",
        "GetSessionOptions",
        "RenewFlightEndpoint",
        "SetSessionOptions",
    ];
    for name in expected {
        assert!(names.contains(name), "{name} is not listed");
    }
    for action in listed {
        assert!(
            action.description.contains("Request Message: "),
            "{}",
            action.description
        );
        // Served, if only to say that nothing of use was sent.
        if let Err(error) = raw.action(&action.r#type, Vec::new()).await {
            assert_ne!(error.code(), Code::Unimplemented, "{}", action.r#type);
        }
    }
}
