//! `[server]` and `[users]` of `cohortql.toml`: raw as they are written, and validated.
//!
//! The engine reads the other sections of the same file and passes over these two. Relative paths
//! count from the file's folder. Secrets are named by file or environment variable and never
//! written, but for the hashes of passwords and tokens.

mod document;
mod jwt;
mod limits;
mod raw;
mod tls;
mod users;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::error::ServerError;
use crate::insight::{AuditConfig, TracesConfig};
use crate::reload::{ConfigFile, Reload};
use crate::serve::ServeOptions;
use document::Document;
pub use jwt::{JwtAlgorithm, JwtConfig, JwtSecret};
pub use tls::{ClientCertificates, TlsConfig};
pub use users::{TokenConfig, UserConfig, token_hash};

/// The longest a login may last.
const LONGEST_SESSION: Duration = Duration::from_secs(30 * 24 * 3_600);

/// What a server is told by `cohortql.toml`.
#[derive(Debug, Clone, Default)]
pub struct ServerConfig {
    /// Where it listens, as `HOST:PORT`.
    pub listen: Option<String>,
    /// Where metrics and health are told over HTTP, as `HOST:PORT`.
    pub http_listen: Option<String>,
    /// Where the audit goes.
    pub audit: Option<AuditConfig>,
    /// Where traces go.
    pub traces: Option<TracesConfig>,
    /// Who may come in.
    pub access: AccessConfig,
    /// How connections are encrypted.
    pub tls: Option<TlsConfig>,
    /// Whether other machines may connect without encryption.
    pub allow_plaintext: bool,
    /// How long a login lasts.
    pub session_lifetime: Option<Duration>,
    /// What the options are before the above count.
    limited: ServeOptions,
    file: Option<ConfigFile>,
}

/// Who may come in; everybody from this machine when nobody is named.
#[derive(Debug, Clone, Default)]
pub struct AccessConfig {
    /// Users by name.
    pub users: BTreeMap<String, UserConfig>,
    /// Whose tokens are believed.
    pub jwt: Option<JwtConfig>,
}

impl AccessConfig {
    /// Whether a login is asked for.
    pub fn is_restricted(&self) -> bool {
        !self.users.is_empty() || self.jwt.is_some()
    }

    /// Checks that every role that users are given is among `roles`.
    pub fn check_roles(&self, roles: &BTreeSet<String>) -> Result<(), ServerError> {
        for (name, user) in &self.users {
            if let Some(unknown) = user.roles.iter().find(|role| !roles.contains(*role)) {
                return Err(ServerError::Config(format!(
                    "users.{name}.roles: expected names of [roles], got {unknown:?}"
                )));
            }
        }
        Ok(())
    }
}

impl ServerConfig {
    /// Reads a file. Errors name the file, the line, the key, what was expected and what came.
    pub fn read(path: &Path) -> Result<Self, ServerError> {
        let file = Some(ConfigFile::at(path));
        let text = std::fs::read_to_string(path).map_err(|error| {
            ServerError::Config(format!("{} cannot be read: {error}", path.display()))
        })?;
        let config = Self::parse(&text, folder(path)).map_err(|error| in_file(path, &error))?;
        Ok(Self { file, ..config })
    }

    /// Reads text whose relative paths count from `base`.
    pub fn parse(text: &str, base: &Path) -> Result<Self, ServerError> {
        let document = Document::new(text, base);
        let file = document.read()?;
        let server = file.server;
        let session_lifetime =
            document.duration("server.session_lifetime", server.session_lifetime)?;
        if session_lifetime.is_some_and(|lifetime| lifetime > LONGEST_SESSION) {
            return Err(ServerError::Config(
                "server.session_lifetime: expected at most 720h".to_owned(),
            ));
        }
        let mut users = BTreeMap::new();
        for (name, user) in file.users {
            users::insert(&document, &mut users, name, user)?;
        }
        let jwt = server.jwt.map(|jwt| JwtConfig::validate(&document, jwt));
        let access = AccessConfig {
            users,
            jwt: jwt.transpose()?,
        };
        users::check(&access)?;
        let audit = server.audit.map(|raw| audit(&document, raw));
        let traces = server.traces.map(|raw| traces(&document, raw));
        let mut limited = ServeOptions::default();
        limits::apply(&document, server.limits, &mut limited)?;
        let tls = server.tls.map(|tls| TlsConfig::validate(&document, tls));
        Ok(Self {
            listen: server.listen,
            http_listen: server.http_listen,
            audit: audit.transpose()?,
            traces: traces.transpose()?,
            access,
            tls: tls.transpose()?,
            allow_plaintext: server.allow_plaintext,
            session_lifetime,
            limited,
            file: None,
        })
    }

    /// The options of a server that is to be as this says. What was read from a file is taken anew when
    /// that changes.
    pub fn options(&self) -> ServeOptions {
        let mut options = ServeOptions {
            access: self.access.clone(),
            tls: self.tls.clone(),
            allow_plaintext: self.allow_plaintext,
            config_file: self.file.clone(),
            audit: self.audit.clone(),
            traces: self.traces.clone(),
            // Each server is asked for itself.
            reload: Reload::default(),
            ..self.limited.clone()
        };
        if let Some(lifetime) = self.session_lifetime {
            options.session_lifetime = lifetime;
        }
        options
    }
}

fn audit(document: &Document<'_>, raw: raw::Audit) -> Result<AuditConfig, ServerError> {
    let mut config = AuditConfig::new(document.path("server.audit.file", &raw.file)?);
    if let Some(largest) = document.size("server.audit.max_size", raw.max_size)? {
        config.largest = u64::try_from(largest).unwrap_or(u64::MAX);
    }
    config.kept = raw.keep.unwrap_or(config.kept);
    Ok(config)
}

fn traces(document: &Document<'_>, raw: raw::Traces) -> Result<TracesConfig, ServerError> {
    let mut config = TracesConfig::new(raw.endpoint.get_ref());
    let wrong = |span, key, message: String| document.wrong(&span, key, &message);
    config
        .check_endpoint()
        .map_err(|message| wrong(raw.endpoint.span(), "server.traces.endpoint", message))?;
    if let Some(sample) = raw.sample {
        config.sample = *sample.get_ref();
        config
            .check_sample()
            .map_err(|message| wrong(sample.span(), "server.traces.sample", message))?;
    }
    Ok(config)
}

/// The same error, said to be about a file.
pub(crate) fn in_file(path: &Path, error: &ServerError) -> ServerError {
    ServerError::Config(format!("{}: {error}", path.display()))
}

/// The folder that a file lies in.
pub(crate) fn folder(path: &Path) -> &Path {
    path.parent().unwrap_or(Path::new(""))
}

/// The files that were named, for whoever watches them.
pub(crate) fn files(access: &AccessConfig, tls: Option<&TlsConfig>) -> Vec<PathBuf> {
    let jwt = access.jwt.iter().flat_map(JwtConfig::files);
    jwt.chain(tls.into_iter().flat_map(TlsConfig::files))
        .map(Path::to_path_buf)
        .collect()
}

#[cfg(test)]
mod tests;
