//! Looks at what a server would be started with, without starting it.

use std::net::SocketAddr;
use std::time::SystemTime;

use chrono::{DateTime, Utc};

use crate::auth::Directory;
use crate::config::ClientCertificates;
use crate::error::ServerError;
use crate::serve::{ServeOptions, check_exposure};
use crate::tls;

/// What one part came to.
#[derive(Debug)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// What there is, or what is wrong with it.
    pub outcome: Result<String, ServerError>,
}

/// Reads the keys and certificates, and checks that the address may be listened on, the audit written
/// and traces sent. Nothing is left behind.
pub fn check(options: &ServeOptions, addresses: &[SocketAddr]) -> Vec<Finding> {
    vec![
        Finding {
            what: "address",
            outcome: address(options, addresses),
        },
        Finding {
            what: "users",
            outcome: Ok(users(options)),
        },
        Finding {
            what: "tokens",
            outcome: Directory::load(&options.access).map(|directory| match directory.keys() {
                None => "no JSON web tokens".to_owned(),
                Some(keys) => format!("JSON web tokens of {}", counted(keys, "key")),
            }),
        },
        Finding {
            what: "encryption",
            outcome: encryption(options),
        },
        Finding {
            what: "audit",
            outcome: audit(options),
        },
        Finding {
            what: "traces",
            outcome: traces(options),
        },
    ]
}

fn address(options: &ServeOptions, addresses: &[SocketAddr]) -> Result<String, ServerError> {
    for address in addresses {
        check_exposure(
            *address,
            options.access.is_restricted(),
            options.tls.is_some(),
            options.allow_plaintext,
        )?;
    }
    let shown: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    Ok(shown.join(", "))
}

fn users(options: &ServeOptions) -> String {
    let users = &options.access.users;
    if !options.access.is_restricted() {
        return "none: everybody on this machine may connect".to_owned();
    }
    let with_password = users.values().filter(|user| user.password.is_some());
    let with_certificate = users.values().filter(|user| user.certificate.is_some());
    let tokens = users.values().map(|user| user.tokens.len()).sum();
    format!(
        "{}: {} with a password, {} with a certificate, {}",
        counted(users.len(), "user"),
        with_password.count(),
        with_certificate.count(),
        counted(tokens, "token"),
    )
}

fn encryption(options: &ServeOptions) -> Result<String, ServerError> {
    let Some(config) = &options.tls else {
        return Ok("none".to_owned());
    };
    tls::load(config)?;
    let (names, until) = tls::validity(config)?;
    if until < DateTime::<Utc>::from(SystemTime::now()) {
        return Err(ServerError::Config(format!(
            "server.tls.certificate: {} has expired on {}",
            config.certificate.display(),
            until.format("%Y-%m-%d")
        )));
    }
    let clients = match config.client_certificates {
        ClientCertificates::Off => "off",
        ClientCertificates::Optional(_) => "optional",
        ClientCertificates::Required(_) => "required",
    };
    Ok(format!(
        "certificate of {} until {}, client certificates {clients}",
        names.join(", "),
        until.format("%Y-%m-%d")
    ))
}

fn audit(options: &ServeOptions) -> Result<String, ServerError> {
    let Some(config) = &options.audit else {
        return Ok("none".to_owned());
    };
    config.check()?;
    Ok(format!(
        "{}, put aside at {} bytes, {} of those kept",
        config.file.display(),
        config.largest,
        config.kept
    ))
}

fn traces(options: &ServeOptions) -> Result<String, ServerError> {
    let Some(config) = &options.traces else {
        return Ok("none".to_owned());
    };
    config.check()?;
    Ok(format!(
        "{}, {} % of them",
        config.endpoint,
        config.sample * 100.0
    ))
}

fn counted(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}
