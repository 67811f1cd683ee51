//! `cohortql serve`: the engine behind Arrow Flight SQL.

use std::io::{self, ErrorKind, Write, stderr};

use cohortql_engine::Engine;
use cohortql_server::ServeOptions;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::args::{Serve, Settings};
use super::error::CliError;
use super::open;
use super::shell::note;

/// Serves until a signal says otherwise.
pub(crate) fn serve(serve: &Serve, settings: &Settings) -> Result<(), CliError> {
    let runtime = open::runtime()?;
    runtime.block_on(async {
        // Before the tables: a taken port is known at once.
        let listener = listen(&serve.listen).await?;
        let engine = open::engine(settings, &serve.tables).await?;
        serve_engine(engine, listener).await
    })
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

/// Serves `engine` until Ctrl-C or SIGTERM, then lets running queries end.
pub(crate) async fn serve_engine(engine: Engine, listener: TcpListener) -> Result<(), CliError> {
    let address = listener.local_addr()?;
    let stop = stop()?;
    writeln!(stderr(), "listening on grpc://{address}")?;
    if !address.ip().is_loopback() {
        note(
            "warning: there are no users yet, so whoever reaches this address can read and write \
             files as this process can",
        );
    }
    cohortql_server::serve(engine, listener, ServeOptions::default(), stop).await?;
    Ok(())
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
