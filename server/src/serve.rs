//! Serves an engine over gRPC until told to stop.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arrow_flight::flight_service_server::FlightServiceServer;
use cohortql_engine::Engine;
use cohortql_proto::control::v1::control_server::ControlServer;
use cohortql_protocol::Seal;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::server::NamedService;
use tonic::transport::Server;
use tonic_health::ServingStatus;

use crate::auth::{AuthenticationLayer, Authenticator, Directory, Doors, STRANGER_BYTES};
use crate::config::{AccessConfig, TlsConfig};
use crate::control::ControlService;
use crate::drain::Drain;
use crate::error::ServerError;
use crate::flight::{Flight, Service};
use crate::insight::{AuditConfig, Insight, Status, TracesConfig, serve_http};
use crate::reload::{ConfigFile, Reload, Reloader, Watched};
use crate::sessions::{SessionBounds, Sessions};
use crate::tls::{self, Encryption, incoming};

/// Bytes of request headers that are accepted.
const HEADER_BYTES: u32 = 64 << 10;

/// Bytes that a client may send ahead on one stream, and on one connection.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 4 << 20;

/// How long streams get to say that the server is closing, once they were told.
const FAREWELL: Duration = Duration::from_secs(1);

/// How often it is looked for what nobody uses any more.
const SWEEP: Duration = Duration::from_secs(1);

/// The services that the health service knows.
const FLIGHT: &str = <FlightServiceServer<Flight> as NamedService>::NAME;
const CONTROL: &str = <ControlServer<ControlService> as NamedService>::NAME;

