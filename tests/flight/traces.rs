//! Traces as a collector gets them: a statement is one trace, from FlightInfo to the last row.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use arrow_flight::sql::client::FlightSqlServiceClient;
use cohortql_server::{ServeOptions, TracesConfig};
use futures::StreamExt;
use opentelemetry_proto::tonic::collector::trace::v1::trace_service_server::{
    TraceService, TraceServiceServer,
};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::SpanKind;
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use tokio::net::TcpListener;
use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status};

use super::raw::{Raw, statement};
use super::server::{TestServer, fetch, query, status};

/// Somebody's span, as a traceparent names it.
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// Fails at a row of its answer, when it is read.
const FAILS_LATE: &str = "SELECT 10 / (value - 3) AS secret_column FROM generate_series(1, 5)";

/// A collector in this process.
#[derive(Clone, Default)]
struct Collector {
    requests: Arc<Mutex<Vec<ExportTraceServiceRequest>>>,
}

#[tonic::async_trait]
impl TraceService for Collector {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.requests.lock().unwrap().push(request.into_inner());
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

/// A server and the collector that it sends to.
struct Traced {
    server: TestServer,
    collector: Collector,
}

impl Traced {
    async fn start(sample: f64) -> Self {
        let collector = Collector::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let service = TraceServiceServer::new(collector.clone());
        let serving = tonic::transport::Server::builder()
            .add_service(service)
            .serve_with_incoming(TcpIncoming::from(listener));
        tokio::spawn(serving);
        let options = ServeOptions {
            traces: Some(TracesConfig {
                sample,
                ..TracesConfig::new(endpoint)
            }),
            ..ServeOptions::default()
        };
        Self {
            server: TestServer::with(options).await,
            collector,
        }
    }

    /// Ends the server, by which all spans have been sent, and gives them in the order of calls.
    async fn spans(self) -> Vec<Told> {
        self.server.shut_down().await.unwrap();
        let requests = self.collector.requests.lock().unwrap().clone();
        let mut spans = Vec::new();
        for resource in requests.into_iter().flat_map(|sent| sent.resource_spans) {
            let named = resource.resource.unwrap().attributes.into_iter();
            let service = named.filter(|attribute| attribute.key == "service.name");
            let service: Vec<_> = service
                .map(|name| text(name.value.unwrap().value))
                .collect();
            assert_eq!(service, ["cohortql"]);
            spans.extend(
                resource
                    .scope_spans
                    .into_iter()
                    .flat_map(|scope| scope.spans),
            );
        }
        spans.sort_by_key(|span| span.start_time_unix_nano);
        spans.into_iter().map(Told).collect()
    }
}

/// A span as it was told.
#[derive(Debug)]
struct Told(Span);

impl Told {
    fn method(&self) -> &str {
        let service = "arrow.flight.protocol.FlightService/";
        self.0.name.strip_prefix(service).unwrap()
    }

    fn trace(&self) -> String {
        hex(&self.0.trace_id)
    }

    fn parent(&self) -> String {
        hex(&self.0.parent_span_id)
    }

    fn id(&self) -> String {
        hex(&self.0.span_id)
    }

    /// The code and the message of the status; none unless it failed.
    fn failure(&self) -> Option<&str> {
        let status = self.0.status.as_ref()?;
        (status.code() == StatusCode::Error).then_some(status.message.as_str())
    }

