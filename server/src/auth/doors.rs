//! Which calls strangers may make, and how much they may send with them.

use std::task::{Context, Poll};

use tonic::body::Body;
use tonic::codegen::http::Request;
use tonic::server::NamedService;
use tower::Service;

/// Bytes of a message that comes before anybody has asked who is calling: more than any credentials
/// take.
pub(crate) const STRANGER_BYTES: usize = 64 << 10;

/// Calls that anybody may make: those of gRPC's health service.
const HEALTH: &str = "/grpc.health.v1.Health/";

/// The call that brings its credentials itself, as it may bring them in its payload.
const HANDSHAKE: &str = "/arrow.flight.protocol.FlightService/Handshake";

/// Whether a call is served before anybody has asked who is calling.
pub(super) fn is_open(path: &str) -> bool {
    path.starts_with(HEALTH) || path == HANDSHAKE
}

/// A service of which one call is open: it is taken by a service of its own, with a bound of its own.
#[derive(Clone)]
pub(crate) struct Doors<S> {
    /// Takes the handshake.
    pub(crate) handshake: S,
    /// Takes what the others send, whom everybody knows by then.
    pub(crate) others: S,
}

impl<S: NamedService> NamedService for Doors<S> {
    const NAME: &'static str = S::NAME;
}

impl<S: Service<Request<Body>>> Service<Request<Body>> for Doors<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        match self.handshake.poll_ready(context)? {
            Poll::Ready(()) => self.others.poll_ready(context),
            Poll::Pending => Poll::Pending,
        }
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        match request.uri().path() {
            HANDSHAKE => self.handshake.call(request),
            _ => self.others.call(request),
        }
    }
}
