//! What is believed, and every attack that is not.

use jsonwebtoken::{EncodingKey, encode, get_current_timestamp};
use serde_json::json;

use super::testing::{
    Folder, KEY_SET, PRIVATE, PUBLIC, SECRET, by_hand, by_rsa, by_secret, claims, config, header,
    with_rsa, with_secret,
};
use super::*;
use crate::config::JwtSecret;

#[test]
fn what_the_configuration_names_is_believed() {
    let tokens = with_rsa();
    for kid in [Some("one"), None] {
        let verified = tokens.verify(&by_rsa(kid, json!({}))).unwrap();
        assert_eq!((verified.user.as_str(), verified.roles), ("ada", None));
        assert_eq!(tokens.keys().collect::<Vec<_>>(), [&verified.key]);
    }
    let tokens = with_secret(|_| {});
    let until = get_current_timestamp() + 600;
    let verified = tokens.verify(&by_secret(json!({ "exp": until }))).unwrap();
    assert_eq!(
        verified.until,
        SystemTime::UNIX_EPOCH + Duration::from_secs(until)
    );
}

#[test]
fn without_a_signature_nothing_is_believed() {
    for tokens in [with_rsa(), with_secret(|_| {})] {
        for algorithm in ["none", "None", "NONE", "nOnE", ""] {
            for signature in [b"".as_slice(), b"x"] {
                let header = json!({ "alg": algorithm, "typ": "JWT" });
                let token = by_hand(header, claims(json!({})), signature);
                assert!(tokens.verify(&token).is_err(), "{algorithm}");
            }
        }
        for algorithm in ["RS256", "HS256"] {
            let header = json!({ "alg": algorithm, "kid": "one" });
            assert!(
                tokens
                    .verify(&by_hand(header, claims(json!({})), b""))
                    .is_err()
            );
        }
    }
}

#[test]
fn the_public_key_is_no_secret() {
    // The attack on libraries that let the token choose the algorithm: everybody has the public
    // key, and could sign with it if it were taken for a secret.
    let modulus = serde_json::from_str::<Value>(KEY_SET).unwrap()["keys"][0]["n"].to_string();
    let folder = Folder::new();
    let both = JwtConfig {
        secret: Some(JwtSecret::File(folder.file("secret", SECRET))),
        jwks_file: Some(folder.file("keys.json", KEY_SET)),
        ..config(&[JwtAlgorithm::Hs256, JwtAlgorithm::Rs256])
    };
    let both = Tokens::load(&both).unwrap();
    for secret in [PUBLIC, KEY_SET.as_bytes(), modulus.as_bytes(), b""] {
        for kid in [Some("one"), None] {
            let key = EncodingKey::from_secret(secret);
            let token = encode(&header(Algorithm::HS256, kid), &claims(json!({})), &key).unwrap();
            assert_eq!(
                with_rsa().verify(&token).unwrap_err(),
                "it is signed with an algorithm that is not allowed"
            );
            assert_eq!(
                both.verify(&token).unwrap_err(),
                "its signature does not fit"
            );
        }
    }
    assert!(both.verify(&by_rsa(Some("one"), json!({}))).is_ok());
    assert!(both.verify(&by_secret(json!({}))).is_ok());
}

#[test]
fn other_algorithms_of_the_same_key_are_not_allowed() {
    let key = EncodingKey::from_rsa_pem(PRIVATE).unwrap();
    for algorithm in [Algorithm::RS384, Algorithm::RS512, Algorithm::PS256] {
        let token = encode(&header(algorithm, Some("one")), &claims(json!({})), &key).unwrap();
        assert!(with_rsa().verify(&token).is_err(), "{algorithm:?}");
    }
    let key = EncodingKey::from_secret(SECRET);
    let token = encode(&header(Algorithm::HS512, None), &claims(json!({})), &key).unwrap();
    assert!(with_secret(|_| {}).verify(&token).is_err());
}

