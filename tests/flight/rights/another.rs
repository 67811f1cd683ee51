//! What belongs to one user is of no use to another.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array};
use arrow_flight::encode::FlightDataEncoderBuilder;
use arrow_flight::sql::{
    ActionCancelQueryRequest, ActionClosePreparedStatementRequest,
    ActionCreatePreparedStatementRequest, ActionCreatePreparedStatementResult, Any,
    CommandPreparedStatementQuery, CommandPreparedStatementUpdate, ProstMessageExt,
};
use arrow_flight::{
    CancelFlightInfoRequest, CancelFlightInfoResult, CancelStatus, FlightData, FlightDescriptor,
    RenewFlightEndpointRequest,
};
use cohortql_server::Login;
use futures::{StreamExt, TryStreamExt, stream};
use prost::Message;
use prost::bytes::Bytes;

use super::*;
use crate::flight::raw::{packed, text};
use crate::flight::server::until;

/// Computes for ever without a row to show.
const BUSY: &str = "SELECT count(*) FROM generate_series(1, 1000000000000) WHERE value % 7 = 3";

async fn prepare(raw: &Raw, sql: &str) -> Bytes {
    let request = ActionCreatePreparedStatementRequest {
        query: sql.to_owned(),
        transaction_id: None,
    };
    let body = packed(&request.as_any());
    let (body, _) = raw.action("CreatePreparedStatement", body).await.unwrap();
    let any = Any::decode(body.as_slice()).unwrap();
    let result: ActionCreatePreparedStatementResult = any.unpack().unwrap().unwrap();
    result.prepared_statement_handle
}

fn queried(handle: &Bytes) -> FlightDescriptor {
    let query = CommandPreparedStatementQuery {
        prepared_statement_handle: handle.clone(),
    };
    FlightDescriptor::new_cmd(packed(&query.as_any()))
}

fn changed(handle: &Bytes) -> FlightDescriptor {
    let update = CommandPreparedStatementUpdate {
        prepared_statement_handle: handle.clone(),
    };
    FlightDescriptor::new_cmd(packed(&update.as_any()))
}