    fn attributes(&self) -> BTreeMap<&str, String> {
        let attributes = self.0.attributes.iter();
        let told: BTreeMap<_, _> = attributes
            .map(|one| (one.key.as_str(), text(one.value.clone().unwrap().value)))
            .collect();
        assert_eq!(told.len(), self.0.attributes.len(), "each is told once");
        told
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(value: Option<Value>) -> String {
    match value.unwrap() {
        Value::StringValue(text) => text,
        Value::IntValue(number) => number.to_string(),
        other => panic!("expected text or a number, got {other:?}"),
    }
}

fn methods(spans: &[Told]) -> Vec<&str> {
    spans.iter().map(Told::method).collect()
}

async fn with_header(server: &TestServer, value: &str) -> FlightSqlServiceClient<Channel> {
    let mut client = server.flight().await;
    client.set_header("traceparent", value);
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_one_trace() {
    let traced = Traced::start(1.0).await;
    let mut client = traced.server.flight().await;
    let sql = "SELECT value AS secret_column FROM generate_series(1, 7)";
    for _ in 0..2 {
        query(&mut client, sql).await.unwrap();
    }
    drop(client);
    let spans = traced.spans().await;
    let calls = ["GetFlightInfo", "DoGet", "GetFlightInfo", "DoGet"];
    assert_eq!(methods(&spans), calls);
    for pair in spans.chunks(2) {
        let [info, get] = pair else { unreachable!() };
        assert_eq!(get.trace(), info.trace());
        assert_eq!((get.parent(), info.parent()), (info.id(), String::new()));
        assert!(info.0.start_time_unix_nano <= get.0.start_time_unix_nano);
        assert!(get.0.start_time_unix_nano < get.0.end_time_unix_nano);
        for span in pair {
            assert_eq!(span.0.kind(), SpanKind::Server);
            assert_eq!(span.failure(), None);
            let told = span.attributes();
            assert_eq!(told["rpc.system"], "grpc");
            assert_eq!(told["rpc.service"], "arrow.flight.protocol.FlightService");
            assert_eq!(told["rpc.method"], span.method());
            assert_eq!(told["rpc.grpc.status_code"], "0");
            assert_eq!(told["enduser.id"], "anonymous");
            assert_eq!(told["client.address"], "127.0.0.1");
        }
        let told = get.attributes();
        assert_eq!(told["cohortql.rows"], "7");
        assert!(told["cohortql.bytes"].parse::<u64>().unwrap() > 56);
        assert!(told["cohortql.query.id"].starts_with('q'));
    }
    assert_ne!(spans[0].trace(), spans[2].trace());
    let [first, second] = [&spans[1], &spans[3]].map(|span| span.attributes());
    assert_ne!(first["cohortql.query.id"], second["cohortql.query.id"]);
    assert!(!format!("{spans:?}").contains("secret"), "{spans:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_of_the_client_goes_on() {
    let traced = Traced::start(0.0).await;
    for header in [
        format!("00-{TRACE}-{PARENT}-01"),
        format!("00-{TRACE}-{PARENT}-00"),
        "00-no-trace-01".to_owned(),
    ] {
        let mut client = with_header(&traced.server, &header).await;
        query(&mut client, "SELECT 1").await.unwrap();
    }
    // The trace of the first is kept as it says so; of the others, none is.
    let spans = traced.spans().await;
    assert_eq!(methods(&spans), ["GetFlightInfo", "DoGet"]);
    for span in &spans {
        assert_eq!((span.trace(), span.parent()), (TRACE.into(), PARENT.into()));
    }
    let links = &spans[1].0.links;
    let links: Vec<_> = links.iter().map(|link| hex(&link.span_id)).collect();
    assert_eq!(links, [spans[0].id()]);
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_polls_and_prepared_statements_are_traced() {
    let traced = Traced::start(1.0).await;
    let mut client = traced.server.flight().await;
    let create = "CREATE TABLE t AS VALUES (1), (2)";
    let info = client.execute(create.to_owned(), None).await.unwrap();
    let _ = fetch(&mut client, info).await.unwrap();
    let delete = "INSERT INTO t VALUES (3)".to_owned();
    assert_eq!(client.execute_update(delete, None).await.unwrap(), 1);
    let sql = "SELECT * FROM t".to_owned();
    let mut prepared = client.prepare(sql.clone(), None).await.unwrap();
    let info = prepared.execute().await.unwrap();
    let _ = fetch(&mut client, info).await.unwrap();
    drop(prepared);
    let raw = Raw::of(&traced.server).await;
    let mut polled = raw.poll(statement(&sql)).await.unwrap();
    while let Some(again) = polled.flight_descriptor.clone() {
        polled = raw.poll(again).await.unwrap();
    }
    let _ = fetch(&mut client, polled.info.unwrap()).await.unwrap();
    drop((client, raw));
    let spans = traced.spans().await;
    let find = |method: &'static str| spans.iter().filter(move |span| span.method() == method);
    let infos: Vec<_> = find("GetFlightInfo")
        .chain(find("PollFlightInfo"))
        .collect();
    let gets: Vec<_> = find("DoGet").collect();
    assert_eq!((infos.len(), gets.len()), (3, 3));
    for (info, get) in infos.iter().zip(&gets) {
        assert_eq!(get.trace(), info.trace());
    }
    let told = |span: &Told| {
        let told = span.attributes();
        (
            told.get("cohortql.rows").cloned(),
            told.contains_key("cohortql.query.id"),
        )
    };
    // A change runs in GetFlightInfo or DoPut, a query in DoGet or, when polled, before it.
    assert_eq!(told(infos[0]), (Some("2".to_owned()), true));
    assert_eq!(told(gets[0]), (None, false));
    let put = find("DoPut").next().unwrap();
    assert_eq!(told(put), (Some("1".to_owned()), true));
    assert_eq!(told(infos[1]), (None, false));
    for get in &gets[1..] {
        assert_eq!(told(get), (Some("3".to_owned()), true));
    }
    assert_eq!(told(infos[2]), (None, true));
    let action = find("DoAction").next().unwrap();
    assert_eq!(
        action.attributes()["cohortql.action"],
        "CreatePreparedStatement"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_are_told_without_what_they_say() {
    let traced = Traced::start(1.0).await;
    let mut client = traced.server.flight().await;
    let planning = query(&mut client, "SELECT secret_column")
        .await
        .unwrap_err();
    let planning = status(planning);
    let running = status(query(&mut client, FAILS_LATE).await.unwrap_err());
    drop(client);
    let spans = traced.spans().await;
    assert_eq!(methods(&spans), ["GetFlightInfo", "GetFlightInfo", "DoGet"]);
    assert_eq!(spans[1].failure(), None);
    assert_eq!(spans[2].trace(), spans[1].trace());
    for (span, failure) in [(&spans[0], planning), (&spans[2], running)] {
        let name = format!("{:?}", failure.code());
        assert_eq!(span.failure(), Some(name.as_str()));
        let told = span.attributes();
        let code = told["rpc.grpc.status_code"].parse::<i32>().unwrap();
        assert_eq!(Code::from(code), failure.code());
        let id = failure.metadata().get("cohortql-error-id").unwrap();
        assert_eq!(told["cohortql.error.id"], id.to_str().unwrap());
    }
    assert!(!format!("{spans:?}").contains("secret"), "{spans:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_reads_on_ends_its_span() {
    let traced = Traced::start(1.0).await;
    let mut client = traced.server.flight().await;
    let endless = "SELECT * FROM generate_series(1, 1000000000000)";
    let info = client.execute(endless.to_owned(), None).await.unwrap();
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let mut rows = client.do_get(ticket).await.unwrap();
    rows.next().await.unwrap().unwrap();
    drop((rows, client));
    let spans = traced.spans().await;
    assert_eq!(methods(&spans), ["GetFlightInfo", "DoGet"]);
    assert_eq!(spans[1].failure(), Some("Cancelled"));
    let rows = &spans[1].attributes()["cohortql.rows"];
    assert!(rows.parse::<u64>().unwrap() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_breaks_without_a_collector() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let options = ServeOptions {
        traces: Some(TracesConfig::new(endpoint)),
        ..ServeOptions::default()
    };
    let server = TestServer::with(options).await;
    let mut client = server.flight().await;
    query(&mut client, "SELECT 1").await.unwrap();
    drop(client);
    server.shut_down().await.unwrap();
}