#[test]
fn altered_tokens_are_refused() {
    let tokens = with_rsa();
    let token = by_rsa(Some("one"), json!({}));
    let parts: Vec<&str> = token.split('.').collect();
    let other = by_rsa(Some("one"), json!({ "sub": "bob" }));
    let others: Vec<&str> = other.split('.').collect();
    let spliced = format!("{}.{}.{}", parts[0], others[1], parts[2]);
    assert_eq!(
        tokens.verify(&spliced).unwrap_err(),
        "its signature does not fit"
    );
    for at in 0..token.len() {
        let mut altered = token.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let altered = String::from_utf8(altered).unwrap();
        // The last character of base64 holds bits that do not count.
        let same = tokens
            .verify(&altered)
            .is_ok_and(|verified| verified.user == "ada");
        assert!(!same || at == token.len() - 1, "byte {at}");
    }
    for text in [
        "",
        "..",
        "ey..",
        "a.b.c",
        &token[..token.len() - 10],
        &format!("{token}.x"),
    ] {
        assert!(tokens.verify(text).is_err(), "{text}");
    }
}

#[test]
fn times_are_kept() {
    let tokens = with_secret(|_| {});
    let now = get_current_timestamp();
    let refused = |changes| tokens.verify(&by_secret(changes)).unwrap_err();
    assert_eq!(refused(json!({ "exp": now - 60 })), "it has expired");
    assert_eq!(refused(json!({ "nbf": now + 60 })), "it is not valid yet");
    for changes in [
        json!({ "exp": null }),
        json!({ "exp": "never" }),
        json!({ "exp": -1 }),
        json!({ "exp": [now + 60] }),
    ] {
        assert!(
            tokens.verify(&by_secret(changes.clone())).is_err(),
            "{changes}"
        );
    }
    assert!(
        tokens
            .verify(&by_secret(json!({ "exp": now - 10, "nbf": now + 10 })))
            .is_ok()
    );
}

#[test]
fn issuer_and_audience_are_those_of_the_configuration() {
    let tokens = with_secret(|_| {});
    let refused = |changes| tokens.verify(&by_secret(changes)).unwrap_err();
    assert_eq!(
        refused(json!({ "iss": "https://evil.example" })),
        "its issuer is another"
    );
    assert_eq!(
        refused(json!({ "aud": "another" })),
        "it is meant for somebody else"
    );
    assert_eq!(
        refused(json!({ "aud": ["a", "b"] })),
        "it is meant for somebody else"
    );
    for missing in ["iss", "aud"] {
        assert!(refused(json!({ missing: null })).starts_with("a claim is missing"));
    }
    assert!(
        tokens
            .verify(&by_secret(json!({ "aud": ["a", "cohortql"] })))
            .is_ok()
    );
    // Without an audience of ours, a token that is meant for somebody is not meant for us.
    let open = with_secret(|config| config.audience = None);
    assert!(open.verify(&by_secret(json!({}))).is_err());
    assert!(open.verify(&by_secret(json!({ "aud": null }))).is_ok());
}

#[test]
fn users_and_roles_come_from_claims() {
    let tokens = with_secret(|config| {
        config.user_claim = "email".to_owned();
        config.roles_claim = Some("realm_access.roles".to_owned());
    });
    let verify = |changes| tokens.verify(&by_secret(changes));
    let names = |names: &[&str]| Some(names.iter().map(ToString::to_string).collect::<Vec<_>>());
    let ada = json!({ "email": "ada@example.com" });
    let verified = verify(ada).unwrap();
    assert_eq!(
        (verified.user.as_str(), verified.roles),
        ("ada@example.com", None)
    );
    for (roles, expected) in [
        (json!(["a", "b"]), names(&["a", "b"])),
        (json!("a b"), names(&["a", "b"])),
        (json!([]), names(&[])),
    ] {
        let changes = json!({ "email": "ada", "realm_access": { "roles": roles } });
        assert_eq!(verify(changes).unwrap().roles, expected);
    }
    for changes in [
        json!({}),
        json!({ "email": "" }),
        json!({ "email": 7 }),
        json!({ "email": "anonymous" }),
        json!({ "email": "a\u{0}b" }),
        json!({ "email": "ada", "realm_access": { "roles": 7 } }),
        json!({ "email": "ada", "realm_access": { "roles": [7] } }),
        json!({ "email": "ada", "realm_access": { "roles": ["a\u{0}b"] } }),
    ] {
        assert!(verify(changes.clone()).is_err(), "{changes}");
    }
}
