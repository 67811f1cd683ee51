//! `cohortql serve`: the engine behind Arrow Flight SQL.

use std::io::{self, ErrorKind, Write, stderr};
use std::path::Path;
use std::sync::Arc;

use cohortql_engine::Engine;
use cohortql_server::{Reload, ServeOptions, ServerConfig};
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::args::{DEFAULT_LISTEN, Serve, Settings};
use super::error::CliError;
use super::shell::note;
use super::{check, open};

/// Serves until a signal says otherwise.
pub(crate) fn serve(serve: &Serve, settings: &Settings) -> Result<(), CliError> {
    let runtime = open::runtime()?;
    runtime.block_on(async {
        let found = open::find_config(settings)?;
        if serve.check {
            return check::run(serve, settings, found.as_deref()).await;
        }
        let (address, config) = configured(serve, found.as_deref())?;
        let mut options = config.options();
        // Before the tables: a taken port is known at once.
        let listener = listen(&address).await?;
        if let Some(address) = &config.http_listen {
            options.http = Some(Arc::new(listen(address).await?.into_std()?));
        }
        let engine = open::engine_of(settings, &serve.tables, found.as_deref()).await?;
        let roles = engine.settings().roles.keys().cloned().collect();
        options.access.check_roles(&roles)?;
        serve_engine(engine, listener, options).await
    })
}

/// Where to listen, and what the file says; flags come before it.
pub(super) fn configured(
    serve: &Serve,
    found: Option<&Path>,
) -> Result<(String, ServerConfig), CliError> {
    let config = found.map(ServerConfig::read).transpose()?;
    let config = config.unwrap_or_default();
    let address = serve.listen.clone().or_else(|| config.listen.clone());
    let address = address.unwrap_or_else(|| DEFAULT_LISTEN.to_owned());
    Ok((address, config))
}

/// Takes an address to listen on.
pub(crate) async fn listen(address: &str) -> Result<TcpListener, CliError> {
    TcpListener::bind(address).await.map_err(|error| {
        CliError::Usage(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "cannot listen on {address}: another program does already; --listen names another port, port 0 takes any"
            ),
            ErrorKind::PermissionDenied => {
                format!("cannot listen on {address}: ports below 1024 need special rights")
            }
            _ => format!("cannot listen on {address:?}: {error}; expected HOST:PORT"),
        })
    })
}

/// Serves `engine` until Ctrl-C or SIGTERM, then lets running queries end. SIGHUP has users, roles
/// and certificates taken anew.
pub(crate) async fn serve_engine(
    engine: Engine,
    listener: TcpListener,
    options: ServeOptions,
) -> Result<(), CliError> {
    let address = listener.local_addr()?;
    let stop = stop()?;
    let hang_up = signal(SignalKind::hangup())?;
    let reload = options.reload.clone();
    let scheme = match options.tls {
        Some(_) => "grpc+tls",
        None => "grpc",
    };
    let is_restricted = options.access.is_restricted();
    let http = options.http.as_ref().map(|port| port.local_addr());
    let http = http.transpose()?;
    let serving = cohortql_server::serve(engine, listener, options, stop);
    let said = async {
        writeln!(stderr(), "listening on {scheme}://{address}")?;
        if let Some(http) = http {
            note(&format!("metrics and health on http://{http}"));
        }
        if !is_restricted {
            note("there are no users: everybody on this machine may connect, and nobody else");
        }
        reload_on(hang_up, reload).await
    };
    tokio::select! {
        // What cannot be served is known at its first step, before anybody is told where it listens.
        biased;
        served = serving => Ok(served?),
        never = said => never,
    }
}

/// Has the configuration read anew at each signal; what is wrong with it is in the log and said.
async fn reload_on(mut hang_up: Signal, reload: Reload) -> Result<(), CliError> {
    loop {
        if hang_up.recv().await.is_none() {
            return std::future::pending().await;
        }
        match reload.now().await {
            Ok(()) => note("the configuration was read anew"),
            Err(error) => note(&format!(
                "warning: the configuration cannot be taken, so what was in force stays so: {error}"
            )),
        }
    }
}

/// Resolves when the process is asked to end.
fn stop() -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
