//! `[users.NAME]`: a password's hash, roles, hashes of tokens, and the name in a certificate.

use std::collections::{BTreeMap, HashMap};
use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use toml::Spanned;
use toml::value::Datetime;

use super::AccessConfig;
use super::document::Document;
use super::raw;
use crate::auth::{PasswordHash, is_user_name, sha256};
use crate::error::ServerError;

/// A user.
#[derive(Debug, Clone, Default)]
pub struct UserConfig {
    /// The hash of the password.
    pub password: Option<PasswordHash>,
    /// Names of roles.
    pub roles: Vec<String>,
    /// What the user's programs come with.
    pub tokens: Vec<TokenConfig>,
    /// The common name, or an alternative name, of the user's client certificate.
    pub certificate: Option<String>,
}

/// A token, of which only the hash is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenConfig {
    /// What the token is for.
    pub name: String,
    /// SHA-256 of the token.
    pub sha256: [u8; 32],
    /// The first moment at which it is not good any more.
    pub expires: Option<SystemTime>,
}

/// What `sha256` of a token's entry must be.
pub fn token_hash(token: &str) -> String {
    let hash = sha256(token.as_bytes());
    hash.iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

/// Checks a user and adds it to `users`.
pub(super) fn insert(
    document: &Document<'_>,
    users: &mut BTreeMap<String, UserConfig>,
    name: Spanned<String>,
    raw: raw::User,
) -> Result<(), ServerError> {
    let section = format!("users.{}", name.get_ref());
    if let Err(message) = is_user_name(name.get_ref()) {
        return Err(document.wrong(&name.span(), &section, &message));
    }
    let password = raw.password.map(|text| {
        PasswordHash::parse(text.get_ref()).map_err(|message| {
            document.wrong(&text.span(), &format!("{section}.password"), &message)
        })
    });
    let mut tokens: Vec<TokenConfig> = Vec::new();
    for token in raw.tokens {
        let token = validate_token(document, &section, &token)?;
        if tokens.iter().any(|other| other.name == token.name) {
            let message = format!("two tokens are called {:?}", token.name);
            return Err(document.wrong(&name.span(), &format!("{section}.tokens"), &message));
        }
        tokens.push(token);
    }
    let certificate = match raw.certificate {
        Some(text) if text.get_ref().is_empty() => {
            let key = format!("{section}.certificate");
            let message = "expected a name in a certificate, got nothing";
            return Err(document.wrong(&text.span(), &key, message));
        }
        text => text.map(Spanned::into_inner),
    };
    let user = UserConfig {
        password: password.transpose()?,
        roles: raw.roles,
        tokens,
        certificate,
    };
    users.insert(name.into_inner(), user);
    Ok(())
}

/// Checks what users may not have in common, and that each has a way in.
pub(super) fn check(access: &AccessConfig) -> Result<(), ServerError> {
    let mut certificates: HashMap<&str, &str> = HashMap::new();
    let mut tokens: HashMap<[u8; 32], &str> = HashMap::new();
    for (name, user) in &access.users {
        let has_way_in =
            user.password.is_some() || !user.tokens.is_empty() || user.certificate.is_some();
        if !has_way_in && access.jwt.is_none() {
            return Err(ServerError::Config(format!(
                "users.{name}: expected a password, tokens or a certificate, got none; \
                 `cohortql user hash` makes a password's hash"
            )));
        }
        if let Some(certificate) = &user.certificate
            && let Some(other) = certificates.insert(certificate, name)
        {
            return Err(ServerError::Config(format!(
                "users.{name}.certificate: {certificate:?} is that of users.{other} already"
            )));
        }
        for token in &user.tokens {
            if let Some(other) = tokens.insert(token.sha256, name) {
                return Err(ServerError::Config(format!(
                    "users.{name}.tokens: the token {:?} is one of users.{other} already",
                    token.name
                )));
            }
        }
    }
    Ok(())
}

fn validate_token(
    document: &Document<'_>,
    section: &str,
    raw: &raw::Token,
) -> Result<TokenConfig, ServerError> {
    if raw.name.get_ref().is_empty() {
        let key = format!("{section}.tokens.name");
        let message = "expected what the token is for, got nothing";
        return Err(document.wrong(&raw.name.span(), &key, message));
    }
    let sha256 = from_hex(raw.sha256.get_ref()).ok_or_else(|| {
        // It is not shown: it may be the token itself.
        let message =
            "expected the SHA-256 of a token as 64 hexadecimal digits, got something else";
        document.wrong(
            &raw.sha256.span(),
            &format!("{section}.tokens.sha256"),
            message,
        )
    })?;
    let expires = raw.expires.as_ref().map(|expires| {
        moment(*expires.get_ref()).ok_or_else(|| {
            let message = format!(
                "expected a date such as 2030-01-31 or a moment such as 2030-01-31T18:00:00Z, got {}",
                expires.get_ref()
            );
            document.wrong(&expires.span(), &format!("{section}.tokens.expires"), &message)
        })
    });
    Ok(TokenConfig {
        name: raw.name.get_ref().clone(),
        sha256,
        expires: expires.transpose()?,
    })
}

/// A moment; of a date the first one, in UTC.
fn moment(written: Datetime) -> Option<SystemTime> {
    let text = written.to_string();
    if written.time.is_none() {
        let date: NaiveDate = text.parse().ok()?;
        return Some(date.and_time(NaiveTime::MIN).and_utc().into());
    }
    // Without an offset it would be another moment on another machine.
    let moment = DateTime::parse_from_rfc3339(&text).ok()?;
    Some(moment.with_timezone(&Utc).into())
}

/// Thirty-two bytes as hexadecimal digits.
fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0_u8; 32];
    if text.len() != 64 || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}
