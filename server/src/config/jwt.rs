//! `[server.jwt]`: whose JSON web tokens are believed, and what they must say.

use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;

use super::document::Document;
use super::raw;
use crate::error::ServerError;

/// More than this is no difference between clocks any more.
const MOST_LEEWAY: Duration = Duration::from_secs(60);

/// The difference between clocks that is put up with unless told otherwise.
const DEFAULT_LEEWAY: Duration = Duration::from_secs(30);

/// Whose tokens are believed, and what they must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JwtConfig {
    /// The algorithms that tokens may be signed with, and no others.
    pub algorithms: Vec<JwtAlgorithm>,
    /// The secret of HS256.
    pub secret: Option<JwtSecret>,
    /// The public keys of RS256 and ES256, a JSON web key set.
    pub jwks_file: Option<PathBuf>,
    /// What `iss` must be.
    pub issuer: Option<String>,
    /// What `aud` must be, or hold.
    pub audience: Option<String>,
    /// By how much clocks may differ: tokens are good for so much longer, and before.
    pub leeway: Duration,
    /// The claim that names the user.
    pub user_claim: String,
    /// The claim that names roles; those of the user's entry count where it is not.
    pub roles_claim: Option<String>,
}

/// An algorithm of signatures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JwtAlgorithm {
    /// HMAC with SHA-256.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JwtSecret {
    /// In a file.
    File(PathBuf),
    /// In an environment variable of this name.
    Environment(String),
}

impl JwtConfig {
    pub(super) fn validate(document: &Document<'_>, raw: raw::Jwt) -> Result<Self, ServerError> {
        let all = raw.algorithms.span();
        let wrong = |message: &str| document.wrong(&all, "server.jwt.algorithms", message);
        let mut algorithms = Vec::new();
        for algorithm in raw.algorithms.get_ref() {
            algorithms.push(match algorithm.get_ref().as_str() {
                "HS256" => JwtAlgorithm::Hs256,
                "RS256" => JwtAlgorithm::Rs256,
                "ES256" => JwtAlgorithm::Es256,
                other => {
                    let message =
                        format!("expected \"HS256\", \"RS256\" or \"ES256\", got {other:?}");
                    return Err(wrong(&message));
                }
            });
        }
        if algorithms.is_empty() {
            return Err(wrong("expected at least one algorithm, got none"));
        }
        let secret = secret(document, raw.secret_file.as_ref(), raw.secret_env)?;
        let jwks_file = raw.jwks_file.as_ref();
        let jwks_file = jwks_file
            .map(|path| document.path("server.jwt.jwks_file", path))
            .transpose()?;
        let symmetric = algorithms.contains(&JwtAlgorithm::Hs256);
        let asymmetric = algorithms
            .iter()
            .any(|algorithm| *algorithm != JwtAlgorithm::Hs256);
        match (symmetric, &secret) {
            (true, None) => {
                return Err(wrong("HS256 needs secret_file or secret_env, got neither"));
            }
            (false, Some(_)) => {
                return Err(wrong("a secret is for HS256, which is not among them"));
            }
            _ => {}
        }
        match (asymmetric, &jwks_file) {
            (true, None) => return Err(wrong("RS256 and ES256 need jwks_file, got none")),
            (false, Some(_)) => {
                return Err(wrong(
                    "jwks_file is for RS256 and ES256, which are not among them",
                ));
            }
            _ => {}
        }
        let leeway_span = raw.leeway.as_ref().map_or(0..0, Spanned::span);
        let leeway = document.duration("server.jwt.leeway", raw.leeway)?;
        let leeway = leeway.unwrap_or(DEFAULT_LEEWAY);
        if leeway > MOST_LEEWAY {
            let message = format!("expected at most {MOST_LEEWAY:?}, got {leeway:?}");
            return Err(document.wrong(&leeway_span, "server.jwt.leeway", &message));
        }
        let user_claim = claim(document, "server.jwt.user_claim", raw.user_claim)?;
        Ok(Self {
            algorithms,
            secret,
            jwks_file,
            issuer: raw.issuer,
            audience: raw.audience,
            leeway,
            user_claim: user_claim.unwrap_or_else(|| "sub".to_owned()),
            roles_claim: claim(document, "server.jwt.roles_claim", raw.roles_claim)?,
        })
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        let secret = match &self.secret {
            Some(JwtSecret::File(file)) => Some(file.as_path()),
            _ => None,
        };
        secret.into_iter().chain(self.jwks_file.as_deref())
    }
}

fn secret(
    document: &Document<'_>,
    file: Option<&Spanned<String>>,
    variable: Option<Spanned<String>>,
) -> Result<Option<JwtSecret>, ServerError> {
    let key = "server.jwt.secret_env";
    match (file, variable) {
        (None, None) => Ok(None),
        (Some(file), None) => {
            let file = document.path("server.jwt.secret_file", file)?;
            Ok(Some(JwtSecret::File(file)))
        }
        (Some(_), Some(variable)) => Err(document.wrong(
            &variable.span(),
            key,
            "expected secret_file or secret_env, got both",
        )),
        (None, Some(variable)) if variable.get_ref().is_empty() => Err(document.wrong(
            &variable.span(),
            key,
            "expected the name of an environment variable, got nothing",
        )),
        (None, Some(variable)) => Ok(Some(JwtSecret::Environment(variable.into_inner()))),
    }
}

fn claim(
    document: &Document<'_>,
    key: &str,
    value: Option<Spanned<String>>,
) -> Result<Option<String>, ServerError> {
    match value {
        Some(value) if value.get_ref().is_empty() => Err(document.wrong(
            &value.span(),
            key,
            "expected the name of a claim, got nothing",
        )),
        value => Ok(value.map(Spanned::into_inner)),
    }
}
