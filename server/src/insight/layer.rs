//! Begins the span of each Flight call, before anybody asks who is calling, and ends it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::Either;
use tonic::body::Body;
use tonic::codegen::http::{Request, Response};
use tonic::{Code, Status};
use tower::{Layer, Service};

use super::Call;
use super::traces::Traces;
use crate::connection::Connection;

/// Whose calls are traced.
const SERVICE: &str = "arrow.flight.protocol.FlightService";

/// The name of the span of DoGet, whose answer goes on after the call has returned.
const DO_GET: &str = "arrow.flight.protocol.FlightService/DoGet";

/// The spans of all calls. A path that is none of these comes from no client.
const CALLS: [&str; 10] = [
    "arrow.flight.protocol.FlightService/Handshake",
    "arrow.flight.protocol.FlightService/ListFlights",
    "arrow.flight.protocol.FlightService/GetFlightInfo",
    "arrow.flight.protocol.FlightService/PollFlightInfo",
    "arrow.flight.protocol.FlightService/GetSchema",
    DO_GET,
    "arrow.flight.protocol.FlightService/DoPut",
    "arrow.flight.protocol.FlightService/DoExchange",
    "arrow.flight.protocol.FlightService/DoAction",
    "arrow.flight.protocol.FlightService/ListActions",
];

/// Puts a [`Call`] into each request, where traces are kept.
#[derive(Clone)]
pub(crate) struct CallLayer(pub(super) Option<Arc<Traces>>);

impl<S> Layer<S> for CallLayer {
    type Service = Calls<S>;

    fn layer(&self, inner: S) -> Calls<S> {
        Calls {
            inner,
            traces: self.0.clone(),
        }
    }
}

/// A service behind the layer.
#[derive(Clone)]
pub(crate) struct Calls<S> {
    inner: S,
    traces: Option<Arc<Traces>>,
}

type Answer<E> = Pin<Box<dyn Future<Output = Result<Response<Body>, E>> + Send>>;

impl<S> Service<Request<Body>> for Calls<S>
where
    S: Service<Request<Body>, Response = Response<Body>>,
    S::Future: Send + 'static,
    S::Error: Send,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Either<S::Future, Answer<S::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        let begun = self.traces.as_ref().and_then(|traces| {
            let path = request.uri().path().strip_prefix('/')?;
            let name = *CALLS.iter().find(|name| **name == path)?;
            Some((name, Call::arrived(traces, name, request.headers())))
        });
        let Some((name, call)) = begun else {
            return Either::Left(self.inner.call(request));
        };
        describe(&call, name, &request);
        request.extensions_mut().insert(call.clone());
        let answer = self.inner.call(request);
        Either::Right(Box::pin(async move {
            let response = answer.await?;
            match Status::from_header_map(response.headers()) {
                Some(status) if status.code() != Code::Ok => call.fail(&status),
                // The stream ends it.
                _ if name == DO_GET => {}
                _ => call.succeed(),
            }
            Ok(response)
        }))
    }
}

fn describe(call: &Call, name: &'static str, request: &Request<Body>) {
    call.note("rpc.system", "grpc");
    call.note("rpc.service", SERVICE);
    call.note("rpc.method", &name[SERVICE.len() + 1..]);
    if let Some(connection) = request.extensions().get::<Arc<Connection>>() {
        call.note("client.address", connection.peer().address.to_string());
    }
}
