//! `cohortql serve --check`: what the configuration comes to, without serving it.

use std::fmt::Display;
use std::net::SocketAddr;
use std::path::Path;

use cohortql_engine::Engine;

use super::args::{Serve, Settings};
use super::error::CliError;
use super::serve::configured;
use super::{open, print};

/// The report, and whether everything is well.
#[derive(Default)]
struct Report {
    text: String,
    wrong: usize,
}

impl Report {
    fn add(&mut self, what: &str, outcome: Result<String, impl Display>) {
        let line = match outcome {
            Ok(found) => format!("{what:<14}{found}\n"),
            Err(error) => {
                self.wrong += 1;
                format!("{what:<14}error: {error}\n")
            }
        };
        self.text += &line;
    }
}

/// Reads everything, prints what it comes to, and fails if something is wrong.
pub(super) async fn run(
    serve: &Serve,
    settings: &Settings,
    found: Option<&Path>,
) -> Result<(), CliError> {
    let mut report = Report::default();
    let file = found.map_or("none".to_owned(), |path| path.display().to_string());
    report.add("configuration", Ok::<_, CliError>(file));
    let engine = open::engine_of(settings, &serve.tables, found).await;
    match configured(serve, found) {
        Ok((address, config)) => {
            let options = config.options();
            let resolved = resolve(&address).await;
            let http = match &config.http_listen {
                None => Ok("none".to_owned()),
                Some(http) => http_port(http, resolved.as_deref().unwrap_or_default()).await,
            };
            match resolved {
                Ok(addresses) => {
                    for finding in cohortql_server::check(&options, &addresses) {
                        report.add(finding.what, finding.outcome);
                    }
                }
                Err(error) => report.add("address", Err(error)),
            }
            report.add("http", http);
            if let Ok(engine) = &engine {
                let roles = engine.settings().roles.keys().cloned().collect();
                let checked = options.access.check_roles(&roles);
                report.add("roles", checked.map(|()| roles.len().to_string()));
                for complaint in engine.check_roles().await {
                    report.add("role", Err(complaint));
                }
            }
        }
        Err(error) => report.add("server", Err(error)),
    }
    match &engine {
        Ok(engine) => tables(engine, &mut report).await,
        Err(error) => report.add("engine", Err(error)),
    }
    print(report.text.as_bytes())?;
    match report.wrong {
        0 => Ok(()),
        1 => Err(CliError::Usage("one thing is wrong".to_owned())),
        wrong => Err(CliError::Usage(format!("{wrong} things are wrong"))),
    }
}

/// The addresses that are listened on.
async fn resolve(address: &str) -> Result<Vec<SocketAddr>, CliError> {
    let resolved = tokio::net::lookup_host(address).await;
    let addresses = resolved.map_err(|error| {
        CliError::Usage(format!(
            "cannot listen on {address:?}: {error}; expected HOST:PORT"
        ))
    })?;
    Ok(addresses.collect())
}

/// The port of metrics and health, which cannot be one that statements come to.
async fn http_port(address: &str, taken: &[SocketAddr]) -> Result<String, CliError> {
    let addresses = resolve(address).await?;
    let overlaps = |one: &SocketAddr, other: &SocketAddr| {
        let is_any = one.ip().is_unspecified() || other.ip().is_unspecified();
        one.port() != 0 && one.port() == other.port() && (is_any || one.ip() == other.ip())
    };
    if addresses
        .iter()
        .any(|one| taken.iter().any(|other| overlaps(one, other)))
    {
        return Err(CliError::Usage(format!(
            "server.http_listen: cannot listen on {address:?}: statements come to that port; \
             expected another"
        )));
    }
    let shown: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    let shown = shown.join(", ");
    match addresses.iter().all(|address| address.ip().is_loopback()) {
        true => Ok(shown),
        false => Ok(format!("{shown}; whoever reaches it may read it")),
    }
}

/// Opens every table that is declared, by planning to read it.
async fn tables(engine: &Engine, report: &mut Report) {
    let names: Vec<String> = engine.settings().tables.keys().cloned().collect();
    let mut opened = 0;
    for name in &names {
        match open_table(engine, name).await {
            Ok(()) => opened += 1,
            Err(error) => report.add("table", Err(error)),
        }
    }
    report.add(
        "tables",
        Ok::<_, CliError>(format!("{opened} of {} declared can be read", names.len())),
    );
}

async fn open_table(engine: &Engine, name: &str) -> Result<(), CliError> {
    let session = engine.session();
    let quoted = name.replace('"', "\"\"");
    for statement in session.parse(&format!("select * from \"{quoted}\""))? {
        session.plan(&statement).await?;
    }
    Ok(())
}
