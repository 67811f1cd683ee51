//! The keys that JSON web tokens are checked with: a secret, or a JSON web key set.

use std::path::Path;

use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{
    AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse,
};
use serde::Deserialize;

use super::standing::sha256;
use crate::config::{JwtAlgorithm, JwtConfig, JwtSecret};
use crate::error::ServerError;

/// A shorter secret can be guessed.
const LEAST_SECRET_BYTES: usize = 32;

/// A key for one algorithm, and so for no other.
pub(super) struct VerifyingKey {
    pub(super) algorithm: JwtAlgorithm,
    pub(super) kid: Option<String>,
    pub(super) key: DecodingKey,
    /// SHA-256 of the key, by which logins end with it.
    pub(super) fingerprint: [u8; 32],
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

/// The keys of a configuration.
pub(super) fn load(config: &JwtConfig) -> Result<Vec<VerifyingKey>, ServerError> {
    let mut keys = Vec::new();
    if let Some(place) = &config.secret {
        keys.push(secret(place)?);
    }
    if let Some(file) = &config.jwks_file {
        let text = std::fs::read_to_string(file).map_err(|error| {
            let file = file.display();
            ServerError::Config(format!(
                "server.jwt.jwks_file: {file} cannot be read: {error}"
            ))
        })?;
        keys.extend(key_set(file, &text, &config.algorithms)?);
    }
    Ok(keys)
}

fn secret(place: &JwtSecret) -> Result<VerifyingKey, ServerError> {
    let (named, bytes) = match place {
        JwtSecret::File(file) => {
            let named = format!("server.jwt.secret_file: {}", file.display());
            let bytes = std::fs::read(file)
                .map_err(|error| ServerError::Config(format!("{named} cannot be read: {error}")))?;
            (named, bytes)
        }
        JwtSecret::Environment(name) => {
            let named = format!("server.jwt.secret_env: {name}");
            let text = std::env::var(name)
                .map_err(|_| ServerError::Config(format!("{named} is not set, or no text")))?;
            (named, text.into_bytes())
        }
    };
    // Editors end files with a newline.
    let bytes = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
    let bytes = bytes.strip_suffix(b"\r").unwrap_or(bytes);
    if bytes.len() < LEAST_SECRET_BYTES {
        return Err(ServerError::Config(format!(
            "{named}: expected a secret of at least {LEAST_SECRET_BYTES} bytes, got {}",
            bytes.len()
        )));
    }
    Ok(VerifyingKey {
        algorithm: JwtAlgorithm::Hs256,
        kid: None,
        key: DecodingKey::from_secret(bytes),
        fingerprint: sha256(bytes),
    })
}

/// The keys of a set that are for `algorithms`; those for something else are passed over, as sets
/// are shared.
fn key_set(
    file: &Path,
    text: &str,
    algorithms: &[JwtAlgorithm],
) -> Result<Vec<VerifyingKey>, ServerError> {
    let wrong = |message: &str| {
        ServerError::Config(format!(
            "server.jwt.jwks_file: {}: {message}",
            file.display()
        ))
    };
    let set: KeySet = serde_json::from_str(text)
        .map_err(|_| wrong("expected a JSON web key set, {\"keys\": […]}, got something else"))?;
    let mut keys: Vec<VerifyingKey> = Vec::new();
    for value in set.keys {
        let Ok(jwk) = serde_json::from_value::<Jwk>(value) else {
            continue;
        };
        let Some(key) = verifying_key(&jwk, algorithms) else {
            continue;
        };
        if key.kid.is_some() && keys.iter().any(|other| other.kid == key.kid) {
            return Err(wrong("expected each kid once, got one twice"));
        }
        keys.push(key);
    }
    if keys.is_empty() {
        return Err(wrong(
            "expected a public key for one of server.jwt.algorithms, got none",
        ));
    }
    Ok(keys)
}

fn verifying_key(jwk: &Jwk, algorithms: &[JwtAlgorithm]) -> Option<VerifyingKey> {
    let common = &jwk.common;
    let is_for_signatures = match (&common.public_key_use, &common.key_operations) {
        (Some(used), _) => *used == PublicKeyUse::Signature,
        (None, Some(operations)) => operations.contains(&KeyOperations::Verify),
        (None, None) => true,
    };
    let (algorithm, named, material) = match &jwk.algorithm {
        AlgorithmParameters::RSA(rsa) => (
            JwtAlgorithm::Rs256,
            KeyAlgorithm::RS256,
            format!("{} {}", rsa.n, rsa.e),
        ),
        AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => (
            JwtAlgorithm::Es256,
            KeyAlgorithm::ES256,
            format!("{} {}", curve.x, curve.y),
        ),
        // A secret has no place in a set of public keys.
        _ => return None,
    };
    let is_named_so = common
        .key_algorithm
        .is_none_or(|algorithm| algorithm == named);
    if !is_for_signatures || !is_named_so || !algorithms.contains(&algorithm) {
        return None;
    }
    Some(VerifyingKey {
        algorithm,
        kid: common.key_id.clone(),
        key: DecodingKey::from_jwk(jwk).ok()?,
        fingerprint: sha256(material.as_bytes()),
    })
}
