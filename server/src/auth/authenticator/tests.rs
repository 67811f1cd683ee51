//! Whoever comes with whatever.

use std::collections::BTreeMap;

use serde_json::json;

use super::super::directory::tests::cheap_hash;
use super::super::jwt::testing::{Folder, SECRET, by_secret, config};
use super::super::standing::sha256;
use super::*;
use crate::config::{AccessConfig, JwtAlgorithm, JwtConfig, JwtSecret, TokenConfig, UserConfig};

fn access(names: &[&str]) -> AccessConfig {
    let users: BTreeMap<String, UserConfig> = names
        .iter()
        .map(|name| {
            let user = UserConfig {
                password: Some(cheap_hash(&format!("{name}-secret"))),
                roles: vec![format!("{name}-role")],
                tokens: vec![TokenConfig {
                    name: "etl".to_owned(),
                    sha256: sha256(format!("{name}-token").as_bytes()),
                    expires: None,
                }],
                certificate: Some(format!("{name}.example")),
            };
            ((*name).to_owned(), user)
        })
        .collect();
    AccessConfig { users, jwt: None }
}

fn authenticator(names: &[&str]) -> Authenticator {
    let directory = Directory::load(&access(names)).unwrap();
    Authenticator::new(directory, Duration::from_secs(60)).unwrap()
}

fn peer() -> Peer {
    Peer {
        address: [192, 0, 2, 1].into(),
        certificate: None,
    }
}

fn password(user: &str, password: &str) -> Credentials {
    Credentials::Password {
        user: user.to_owned(),
        password: password.to_owned(),
    }
}

fn bearer(text: &str) -> Credentials {
    Credentials::Bearer(text.to_owned())
}

async fn who(authenticator: &Authenticator, credentials: Option<Credentials>) -> String {
    match authenticator.identify(credentials.as_ref(), &peer()).await {
        Ok(identity) => identity.seal().replace('\0', " "),
        Err(error) => {
            assert_eq!(error.code(), tonic::Code::Unauthenticated);
            error.to_string()
        }
    }
}

const WRONG: &str = "the user name or the password is wrong";

#[tokio::test]
async fn passwords_tokens_and_tokens_as_passwords() {
    let authenticator = authenticator(&["ada", "bob"]);
    for (credentials, expected) in [
        (password("ada", "ada-secret"), "ada ada-role"),
        (password("ada", "ada-secret"), "ada ada-role"),
        (bearer("bob-token"), "bob bob-role"),
        (password("bob", "bob-token"), "bob bob-role"),
        (password("", "bob-token"), "bob bob-role"),
        (password("token", "bob-token"), "bob bob-role"),
        (password("ada", "bob-secret"), WRONG),
        (password("eve", "ada-secret"), WRONG),
        (password("ada", ""), WRONG),
        (bearer("ada-secret"), "the token is not known; log in again"),
        (
            bearer("cqs_nonsense"),
            "the session is not known to this server; log in again",
        ),
    ] {
        let shown = format!("{credentials:?}");
        assert_eq!(
            who(&authenticator, Some(credentials)).await,
            expected,
            "{shown}"
        );
    }
    assert_eq!(
        who(&authenticator, None).await,
        "this server asks for a login; connect with a user name and password, or a token"
    );
}

#[tokio::test]
async fn a_login_is_a_session_until_it_is_closed() {
    let authenticator = authenticator(&["ada"]);
    let credentials = password("ada", "ada-secret");
    let first = authenticator
        .log_in(Some(&credentials), &peer())
        .await
        .unwrap();
    let second = authenticator
        .log_in(Some(&credentials), &peer())
        .await
        .unwrap();
    assert_ne!(first.identity.session(), second.identity.session());
    let token = bearer(&first.bearer);
    let again = authenticator.identify(Some(&token), &peer()).await.unwrap();
    assert_eq!(again, first.identity);
    // Shown in a handshake, a session token stays the same, and does not last longer.
    let repeated = authenticator.log_in(Some(&token), &peer()).await.unwrap();
    assert_eq!(repeated.bearer, first.bearer);
    assert_eq!(repeated.identity, first.identity);
    authenticator
        .close(first.identity.session().unwrap())
        .unwrap();
    assert_eq!(
        who(&authenticator, Some(token)).await,
        "the session was closed; log in again"
    );
    assert_eq!(
        who(&authenticator, Some(bearer(&second.bearer))).await,
        "ada ada-role"
    );
}

