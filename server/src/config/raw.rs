//! `[server]` and `[users]` as they are written, before anything is checked but the names of keys.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

/// What is read of the file. What else it holds is the engine's, which knows the names of all
/// sections.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct File {
    pub(super) server: Server,
    pub(super) users: BTreeMap<Spanned<String>, User>,
}

/// `[server]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Server {
    pub(super) listen: Option<String>,
    pub(super) http_listen: Option<String>,
    pub(super) allow_plaintext: bool,
    pub(super) session_lifetime: Option<Spanned<String>>,
    pub(super) tls: Option<Tls>,
    pub(super) jwt: Option<Jwt>,
    pub(super) audit: Option<Audit>,
    pub(super) traces: Option<Traces>,
    pub(super) limits: Limits,
}

/// `[server.audit]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Audit {
    pub(super) file: Spanned<String>,
    pub(super) max_size: Option<Spanned<String>>,
    pub(super) keep: Option<usize>,
}

/// `[server.traces]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Traces {
    pub(super) endpoint: Spanned<String>,
    pub(super) sample: Option<Spanned<f64>>,
}

/// `[server.tls]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tls {
    pub(super) certificate: Spanned<String>,
    pub(super) key: Spanned<String>,
    pub(super) client_ca: Option<Spanned<String>>,
    pub(super) client_certificates: Option<Spanned<String>>,
}

/// `[server.jwt]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Jwt {
    pub(super) algorithms: Spanned<Vec<Spanned<String>>>,
    pub(super) secret_file: Option<Spanned<String>>,
    pub(super) secret_env: Option<Spanned<String>>,
    pub(super) jwks_file: Option<Spanned<String>>,
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<String>,
    pub(super) leeway: Option<Spanned<String>>,
    pub(super) user_claim: Option<Spanned<String>>,
    pub(super) roles_claim: Option<Spanned<String>>,
}

/// `[server.limits]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Limits {
    pub(super) request_size: Option<Spanned<String>>,
    pub(super) sql_size: Option<Spanned<String>>,
    pub(super) parameters: Option<Spanned<usize>>,
    pub(super) result_size: Option<Spanned<String>>,
    pub(super) streams_per_user: Option<Spanned<usize>>,
    pub(super) sessions_per_user: Option<Spanned<usize>>,
    pub(super) session_idle: Option<Spanned<String>>,
    pub(super) ticket_lifetime: Option<Spanned<String>>,
    pub(super) open_results: Option<Spanned<usize>>,
    pub(super) open_results_per_user: Option<Spanned<usize>>,
    pub(super) poll_wait: Option<Spanned<String>>,
    pub(super) begun_lifetime: Option<Spanned<String>>,
    pub(super) prepared_lifetime: Option<Spanned<String>>,
    pub(super) prepared_idle: Option<Spanned<String>>,
    pub(super) prepared_statements: Option<Spanned<usize>>,
    pub(super) prepared_statements_per_user: Option<Spanned<usize>>,
    pub(super) kept_size: Option<Spanned<String>>,
    pub(super) kept_size_per_user: Option<Spanned<String>>,
    pub(super) bound_size: Option<Spanned<String>>,
    pub(super) keepalive_interval: Option<Spanned<String>>,
    pub(super) keepalive_timeout: Option<Spanned<String>>,
    pub(super) drain_timeout: Option<Spanned<String>>,
}

/// `[users.NAME]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct User {
    pub(super) password: Option<Spanned<String>>,
    pub(super) roles: Vec<String>,
    pub(super) tokens: Vec<Token>,
    pub(super) certificate: Option<Spanned<String>>,
}

/// One of a user's tokens.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Token {
    pub(super) name: Spanned<String>,
    pub(super) sha256: Spanned<String>,
    pub(super) expires: Option<Spanned<Datetime>>,
}