/// How the server behaves.
#[derive(Debug, Clone)]
pub struct ServeOptions {
    /// Who may come in.
    pub access: AccessConfig,
    /// How connections are encrypted.
    pub tls: Option<TlsConfig>,
    /// Whether other machines may connect without encryption.
    pub allow_plaintext: bool,
    /// How long a login lasts.
    pub session_lifetime: Duration,
    /// The file that users, roles and certificates are taken from anew when it changes; without it
    /// the keys and certificates above are, when theirs do.
    pub config_file: Option<ConfigFile>,
    /// Has them taken anew when a clone of it is asked to.
    pub reload: Reload,
    /// Where the audit goes, if there is one.
    pub audit: Option<AuditConfig>,
    /// Where traces go, if they go anywhere.
    pub traces: Option<TracesConfig>,
    /// The port of metrics and health, if there is one. Whoever reaches it may read them.
    pub http: Option<Arc<std::net::TcpListener>>,
    /// Largest request message, in bytes: SQL text, or a batch of parameters.
    pub max_request_bytes: usize,
    /// Longest text of a statement, in bytes.
    pub max_sql_bytes: usize,
    /// Most parameters of a statement.
    pub max_parameters: usize,
    /// Most bytes that one result may take as it is sent.
    pub max_result_bytes: Option<u64>,
    /// Results of one user that may be read at a time.
    pub max_streams_per_user: usize,
    /// Sessions that one user may have.
    pub max_sessions_per_user: usize,
    /// How long a session may be unused that no connection holds.
    pub session_idle: Duration,
    /// How long a ticket is good for.
    pub ticket_lifetime: Duration,
    /// Results that may wait for their DoGet, and as many statements that are polled.
    pub max_open_results: usize,
    /// Those of one user.
    pub max_open_results_per_user: usize,
    /// How long a poll waits for the end of a statement before it says how far that has come.
    pub poll_wait: Duration,
    /// How long a query that polling has begun waits for its DoGet; afterwards that runs it anew.
    pub begun_lifetime: Duration,
    /// How long a prepared statement's handle is good for.
    pub prepared_lifetime: Duration,
    /// How long a prepared statement may be unused before it makes room for others.
    pub prepared_idle: Duration,
    /// Prepared statements that are kept.
    pub max_prepared_statements: usize,
    /// Those of one user.
    pub max_prepared_statements_per_user: usize,
    /// Bytes of text and parameters kept for results, and as many for prepared statements.
    pub max_kept_bytes: usize,
    /// Those of one user.
    pub max_kept_bytes_per_user: usize,
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
            access: AccessConfig::default(),
            tls: None,
            allow_plaintext: false,
            session_lifetime: Duration::from_secs(24 * 3_600),
            config_file: None,
            reload: Reload::default(),
            audit: None,
            traces: None,
            http: None,
            max_request_bytes: 64 << 20,
            max_sql_bytes: 16 << 20,
            max_parameters: 32_767,
            max_result_bytes: None,
            max_streams_per_user: 512,
            max_sessions_per_user: 1_000,
            session_idle: Duration::from_secs(3_600),
            ticket_lifetime: Duration::from_secs(10 * 60),
            max_open_results: 4_096,
            max_open_results_per_user: 2_048,
            poll_wait: Duration::from_secs(5),
            begun_lifetime: Duration::from_secs(60),
            prepared_lifetime: Duration::from_secs(24 * 3_600),
            prepared_idle: Duration::from_secs(3_600),
            max_prepared_statements: 20_000,
            max_prepared_statements_per_user: 10_000,
            max_kept_bytes: 512 << 20,
            max_kept_bytes_per_user: 256 << 20,
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
/// engine's own threads. On shutdown the health service says so and new statements are refused; what
/// runs gets [`ServeOptions::drain_timeout`] to end, and is then stopped and told why. A change that
/// is stopped has not happened.
///
/// # Errors
/// When keys or certificates cannot be read, when other machines reach `listener` though there are
/// no users or no encryption, and when the network fails.
pub async fn serve(
    engine: Engine,
    listener: TcpListener,
    options: ServeOptions,
    shutdown: impl Future<Output = ()>,
) -> Result<(), ServerError> {
    let address = listener
        .local_addr()
        .map_err(|error| ServerError::Config(format!("the listener has no address: {error}")))?;
    let watched = Watched::new(&options);
    let (authenticator, encryption) = guards(&options, address)?;
    let drain = Drain::new();
    let patience = options.drain_timeout;
    let insight = Insight::start(&engine, options.audit.as_ref(), options.traces.as_ref())?;
    insight.follow(&authenticator);
    let leaving = CancellationToken::new();
    let http = http_port(&options, &insight, &leaving)?;

    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<FlightServiceServer<Flight>>().await;
    health.set_serving::<ControlServer<ControlService>>().await;

    let seal = Arc::new(Seal::new()?);
    let bounds = SessionBounds {
        per_user: options.max_sessions_per_user,
        idle: options.session_idle,
        token_lifetime: options.session_lifetime,
    };
    let sessions = Arc::new(Sessions::new(engine.clone(), Arc::clone(&seal), bounds));
    let reloader = Reloader {
        engine,
        authenticator: Arc::clone(&authenticator),
        sessions: Arc::clone(&sessions),
        encryption: Arc::clone(&encryption),
        options: options.clone(),
        address,
    };
    let request_bytes = options.max_request_bytes;
    let (interval, answer) = (options.keepalive_interval, options.keepalive_timeout);
    let flight = Flight::new(options, seal, Arc::clone(&authenticator), drain.clone());
    let flight = Arc::new(flight);
    let calls = FlightServiceServer::new(Service(Arc::clone(&flight)));
    let calls = Doors {
        handshake: calls.clone().max_decoding_message_size(STRANGER_BYTES),
        others: calls.max_decoding_message_size(request_bytes),
    };
    let stopped = CancellationToken::new();
    let server = Server::builder()
        .http2_keepalive_interval(Some(interval))
        .http2_keepalive_timeout(Some(answer))
        .http2_max_header_list_size(HEADER_BYTES)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .layer(insight.layer())
        .layer(AuthenticationLayer::new(authenticator))
        .add_service(health_service.max_decoding_message_size(STRANGER_BYTES))
        .add_service(calls)
        .add_service(ControlServer::new(ControlService))
        .serve_with_incoming_shutdown(
            incoming(listener, Arc::clone(&sessions), encryption),
            stopped.clone().cancelled_owned(),
        );

    let sweeping = async {
        let mut ticks = tokio::time::interval(SWEEP);
        loop {
            ticks.tick().await;
            sessions.sweep();
            flight.sweep();
        }
    };
    let stop = async {
        shutdown.await;
        leaving.cancel();
        for service in ["", FLIGHT, CONTROL] {
            let status = ServingStatus::NotServing;
            health.set_service_status(service, status).await;
        }
        drain.run(patience, FAREWELL).await;
        // Connections are told that the server goes away, and get a moment to take it in.
        stopped.cancel();
        tokio::time::sleep(FAREWELL).await;
    };
    let ended = tokio::select! {
        served = server => served.map_err(ServerError::from),
        () = stop => Ok(()),
        () = sweeping => Ok(()),
        () = reloader.run(watched) => Ok(()),
        failed = http => failed,
    };
    insight.end().await;
    ended
}

/// Answers on the HTTP port, where there is one, for as long as the server is there.
fn http_port(
    options: &ServeOptions,
    insight: &Insight,
    leaving: &CancellationToken,
) -> Result<impl Future<Output = Result<(), ServerError>> + use<>, ServerError> {
    let port = options.http.as_ref().map(|listener| {
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener.try_clone()?)
    });
    let port = port
        .transpose()
        .map_err(|error| ServerError::Http(error.to_string()))?;
    let status = Status {
        metrics: Arc::clone(insight.metrics()),
        leaving: leaving.clone(),
    };
    Ok(async move {
        match port {
            Some(listener) => serve_http(listener, status).await,
            None => std::future::pending().await,
        }
    })
}

