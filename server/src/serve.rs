//! Serves an engine over gRPC until told to stop.

use std::future::Future;
use std::time::Duration;

use arrow_flight::flight_service_server::FlightServiceServer;
use cohortql_engine::Engine;
use cohortql_proto::control::v1::control_server::ControlServer;
use futures::TryStreamExt;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tokio_util::sync::CancellationToken;
use tonic::transport::Server;

use crate::connection::Accepted;
use crate::control::ControlService;
use crate::error::ServerError;
use crate::flight::Flight;

/// Bytes of request headers that are accepted.
const HEADER_BYTES: u32 = 64 << 10;

/// Bytes that a client may send ahead on one stream, and on one connection.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// How long streams get to say that the server is closing, once they were told.
const FAREWELL: Duration = Duration::from_secs(1);

/// How the server behaves.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Largest request message, in bytes: SQL text, or a batch of parameters.
    pub max_request_bytes: usize,
    /// How long a ticket is good for.
    pub ticket_lifetime: Duration,
    /// Results that may wait for their DoGet.
    pub max_open_results: usize,
    /// How long a prepared statement's handle is good for.
    pub prepared_lifetime: Duration,
    /// How long a prepared statement may be unused before it makes room for others.
    pub prepared_idle: Duration,
    /// Prepared statements that are kept.
    pub max_prepared_statements: usize,
    /// Bytes of text and parameters kept for results, and as many for prepared statements.
    pub max_kept_bytes: usize,
    /// Bytes of parameters bound to one statement.
    pub max_bound_bytes: usize,
    /// How often an idle connection is asked whether the client is still there.
    pub keepalive_interval: Duration,
    /// How long a client may take to answer that.
    pub keepalive_timeout: Duration,
    /// How long running streams may go on after the shutdown began.
    pub drain_timeout: Duration,
}

impl Default for ServeOptions {
    fn default() -> Self {
        Self {
            max_request_bytes: 64 << 20,
            ticket_lifetime: Duration::from_secs(10 * 60),
            max_open_results: 4_096,
            prepared_lifetime: Duration::from_secs(24 * 3_600),
            prepared_idle: Duration::from_secs(3_600),
            max_prepared_statements: 4_096,
            max_kept_bytes: 256 << 20,
            max_bound_bytes: 256 << 20,
            keepalive_interval: Duration::from_secs(30),
            keepalive_timeout: Duration::from_secs(20),
            drain_timeout: Duration::from_secs(10),
        }
    }
}

/// Serves Flight SQL, the control service and gRPC's health service on `listener` until
/// `shutdown` resolves.
///
/// The network is served on the caller's runtime; statements are planned and computed on the
/// engine's own threads. On shutdown no new connections are taken, running streams get
/// [`ServeOptions::drain_timeout`] to end, and are then told that the server is closing.
pub async fn serve(
    engine: Engine,
    listener: TcpListener,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServerError> {
    let stopping = CancellationToken::new();
    let closing = CancellationToken::new();
    let drain = options.drain_timeout;

    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<FlightServiceServer<Flight>>().await;
    health.set_serving::<ControlServer<ControlService>>().await;

    let incoming = TcpListenerStream::new(listener).map_ok(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = %error, "a connection keeps its delay");
        }
        Accepted::new(stream, engine.clone())
    });
    let request_bytes = options.max_request_bytes;
    let flight = FlightServiceServer::new(Flight::new(options.clone(), closing.clone())?)
        .max_decoding_message_size(request_bytes);
    let server = Server::builder()
        .http2_keepalive_interval(Some(options.keepalive_interval))
        .http2_keepalive_timeout(Some(options.keepalive_timeout))
        .http2_max_header_list_size(HEADER_BYTES)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .add_service(health_service)
        .add_service(flight)
        .add_service(ControlServer::new(ControlService))
        .serve_with_incoming_shutdown(incoming, stopping.clone().cancelled_owned());

    let stop = async {
        shutdown.await;
        health
            .set_not_serving::<FlightServiceServer<Flight>>()
            .await;
        stopping.cancel();
        tokio::time::sleep(drain).await;
        closing.cancel();
        tokio::time::sleep(FAREWELL).await;
    };
    tokio::select! {
        served = server => Ok(served?),
        () = stop => Ok(()),
    }
}
