//! Takes users, roles, keys and certificates anew while the server runs.
//!
//! The files are looked at every second, and read when one has changed or when somebody asks. What
//! cannot be read is logged, and what was in force stays so.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use cohortql_engine::{Config, Engine, Principal};
use tokio::sync::{mpsc, oneshot};
use tokio::time::MissedTickBehavior;

use crate::auth::{Authenticator, Directory, Grounds};
use crate::config::{self, AccessConfig, ServerConfig, TlsConfig};
use crate::error::ServerError;
use crate::serve::{ServeOptions, check_exposure};
use crate::sessions::Sessions;
use crate::tls::{self, Encryption};

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Asks a server to read its configuration anew, as a clone of [`ServeOptions::reload`].
#[derive(Debug, Clone)]
pub struct Reload {
    sender: mpsc::Sender<Request>,
    receiver: Arc<Mutex<Option<mpsc::Receiver<Request>>>>,
}

type Request = oneshot::Sender<Result<(), ServerError>>;

impl Default for Reload {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(1);
        Self {
            sender,
            receiver: Arc::new(Mutex::new(Some(receiver))),
        }
    }
}

impl Reload {
    /// Has the configuration read now, and waits until it is in force.
    ///
    /// # Errors
    /// What is wrong with it; then what was in force stays so.
    pub async fn now(&self) -> Result<(), ServerError> {
        let (answer, answered) = oneshot::channel();
        let sent = self.sender.send(answer).await;
        sent.map_err(|_| ServerError::ShuttingDown)?;
        answered.await.map_err(|_| ServerError::ShuttingDown)?
    }

    /// The requests, for the one server that serves them.
    fn requests(&self) -> Option<mpsc::Receiver<Request>> {
        let mut receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        receiver.take()
    }
}

/// A configuration file that is taken anew when it changes from what it was.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    path: PathBuf,
    stamp: Stamp,
}

impl ConfigFile {
    /// The file at `path` as it is now. What is read of it afterwards is no older.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let stamp = stamp(&path);
        Self { path, stamp }
    }
}

/// The files that are looked at, and how they were last.
pub(crate) struct Watched {
    files: Vec<PathBuf>,
    seen: Vec<Stamp>,
}

impl Watched {
    /// Those that the options name, as they are before they are read.
    pub(crate) fn new(options: &ServeOptions) -> Self {
        let mut files = config::files(&options.access, options.tls.as_ref());
        let mut seen = stamps(&files);
        if let Some(file) = &options.config_file {
            files.push(file.path.clone());
            seen.push(file.stamp);
        }
        Self { files, seen }
    }
}

/// What is replaced, and where from.
pub(crate) struct Reloader {
    pub(crate) engine: Engine,
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) encryption: Arc<Encryption>,
    pub(crate) options: ServeOptions,
    pub(crate) address: std::net::SocketAddr,
}

impl Reloader {
    /// Serves requests and watches the files, for as long as it is polled.
    pub(crate) async fn run(self, watched: Watched) {
        let mut requests = self.options.reload.requests();
        let this = Arc::new(self);
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let Watched {
            mut files,
            mut seen,
        } = watched;
        loop {
            let request = tokio::select! {
                request = next(&mut requests) => Some(request),
                _ = ticks.tick() => None,
            };
            // Taken before the files are read, so that a change meanwhile is seen the next time.
            let (watched, known) = (files.clone(), seen.clone());
            let looked = tokio::task::spawn_blocking(move || {
                let now = stamps(&watched);
                (now != known, now)
            });
            let Ok((has_changed, now)) = looked.await else {
                continue;
            };
            seen = now;
            if !has_changed && request.is_none() {
                continue;
            }
            let reading = Arc::clone(&this);
            let read = tokio::task::spawn_blocking(move || reading.read());
            let outcome = match read.await {
                Ok((outcome, named)) => {
                    if let Some(named) = named
                        && named != files
                    {
                        // Others are looked at from now on; as they may have changed since, they
                        // are read once more.
                        seen = Vec::new();
                        files = named;
                    }
                    outcome
                }
                Err(_) => Err(ServerError::Internal(
                    "reading the configuration panicked".to_owned(),
                )),
            };
            match &outcome {
                Ok(()) => tracing::info!("the configuration was read anew"),
                Err(error) => tracing::error!(
                    error = %error,
                    "the configuration cannot be taken; what was in force stays so"
                ),
            }
            if let Some(request) = request {
                // Whoever asked may have gone.
                let _gone = request.send(outcome);
            }
        }
    }

