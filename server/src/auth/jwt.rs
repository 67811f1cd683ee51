//! JSON web tokens: signed by whom the configuration names, for us, and in time.
//!
//! The algorithm is the key's and not the token's: a key is tried only for the one algorithm that
//! it is for, so that a public key is never taken for a secret, and `none` for nothing.

use std::time::{Duration, SystemTime};

use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde_json::{Map, Value};

use super::identity::is_user_name;
use super::jwks::{self, VerifyingKey};
use crate::config::{JwtAlgorithm, JwtConfig};
use crate::error::ServerError;

/// What a token said, after everything was checked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verified {
    /// The user.
    pub(super) user: String,
    /// The roles, where the token names them.
    pub(super) roles: Option<Vec<String>>,
    /// Until when it is good.
    pub(super) until: SystemTime,
    /// The key it was signed with.
    pub(super) key: [u8; 32],
}

/// Checks tokens.
pub(super) struct Tokens {
    config: JwtConfig,
    keys: Vec<VerifyingKey>,
}

impl Tokens {
    /// Reads the keys.
    pub(super) fn load(config: &JwtConfig) -> Result<Self, ServerError> {
        Ok(Self {
            config: config.clone(),
            keys: jwks::load(config)?,
        })
    }

    /// Whether text has the shape of a token.
    pub(super) fn is_shaped_so(text: &str) -> bool {
        text.starts_with("ey") && text.matches('.').count() == 2
    }

    /// The fingerprints of the keys in force.
    pub(super) fn keys(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.keys.iter().map(|key| &key.fingerprint)
    }

    pub(super) fn config(&self) -> &JwtConfig {
        &self.config
    }

    /// Checks a token; the error says why it is not believed.
    pub(super) fn verify(&self, token: &str) -> Result<Verified, &'static str> {
        let header = decode_header(token)
            .map_err(|_| "it cannot be read, or is signed with none of the algorithms there are")?;
        if header.crit.is_some() {
            return Err("it has critical headers, which are not understood");
        }
        let key = self.key(header.alg, header.kid.as_deref())?;
        let data = decode::<Map<String, Value>>(token, &key.key, &self.validation(header.alg))
            .map_err(|error| reason(error.kind()))?;
        let claims = data.claims;
        let user = claim(&claims, &self.config.user_claim)
            .and_then(Value::as_str)
            .ok_or("it does not name its user")?;
        is_user_name(user).map_err(|_| "it names a user whom nobody can be called")?;
        let roles = match &self.config.roles_claim {
            None => None,
            Some(name) => claim(&claims, name).map(roles).transpose()?,
        };
        Ok(Verified {
            user: user.to_owned(),
            roles,
            until: claims
                .get("exp")
                .and_then(expiry)
                .ok_or("it does not say when it expires")?,
            key: key.fingerprint,
        })
    }

    /// The key for a token of this algorithm and key id.
    fn key(&self, algorithm: Algorithm, kid: Option<&str>) -> Result<&VerifyingKey, &'static str> {
        let wanted = match algorithm {
            Algorithm::HS256 => JwtAlgorithm::Hs256,
            Algorithm::RS256 => JwtAlgorithm::Rs256,
            Algorithm::ES256 => JwtAlgorithm::Es256,
            _ => return Err("it is signed with an algorithm that is not allowed"),
        };
        if !self.config.algorithms.contains(&wanted) {
            return Err("it is signed with an algorithm that is not allowed");
        }
        let mut keys = self.keys.iter().filter(|key| key.algorithm == wanted);
        // There is one secret, whatever its users call it.
        let kid = kid.filter(|_| wanted != JwtAlgorithm::Hs256);
        match kid {
            Some(kid) => keys
                .find(|key| key.kid.as_deref() == Some(kid))
                .ok_or("it is signed with a key that is not known"),
            None => match (keys.next(), keys.next()) {
                (Some(key), None) => Ok(key),
                _ => Err("it does not say which key it is signed with"),
            },
        }
    }

    fn validation(&self, algorithm: Algorithm) -> Validation {
        let mut validation = Validation::new(algorithm);
        let mut required = vec!["exp"];
        validation.leeway = self.config.leeway.as_secs();
        validation.validate_nbf = true;
        if let Some(issuer) = &self.config.issuer {
            validation.set_issuer(&[issuer]);
            required.push("iss");
        }
        if let Some(audience) = &self.config.audience {
            validation.set_audience(&[audience]);
            required.push("aud");
        }
        validation.set_required_spec_claims(&required);
        validation
    }
}

fn reason(kind: &ErrorKind) -> &'static str {
    match kind {
        ErrorKind::ExpiredSignature => "it has expired",
        ErrorKind::ImmatureSignature => "it is not valid yet",
        ErrorKind::InvalidIssuer => "its issuer is another",
        ErrorKind::InvalidAudience => "it is meant for somebody else",
        ErrorKind::MissingRequiredClaim(_) => "a claim is missing: exp, or the issuer or audience",
        ErrorKind::InvalidClaimFormat(_) => "one of its times is malformed",
        _ => "its signature does not fit",
    }
}

/// A claim by its name, or by its path in nested ones, as in `realm_access.roles`.
fn claim<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    claim(claims.get(first)?.as_object()?, rest)
}

/// Names in a list, or between blanks.
fn roles(value: &Value) -> Result<Vec<String>, &'static str> {
    const MALFORMED: &str = "its roles are no list of names";
    let names: Vec<&str> = match value {
        Value::String(text) => text.split_whitespace().collect(),
        Value::Array(names) => names
            .iter()
            .map(|name| name.as_str().ok_or(MALFORMED))
            .collect::<Result<_, _>>()?,
        _ => return Err(MALFORMED),
    };
    if names
        .iter()
        .any(|name| name.is_empty() || name.contains(char::is_control))
    {
        return Err(MALFORMED);
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// Seconds since the Unix epoch, whole or not.
fn expiry(value: &Value) -> Option<SystemTime> {
    let seconds = value.as_f64().filter(|seconds| *seconds >= 0.0)?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::try_from_secs_f64(seconds).ok()?)
}

#[cfg(test)]
mod key_tests;
#[cfg(test)]
pub(super) mod testing;
#[cfg(test)]
mod tests;
