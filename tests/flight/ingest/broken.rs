//! Streams that end in the middle, lie about what they hold, or never end.

use std::time::Duration;

use arrow_flight::flight_service_client::FlightServiceClient;
use futures::StreamExt;
use tempfile::TempDir;
use tokio::sync::oneshot;
use tonic::{Code, Request, Status};

use super::*;
use crate::flight::server::{PATIENCE, until};

async fn put(
    server: &TestServer,
    messages: impl futures::Stream<Item = FlightData> + Send + 'static,
    timeout: Option<Duration>,
) -> Result<(), Status> {
    let mut client = FlightServiceClient::new(server.channel().await);
    let mut request = Request::new(messages);
    if let Some(timeout) = timeout {
        request.set_timeout(timeout);
    }
    let answered = async {
        let mut answer = client.do_put(request).await?.into_inner();
        answer.try_next().await.map(drop)
    };
    let answered = tokio::time::timeout(PATIENCE, answered).await;
    answered.unwrap_or_else(|_| panic!("waited in vain for an answer"))
}

/// A server with a table in memory and one in Delta, both with three rows.
async fn with_tables(folder: &TempDir) -> TestServer {
    let server = with_warehouse(folder).await;
    let mut client = server.flight().await;
    let mut held = command("held", CREATE);
    held.options = [("format".to_owned(), "memory".to_owned())].into();
    for asked in [held, command("lake", CREATE)] {
        ingest(&mut client, asked, vec![rows(0..3)]).await.unwrap();
    }
    server
}

fn asked() -> Vec<CommandStatementIngest> {
    let tables = [("held", APPEND), ("held", REPLACE), ("lake", APPEND)];
    let tables = tables
        .into_iter()
        .chain([("lake", REPLACE), ("fresh", CREATE)]);
    tables.map(|(table, mode)| command(table, mode)).collect()
}

async fn nothing_has_happened(server: &TestServer) {
    until("nothing runs", async || server.engine.queries().is_empty()).await;
    let sql = "SELECT (SELECT count(*) FROM held) AS h, (SELECT count(*) FROM lake) AS l";
    assert_eq!(answer(server, sql).await, "3|3");
    assert!(server.engine.sql("SELECT * FROM fresh").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_goes_in_the_middle() {
    let folder = TempDir::new().unwrap();
    let server = with_tables(&folder).await;
    for asked in asked() {
        let sent = messages(asked, vec![rows(3..9)]).await;
        let (told, all_sent) = oneshot::channel::<()>();
        let endless = stream::iter(sent).chain(stream::once(async move {
            let _ = told.send(());
            std::future::pending().await
        }));
        let call = put(&server, endless, None);
        tokio::select! {
            outcome = call => panic!("the call ended: {outcome:?}"),
            _ = async {
                all_sent.await.unwrap();
                until("the rows come in", async || !server.engine.queries().is_empty()).await;
            } => {}
        }
    }
    nothing_has_happened(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deadline_that_passes() {
    let folder = TempDir::new().unwrap();
    let server = with_tables(&folder).await;
    for asked in asked() {
        let sent = messages(asked, vec![rows(3..9)]).await;
        let endless = stream::iter(sent).chain(stream::pending());
        let status = put(&server, endless, Some(Duration::from_millis(150)))
            .await
            .unwrap_err();
        assert!(
            matches!(status.code(), Code::DeadlineExceeded | Code::Cancelled),
            "{status:?}"
        );
    }
    nothing_has_happened(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_that_is_cancelled() {
    let folder = TempDir::new().unwrap();
    let server = with_tables(&folder).await;
    for asked in asked() {
        let sent = messages(asked, vec![rows(3..9)]).await;
        let endless = stream::iter(sent).chain(stream::pending());
        // The one before is gone a moment after its answer.
        until("nothing runs", async || server.engine.queries().is_empty()).await;
        let cancel = until("it is cancelled", async || {
            server
                .engine
                .queries()
                .iter()
                .any(|query| server.engine.cancel(&query.id))
        });
        let (status, ()) = tokio::join!(put(&server, endless, None), cancel);
        assert_eq!(status.unwrap_err().code(), Code::Cancelled);
    }
    nothing_has_happened(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_that_are_no_rows() {
    let folder = TempDir::new().unwrap();
    let server = with_tables(&folder).await;
    for asked in asked() {
        let good = messages(asked, vec![rows(3..9), rows(9..12)]).await;
        let last = good.len() - 1;
        let cut = |change: fn(&mut FlightData)| {
            let mut sent = good.clone();
            change(&mut sent[last]);
            sent
        };
        let mut twice = good.clone();
        twice.push(FlightData {
            flight_descriptor: None,
            ..good[0].clone()
        });
        for sent in [
            cut(|message| message.data_header = message.data_header.slice(..8)),
            cut(|message| message.data_header = vec![0xff; 64].into()),
            cut(|message| message.data_body = message.data_body.slice(..8)),
            cut(|message| message.data_body = Vec::new().into()),
            twice,
        ] {
            let status = put(&server, stream::iter(sent), None).await.unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        }
        let bare = FlightData {
            flight_descriptor: good[0].flight_descriptor.clone(),
            ..FlightData::default()
        };
        let status = put(&server, stream::iter([bare]), None).await.unwrap_err();
        assert!(
            status.message().contains("the schema of the rows"),
            "{status:?}"
        );
    }
    nothing_has_happened(&server).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_larger_than_is_taken() {
    let engine = Engine::builder().build().await.unwrap();
    let options = ServeOptions {
        max_request_bytes: 1 << 20,
        ..ServeOptions::default()
    };
    let server = TestServer::over(engine, options).await;
    let values: ArrayRef = Arc::new(Int64Array::from(vec![7; 400_000]));
    let large = RecordBatch::try_from_iter([("x", values)]).unwrap();
    let any: Any = command("t", CREATE).as_any();
    let sent: Vec<FlightData> = FlightDataEncoderBuilder::new()
        .with_max_flight_data_size(usize::MAX)
        .with_flight_descriptor(Some(FlightDescriptor::new_cmd(any.encode_to_vec())))
        .build(stream::iter([Ok(large)]))
        .try_collect()
        .await
        .unwrap();
    let status = put(&server, stream::iter(sent), None).await.unwrap_err();
    assert_eq!(status.code(), Code::OutOfRange, "{status:?}");
    assert!(server.engine.sql("SELECT * FROM t").await.is_err());
}
