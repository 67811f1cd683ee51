//! Tokens and keys for the tests.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, get_current_timestamp};
use serde_json::{Value, json};

use super::Tokens;
use crate::config::{JwtAlgorithm, JwtConfig, JwtSecret};

/// A key pair that signs nothing but what is tried here.
pub(super) const PRIVATE: &[u8] = include_bytes!("rsa.pem");
pub(super) const PUBLIC: &[u8] = include_bytes!("rsa_public.pem");
pub(super) const KEY_SET: &str = include_str!("rsa_public.json");

pub(in crate::auth) const SECRET: &[u8] = b"a secret of at least thirty-two bytes";

pub(in crate::auth) struct Folder(std::path::PathBuf);

impl Folder {
    pub(in crate::auth) fn new() -> Self {
        let path = std::env::temp_dir().join(uuid::Uuid::new_v4().to_string());
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(in crate::auth) fn file(
        &self,
        name: &str,
        contents: impl AsRef<[u8]>,
    ) -> std::path::PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, contents).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(in crate::auth) fn config(algorithms: &[JwtAlgorithm]) -> JwtConfig {
    JwtConfig {
        algorithms: algorithms.to_vec(),
        secret: None,
        jwks_file: None,
        issuer: Some("https://login.example".to_owned()),
        audience: Some("cohortql".to_owned()),
        leeway: Duration::from_secs(30),
        user_claim: "sub".to_owned(),
        roles_claim: None,
    }
}

pub(super) fn with_rsa() -> Tokens {
    let folder = Folder::new();
    let jwks_file = Some(folder.file("keys.json", KEY_SET));
    let config = JwtConfig {
        jwks_file,
        ..config(&[JwtAlgorithm::Rs256])
    };
    Tokens::load(&config).unwrap()
}

pub(super) fn with_secret(change: impl FnOnce(&mut JwtConfig)) -> Tokens {
    let folder = Folder::new();
    let mut config = config(&[JwtAlgorithm::Hs256]);
    config.secret = Some(JwtSecret::File(
        folder.file("secret", [SECRET, b"\n"].concat()),
    ));
    change(&mut config);
    Tokens::load(&config).unwrap()
}

pub(super) fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "sub": "ada",
        "iss": "https://login.example",
        "aud": "cohortql",
        "exp": get_current_timestamp() + 600,
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => claims.as_object_mut().unwrap().remove(name),
            value => claims
                .as_object_mut()
                .unwrap()
                .insert(name.clone(), value.clone()),
        };
    }
    claims
}

pub(super) fn header(algorithm: Algorithm, kid: Option<&str>) -> Header {
    let mut header = Header::new(algorithm);
    header.kid = kid.map(str::to_owned);
    header
}

pub(super) fn by_rsa(kid: Option<&str>, changes: Value) -> String {
    let key = EncodingKey::from_rsa_pem(PRIVATE).unwrap();
    encode(&header(Algorithm::RS256, kid), &claims(changes), &key).unwrap()
}

pub(in crate::auth) fn by_secret(changes: Value) -> String {
    let key = EncodingKey::from_secret(SECRET);
    encode(&header(Algorithm::HS256, None), &claims(changes), &key).unwrap()
}

pub(super) fn by_hand(header: Value, claims: Value, signature: &[u8]) -> String {
    let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = URL_SAFE_NO_PAD.encode(signature);
    format!("{}.{}.{signature}", part(header), part(claims))
}
