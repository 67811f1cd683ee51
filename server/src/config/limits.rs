//! `[server.limits]`: what one server, and one client of it, may take.

use toml::Spanned;

use super::document::Document;
use super::raw;
use crate::error::ServerError;
use crate::serve::ServeOptions;

/// Puts the limits that the file names into `options`; the others stay as they are.
pub(super) fn apply(
    document: &Document<'_>,
    raw: raw::Limits,
    options: &mut ServeOptions,
) -> Result<(), ServerError> {
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
    set(
        &mut options.max_request_bytes,
        size("request_size", raw.request_size)?,
    );
    set(&mut options.max_sql_bytes, size("sql_size", raw.sql_size)?);
    set(
        &mut options.max_parameters,
        count("parameters", raw.parameters)?,
    );
    set(
        &mut options.max_streams_per_user,
        count("streams_per_user", raw.streams_per_user)?,
    );
    set(
        &mut options.max_sessions_per_user,
        count("sessions_per_user", raw.sessions_per_user)?,
    );
    set(
        &mut options.session_idle,
        time("session_idle", raw.session_idle)?,
    );
    set(
        &mut options.ticket_lifetime,
        time("ticket_lifetime", raw.ticket_lifetime)?,
    );
    set(
        &mut options.max_open_results,
        count("open_results", raw.open_results)?,
    );
    set(
        &mut options.max_open_results_per_user,
        count("open_results_per_user", raw.open_results_per_user)?,
    );
    set(&mut options.poll_wait, time("poll_wait", raw.poll_wait)?);
    set(
        &mut options.begun_lifetime,
        time("begun_lifetime", raw.begun_lifetime)?,
    );
    set(
        &mut options.prepared_lifetime,
        time("prepared_lifetime", raw.prepared_lifetime)?,
    );
    set(
        &mut options.prepared_idle,
        time("prepared_idle", raw.prepared_idle)?,
    );
    set(
        &mut options.max_prepared_statements,
        count("prepared_statements", raw.prepared_statements)?,
    );
    set(
        &mut options.max_prepared_statements_per_user,
        count(
            "prepared_statements_per_user",
            raw.prepared_statements_per_user,
        )?,
    );
    set(
        &mut options.max_kept_bytes,
        size("kept_size", raw.kept_size)?,
    );
    set(
        &mut options.max_kept_bytes_per_user,
        size("kept_size_per_user", raw.kept_size_per_user)?,
    );
    set(
        &mut options.max_bound_bytes,
        size("bound_size", raw.bound_size)?,
    );
    set(
        &mut options.keepalive_interval,
        time("keepalive_interval", raw.keepalive_interval)?,
    );
    set(
        &mut options.keepalive_timeout,
        time("keepalive_timeout", raw.keepalive_timeout)?,
    );
    set(
        &mut options.drain_timeout,
        time("drain_timeout", raw.drain_timeout)?,
    );
    if let Some(bytes) = size("result_size", raw.result_size)? {
        options.max_result_bytes = Some(u64::try_from(bytes).unwrap_or(u64::MAX));
    }
    Ok(())
}

fn set<T>(option: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *option = value;
    }
}