/// Puts one row of parameters.
async fn put(raw: &Raw, descriptor: FlightDescriptor) -> Result<(), Status> {
    let number: ArrayRef = Arc::new(Int64Array::from(vec![1]));
    let row = RecordBatch::try_from_iter([("n", number)]).unwrap();
    let messages: Vec<FlightData> = FlightDataEncoderBuilder::new()
        .with_flight_descriptor(Some(descriptor))
        .build(stream::iter([Ok(row)]))
        .try_collect()
        .await
        .unwrap();
    let request = raw.request(stream::iter(messages));
    let mut answer = raw.client.clone().do_put(request).await?.into_inner();
    answer.next().await.transpose().map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_handles_and_polls_of_another_user_are_refused() {
    let guarded = shop().await;
    let (ada, bob) = (raw(&guarded, "ada").await, raw(&guarded, "bob").await);
    let info = bob.info("SELECT word FROM secrets").await.unwrap();
    let busy = bob.info(BUSY).await.unwrap();
    let metadata = client(&guarded, "bob").await.get_catalogs().await.unwrap();
    let query = prepare(&bob, "SELECT word FROM secrets WHERE id = ?").await;
    let change = prepare(&bob, "INSERT INTO orders VALUES (?, 1)").await;
    let polled = {
        let quick = bob.with("grpc-timeout", "3S");
        quick.poll(statement(BUSY)).await.unwrap()
    };
    let descriptor = polled.flight_descriptor.clone().unwrap();
    let (cancel, renew) = (
        |info| CancelFlightInfoRequest::new(info).encode_to_vec(),
        RenewFlightEndpointRequest::new(info.endpoint[0].clone()).encode_to_vec(),
    );
    let older = ActionCancelQueryRequest {
        info: info.encode_to_vec().into(),
    };
    let close = ActionClosePreparedStatementRequest {
        prepared_statement_handle: query.clone(),
    };
    let mut outcomes: Vec<(&str, Option<Status>)> = vec![
        ("a ticket", ada.read(&info).await.err()),
        ("a ticket of metadata", ada.read(&metadata).await.err()),
        ("a poll", ada.poll(descriptor.clone()).await.err()),
        (
            "a prepared query",
            ada.client
                .clone()
                .get_flight_info(ada.request(queried(&query)))
                .await
                .err(),
        ),
        (
            "its schema",
            ada.client
                .clone()
                .get_schema(ada.request(queried(&query)))
                .await
                .err(),
        ),
        ("its poll", ada.poll(queried(&query)).await.err()),
        ("its values", put(&ada, queried(&query)).await.err()),
        ("a prepared change", put(&ada, changed(&change)).await.err()),
    ];
    for (action, body) in [
        ("CancelFlightInfo", cancel(info.clone())),
        ("CancelFlightInfo", cancel(busy.clone())),
        ("CancelFlightInfo", cancel(polled.info.clone().unwrap())),
        ("CancelQuery", packed(&older.as_any())),
        ("RenewFlightEndpoint", renew),
        ("ClosePreparedStatement", packed(&close.as_any())),
    ] {
        outcomes.push((action, ada.action(action, body).await.err()));
    }
    for (what, refused) in outcomes {
        let status = refused.unwrap_or_else(|| panic!("{what} was of use"));
        assert_eq!(status.code(), Code::PermissionDenied, "{what}: {status:?}");
        assert!(
            status.message().ends_with("was issued to another user"),
            "{what}: {status:?}"
        );
    }

    // None of it is the worse for it.
    let read: Vec<_> = bob.read(&info).await.unwrap().try_collect().await.unwrap();
    assert_eq!(texts(&read), ["launch"]);
    put(&bob, queried(&query)).await.unwrap();
    let request = bob.request(queried(&query));
    let again = bob
        .client
        .clone()
        .get_flight_info(request)
        .await
        .unwrap()
        .into_inner();
    let read: Vec<_> = bob.read(&again).await.unwrap().try_collect().await.unwrap();
    assert_eq!(texts(&read), ["launch"]);
    put(&bob, changed(&change)).await.unwrap();
    assert_eq!(rows(&bob, "SELECT count(*) FROM orders").await, ["6"]);
    let body = cancel(polled.info.unwrap());
    let (body, _) = bob.action("CancelFlightInfo", body).await.unwrap();
    let cancelled = CancelFlightInfoResult::decode(body.as_slice()).unwrap();
    assert_eq!(cancelled.status(), CancelStatus::Cancelled);
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_of_another_user_are_refused() {
    let guarded = shop().await;
    let (ada, bob) = (raw(&guarded, "ada").await, raw(&guarded, "bob").await);
    let (_, cookie) = bob.set(&[("schema", text("hidden"))]).await;
    let foreign = ada.with("cookie", &cookie.unwrap());
    assert_eq!(
        foreign.info("SELECT 1").await.unwrap_err().code(),
        Code::NotFound
    );
    for action in ["GetSessionOptions", "CloseSession"] {
        let error = foreign.action(action, Vec::new()).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound, "{action}");
    }
    assert_eq!(bob.got("schema").await, "hidden");
}

#[tokio::test(flavor = "multi_thread")]
async fn running_statements_of_another_user_are_neither_seen_nor_stopped() {
    let guarded = shop().await;
    let bob = raw(&guarded, "bob").await;
    let info = bob.info(BUSY).await.unwrap();
    let stream = bob.read(&info).await.unwrap();
    until("it runs", async || {
        !guarded.server.engine.queries().is_empty()
    })
    .await;
    let id = guarded.server.engine.queries()[0].id.to_string();
    let ada = guarded.come_with(Login::Token(token("ada"))).await.unwrap();
    assert!(ada.queries().await.unwrap().is_empty());
    assert!(!ada.cancel(&id).await.unwrap());
    let ada = raw(&guarded, "ada").await;
    let seen = rows(
        &ada,
        "SELECT count(*) FROM system.running WHERE principal = 'bob'",
    )
    .await;
    assert_eq!(seen, ["0"]);
    assert_eq!(guarded.server.engine.queries()[0].id.to_string(), id);
    drop(stream);
}