/// Reads what guards the server, and refuses to go unguarded.
fn guards(
    options: &ServeOptions,
    address: SocketAddr,
) -> Result<(Arc<Authenticator>, Arc<Encryption>), ServerError> {
    check_exposure(
        address,
        options.access.is_restricted(),
        options.tls.is_some(),
        options.allow_plaintext,
    )?;
    let directory = Directory::load(&options.access)?;
    let authenticator = Authenticator::new(directory, options.session_lifetime)?;
    let certificates = options.tls.as_ref().map(tls::load).transpose()?;
    Ok((
        Arc::new(authenticator),
        Arc::new(Encryption::new(certificates)),
    ))
}

/// Refuses an address that other machines reach, unless there are users, and encryption or the word
/// that something else encrypts.
pub(crate) fn check_exposure(
    address: SocketAddr,
    has_users: bool,
    has_tls: bool,
    allow_plaintext: bool,
) -> Result<(), ServerError> {
    if address.ip().to_canonical().is_loopback() {
        return Ok(());
    }
    if !has_users {
        return Err(ServerError::Config(format!(
            "cannot listen on {address} without users: whoever reaches it could do what this \
             process can; listen on 127.0.0.1, or add users with `cohortql user add`"
        )));
    }
    if !has_tls && !allow_plaintext {
        return Err(ServerError::Config(format!(
            "cannot listen on {address} without encryption: passwords would travel readable; add \
             [server.tls], or allow_plaintext = true to [server] where a proxy encrypts"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(address: &str, has_users: bool, has_tls: bool, allow: bool) -> Option<String> {
        let address = address.parse().unwrap();
        let checked = check_exposure(address, has_users, has_tls, allow);
        checked.err().map(|error| error.to_string())
    }

    #[test]
    fn this_machine_may_always_connect() {
        for address in [
            "127.0.0.1:1",
            "127.1.2.3:1",
            "[::1]:1",
            "[::ffff:127.0.0.1]:1",
        ] {
            assert_eq!(refusal(address, false, false, false), None);
        }
    }

    #[test]
    fn others_need_users_and_encryption() {
        for address in ["0.0.0.0:1", "[::]:1", "192.0.2.1:1"] {
            let error = refusal(address, false, true, true).unwrap();
            assert!(error.contains("without users"), "{error}");
            let error = refusal(address, true, false, false).unwrap();
            assert!(error.contains("without encryption"), "{error}");
            assert_eq!(refusal(address, true, true, false), None);
            assert_eq!(refusal(address, true, false, true), None);
        }
    }
}
