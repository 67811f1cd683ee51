//! Which keys are taken, and how they are found.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{EncodingKey, encode};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::json;

use super::testing::{Folder, KEY_SET, PRIVATE, by_rsa, claims, config, header, with_rsa};
use super::*;
use crate::config::JwtSecret;

#[test]
fn keys_on_curves_work_too() {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref(), &random)
        .unwrap();
    let point = pair.public_key().as_ref()[1..].to_vec();
    let (x, y) = point.split_at(32);
    let key = json!({
        "kty": "EC", "crv": "P-256", "kid": "curve",
        "x": URL_SAFE_NO_PAD.encode(x), "y": URL_SAFE_NO_PAD.encode(y),
    });
    let folder = Folder::new();
    let jwks_file = folder.file("keys.json", json!({ "keys": [key] }).to_string());
    let tokens = Tokens::load(&JwtConfig {
        jwks_file: Some(jwks_file),
        ..config(&[JwtAlgorithm::Rs256, JwtAlgorithm::Es256])
    })
    .unwrap();
    let key = EncodingKey::from_ec_der(pkcs8.as_ref());
    let header = header(Algorithm::ES256, Some("curve"));
    let token = encode(&header, &claims(json!({})), &key).unwrap();
    assert_eq!(tokens.verify(&token).unwrap().user, "ada");
    assert!(tokens.verify(&by_rsa(Some("curve"), json!({}))).is_err());
}

#[test]
fn keys_are_found_by_their_ids() {
    let tokens = with_rsa();
    assert_eq!(
        tokens.verify(&by_rsa(Some("two"), json!({}))).unwrap_err(),
        "it is signed with a key that is not known"
    );
    let mut set: Value = serde_json::from_str(KEY_SET).unwrap();
    let mut second = set["keys"][0].clone();
    second["kid"] = json!("two");
    set["keys"].as_array_mut().unwrap().push(second);
    let folder = Folder::new();
    let two = Tokens::load(&JwtConfig {
        jwks_file: Some(folder.file("keys.json", set.to_string())),
        ..config(&[JwtAlgorithm::Rs256])
    })
    .unwrap();
    assert!(two.verify(&by_rsa(Some("two"), json!({}))).is_ok());
    assert_eq!(
        two.verify(&by_rsa(None, json!({}))).unwrap_err(),
        "it does not say which key it is signed with"
    );
    // Keys and addresses of keys in the token itself count for nothing.
    let key = EncodingKey::from_rsa_pem(PRIVATE).unwrap();
    let mut header = header(Algorithm::RS256, Some("evil"));
    header.jku = Some("https://evil.example/keys".to_owned());
    header.jwk = serde_json::from_value(set["keys"][0].clone()).ok();
    let token = encode(&header, &claims(json!({})), &key).unwrap();
    assert!(two.verify(&token).is_err());
    header.kid = Some("one".to_owned());
    header.crit = Some(vec!["b64".to_owned()]);
    let token = encode(&header, &claims(json!({})), &key).unwrap();
    assert_eq!(
        two.verify(&token).unwrap_err(),
        "it has critical headers, which are not understood"
    );
}

#[test]
fn keys_for_other_uses_are_passed_over() {
    let folder = Folder::new();
    let load = |change: Value| {
        let mut set: Value = serde_json::from_str(KEY_SET).unwrap();
        for (name, value) in change.as_object().unwrap() {
            set["keys"][0][name] = value.clone();
        }
        Tokens::load(&JwtConfig {
            jwks_file: Some(folder.file("keys.json", set.to_string())),
            ..config(&[JwtAlgorithm::Rs256])
        })
        .err()
        .map(|error| error.to_string())
    };
    assert_eq!(load(json!({})), None);
    for change in [
        json!({ "use": "enc" }),
        json!({ "use": null, "key_ops": ["encrypt"] }),
        json!({ "alg": "RS512" }),
        json!({ "alg": "RSA-OAEP" }),
        json!({ "kty": "oct", "k": "c2VjcmV0" }),
        json!({ "kty": "unknown" }),
    ] {
        let error = load(change.clone()).unwrap();
        assert!(
            error.contains("expected a public key for one of"),
            "{change}: {error}"
        );
    }
    let text = folder.file("keys.json", "[]");
    let config = JwtConfig {
        jwks_file: Some(text),
        ..config(&[JwtAlgorithm::Rs256])
    };
    let error = Tokens::load(&config).err().unwrap().to_string();
    assert!(error.contains("expected a JSON web key set"), "{error}");
}

#[test]
fn short_secrets_are_refused() {
    let folder = Folder::new();
    let mut config = config(&[JwtAlgorithm::Hs256]);
    config.secret = Some(JwtSecret::File(folder.file("secret", "too short\n")));
    let error = Tokens::load(&config).err().unwrap().to_string();
    assert!(
        error.ends_with("expected a secret of at least 32 bytes, got 9"),
        "{error}"
    );
    config.secret = Some(JwtSecret::Environment("COHORTQL_NO_SUCH_SECRET".to_owned()));
    assert!(Tokens::load(&config).is_err());
}