#[tokio::test]
async fn another_directory_counts_at_once() {
    let authenticator = authenticator(&["ada", "bob"]);
    let credentials = password("ada", "ada-secret");
    let login = authenticator
        .log_in(Some(&credentials), &peer())
        .await
        .unwrap();
    authenticator.replace(Directory::load(&access(&["bob"])).unwrap());
    assert_eq!(who(&authenticator, Some(credentials)).await, WRONG);
    assert_eq!(
        who(&authenticator, Some(bearer("ada-token"))).await,
        "the token is not known; log in again"
    );
    assert_eq!(
        who(&authenticator, Some(bearer(&login.bearer))).await,
        "the session has ended, as the user or the roles have changed; log in again"
    );
}

#[tokio::test]
async fn a_json_web_token_is_good_as_long_as_its_user_is_there() {
    let folder = Folder::new();
    let secret = folder.file("secret", SECRET);
    let with = |names: &[&str], roles_claim: Option<&str>| {
        let jwt = JwtConfig {
            secret: Some(JwtSecret::File(secret.clone())),
            roles_claim: roles_claim.map(str::to_owned),
            ..config(&[JwtAlgorithm::Hs256])
        };
        let access = AccessConfig {
            jwt: Some(jwt),
            ..access(names)
        };
        Directory::load(&access).unwrap()
    };
    let ended = "the session has ended, as the user or the roles have changed; log in again";
    let unknown = "the token is not believed: its user is not known here";
    // Where tokens name the roles, users need no entry; a login still ends with it.
    for (roles_claim, before, after) in [
        (None, "ada ada-role", unknown),
        (Some("groups"), "ada x", "ada x"),
    ] {
        let directory = with(&["ada", "bob"], roles_claim);
        let authenticator = Authenticator::new(directory, Duration::from_secs(60)).unwrap();
        let token = bearer(&by_secret(json!({ "groups": ["x"] })));
        let login = authenticator.log_in(Some(&token), &peer()).await.unwrap();
        let session = bearer(&login.bearer);
        let identity = login.identity;
        let holds = || authenticator.holds(identity.principal(), &identity.grounds());
        for credentials in [&token, &session] {
            assert_eq!(who(&authenticator, Some(credentials.clone())).await, before);
        }
        assert!(holds());
        authenticator.replace(with(&["bob"], roles_claim));
        assert_eq!(who(&authenticator, Some(token)).await, after);
        assert_eq!(who(&authenticator, Some(session)).await, ended);
        assert!(!holds());
    }
}

#[tokio::test]
async fn certificates_count_where_nothing_else_is_said() {
    let authenticator = authenticator(&["ada", "bob"]);
    let with = |name: &str| Peer {
        certificate: Some(vec![name.to_owned()].into()),
        ..peer()
    };
    let identity = authenticator
        .identify(None, &with("ada.example"))
        .await
        .unwrap();
    assert_eq!(identity.name(), "ada");
    let token = bearer("bob-token");
    let identity = authenticator
        .identify(Some(&token), &with("ada.example"))
        .await
        .unwrap();
    assert_eq!(identity.name(), "bob");
    // What is wrong is wrong, whatever the certificate says.
    let wrong = bearer("nonsense");
    assert!(
        authenticator
            .identify(Some(&wrong), &with("ada.example"))
            .await
            .is_err()
    );
    assert!(
        authenticator
            .identify(None, &with("eve.example"))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn without_users_everybody_is_let_in_and_sessions_still_differ() {
    let authenticator = authenticator(&[]);
    assert!(!authenticator.is_restricted());
    for credentials in [None, Some(password("ada", "x")), Some(bearer("x"))] {
        assert_eq!(who(&authenticator, credentials).await, "anonymous");
    }
    let login = authenticator.log_in(None, &peer()).await.unwrap();
    let token = bearer(&login.bearer);
    let identity = authenticator.identify(Some(&token), &peer()).await.unwrap();
    assert_eq!(identity.session(), login.identity.session());
    // Once there are users, nobody is let in by what was given to anybody.
    authenticator.replace(Directory::load(&access(&["ada"])).unwrap());
    assert!(authenticator.identify(Some(&token), &peer()).await.is_err());
    assert!(authenticator.identify(None, &peer()).await.is_err());
}