    /// Reads everything and puts it in force; with it the files to watch, if they are known.
    fn read(&self) -> (Result<(), ServerError>, Option<Vec<PathBuf>>) {
        let Some(ConfigFile { path, .. }) = &self.options.config_file else {
            let outcome = self.apply(&self.options.access, self.options.tls.as_ref(), None);
            return (outcome, None);
        };
        match read_file(path) {
            Ok((engine, server)) => {
                let files = self.files(&server.access, server.tls.as_ref());
                let outcome = self
                    .check(&server)
                    .map_err(|error| config::in_file(path, &error))
                    .and_then(|()| self.apply(&server.access, server.tls.as_ref(), Some(engine)));
                (outcome, Some(files))
            }
            Err(error) => (Err(error), None),
        }
    }

    /// Refuses what would open the server further than it was when it started.
    fn check(&self, server: &ServerConfig) -> Result<(), ServerError> {
        if self.authenticator.is_restricted() && !server.access.is_restricted() {
            return Err(ServerError::Config(
                "users: expected some, got none; a server with users takes a restart to be one \
                 without"
                    .to_owned(),
            ));
        }
        if self.options.tls.is_some() != server.tls.is_some() {
            return Err(ServerError::Config(
                "server.tls: turning encryption on or off takes a restart".to_owned(),
            ));
        }
        let has_tls = server.tls.is_some();
        let allow_plaintext = server.allow_plaintext;
        check_exposure(
            self.address,
            server.access.is_restricted(),
            has_tls,
            allow_plaintext,
        )
    }

    /// Puts users and roles in force at once, and certificates; what runs of those who are let in no
    /// more is stopped. One broken file does not hold back the others: a user who was taken away is
    /// gone, whatever state the certificate is in.
    fn apply(
        &self,
        access: &AccessConfig,
        tls: Option<&TlsConfig>,
        config: Option<Config>,
    ) -> Result<(), ServerError> {
        let users = Directory::load(access).and_then(|directory| {
            if let Some(config) = config {
                self.engine.set_roles(config.roles)?;
            }
            self.authenticator.replace(directory);
            let holds = |principal: Option<&Principal>, grounds: &Grounds| {
                self.authenticator.holds(principal, grounds)
            };
            self.sessions.keep(holds);
            Ok(())
        });
        let certificates = match tls {
            None => Ok(()),
            Some(tls) => tls::load(tls).map(|tls| self.encryption.replace(tls)),
        };
        users.and(certificates)
    }

    fn files(&self, access: &AccessConfig, tls: Option<&TlsConfig>) -> Vec<PathBuf> {
        let mut files = config::files(access, tls);
        files.extend(
            self.options
                .config_file
                .iter()
                .map(|file| file.path.clone()),
        );
        files
    }
}

/// Both parts of a configuration file, which must fit each other.
fn read_file(path: &Path) -> Result<(Config, ServerConfig), ServerError> {
    let named = |error: ServerError| config::in_file(path, &error);
    let text = std::fs::read_to_string(path)
        .map_err(|error| named(ServerError::Config(format!("cannot be read: {error}"))))?;
    let engine = Config::parse(&text).map_err(|error| named(error.into()))?;
    let server = ServerConfig::parse(&text, config::folder(path)).map_err(named)?;
    let roles = engine.roles.keys().cloned().collect();
    server.access.check_roles(&roles).map_err(named)?;
    Ok((engine, server))
}

/// The next request; never, once nobody can ask any more.
async fn next(requests: &mut Option<mpsc::Receiver<Request>>) -> Request {
    if let Some(receiver) = requests
        && let Some(request) = receiver.recv().await
    {
        return request;
    }
    std::future::pending().await
}

/// By which a file is known to have changed.
type Stamp = Option<(SystemTime, u64, u64)>;

fn stamps(files: &[PathBuf]) -> Vec<Stamp> {
    files.iter().map(|file| stamp(file)).collect()
}

fn stamp(file: &Path) -> Stamp {
    let metadata = std::fs::metadata(file).ok()?;
    Some((metadata.modified().ok()?, metadata.len(), inode(&metadata)))
}

/// Renewal often puts another file in the place of the old one.
#[cfg(unix)]
fn inode(metadata: &std::fs::Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(metadata)
}

#[cfg(not(unix))]
fn inode(_metadata: &std::fs::Metadata) -> u64 {
    0
}
