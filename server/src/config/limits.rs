//! `[server.limits]`: what one server, and one client of it, may take.

use std::time::Duration;

use toml::Spanned;

use super::document::Document;
use super::raw;
use crate::error::ServerError;
use crate::serve::ServeOptions;

/// The limits that the file names; the others stay as they are.
#[derive(Debug, Clone, Default)]
pub(super) struct Limits {
    request_size: Option<usize>,
    sql_size: Option<usize>,
    parameters: Option<usize>,
    result_size: Option<u64>,
    streams_per_user: Option<usize>,
    sessions_per_user: Option<usize>,
    session_idle: Option<Duration>,
    ticket_lifetime: Option<Duration>,
    open_results: Option<usize>,
    open_results_per_user: Option<usize>,
    poll_wait: Option<Duration>,
    begun_lifetime: Option<Duration>,
    prepared_lifetime: Option<Duration>,
    prepared_idle: Option<Duration>,
    prepared_statements: Option<usize>,
    prepared_statements_per_user: Option<usize>,
    kept_size: Option<usize>,
    kept_size_per_user: Option<usize>,
    bound_size: Option<usize>,
    keepalive_interval: Option<Duration>,
    keepalive_timeout: Option<Duration>,
    drain_timeout: Option<Duration>,
}

impl Limits {
    pub(super) fn validate(document: &Document<'_>, raw: raw::Limits) -> Result<Self, ServerError> {
        let size = |key: &str, value| document.size(&format!("server.limits.{key}"), value);
        let time = |key: &str, value| document.duration(&format!("server.limits.{key}"), value);
        let count = |key: &str, value: Option<Spanned<usize>>| match value {
            Some(value) if *value.get_ref() == 0 => Err(document.wrong(
                &value.span(),
                &format!("server.limits.{key}"),
                "expected at least 1, got 0",
            )),
            value => Ok(value.map(Spanned::into_inner)),
        };
        Ok(Self {
            request_size: size("request_size", raw.request_size)?,
            sql_size: size("sql_size", raw.sql_size)?,
            parameters: count("parameters", raw.parameters)?,
            result_size: size("result_size", raw.result_size)?.map(|bytes| bytes as u64),
            streams_per_user: count("streams_per_user", raw.streams_per_user)?,
            sessions_per_user: count("sessions_per_user", raw.sessions_per_user)?,
            session_idle: time("session_idle", raw.session_idle)?,
            ticket_lifetime: time("ticket_lifetime", raw.ticket_lifetime)?,
            open_results: count("open_results", raw.open_results)?,
            open_results_per_user: count("open_results_per_user", raw.open_results_per_user)?,
            poll_wait: time("poll_wait", raw.poll_wait)?,
            begun_lifetime: time("begun_lifetime", raw.begun_lifetime)?,
            prepared_lifetime: time("prepared_lifetime", raw.prepared_lifetime)?,
            prepared_idle: time("prepared_idle", raw.prepared_idle)?,
            prepared_statements: count("prepared_statements", raw.prepared_statements)?,
            prepared_statements_per_user: count(
                "prepared_statements_per_user",
                raw.prepared_statements_per_user,
            )?,
            kept_size: size("kept_size", raw.kept_size)?,
            kept_size_per_user: size("kept_size_per_user", raw.kept_size_per_user)?,
            bound_size: size("bound_size", raw.bound_size)?,
            keepalive_interval: time("keepalive_interval", raw.keepalive_interval)?,
            keepalive_timeout: time("keepalive_timeout", raw.keepalive_timeout)?,
            drain_timeout: time("drain_timeout", raw.drain_timeout)?,
        })
    }

    /// Puts what the file names into `options`.
    pub(super) fn apply(&self, options: &mut ServeOptions) {
        set(&mut options.max_request_bytes, self.request_size);
        set(&mut options.max_sql_bytes, self.sql_size);
        set(&mut options.max_parameters, self.parameters);
        options.max_result_bytes = self.result_size.or(options.max_result_bytes);
        set(&mut options.max_streams_per_user, self.streams_per_user);
        set(&mut options.max_sessions_per_user, self.sessions_per_user);
        set(&mut options.session_idle, self.session_idle);
        set(&mut options.ticket_lifetime, self.ticket_lifetime);
        set(&mut options.max_open_results, self.open_results);
        set(
            &mut options.max_open_results_per_user,
            self.open_results_per_user,
        );
        set(&mut options.poll_wait, self.poll_wait);
        set(&mut options.begun_lifetime, self.begun_lifetime);
        set(&mut options.prepared_lifetime, self.prepared_lifetime);
        set(&mut options.prepared_idle, self.prepared_idle);
        set(
            &mut options.max_prepared_statements,
            self.prepared_statements,
        );
        set(
            &mut options.max_prepared_statements_per_user,
            self.prepared_statements_per_user,
        );
        set(&mut options.max_kept_bytes, self.kept_size);
        set(
            &mut options.max_kept_bytes_per_user,
            self.kept_size_per_user,
        );
        set(&mut options.max_bound_bytes, self.bound_size);
        set(&mut options.keepalive_interval, self.keepalive_interval);
        set(&mut options.keepalive_timeout, self.keepalive_timeout);
        set(&mut options.drain_timeout, self.drain_timeout);
    }
}

fn set<T: Copy>(option: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *option = value;
    }
}
