//! Who is found by what, and what ends a login.

use std::time::Duration;

use super::super::standing::sha256;
use super::*;

/// A hash that is cheap to compare.
pub(in super::super) fn cheap_hash(password: &str) -> PasswordHash {
    use argon2::{Algorithm, Argon2, Params, PasswordHasher, Version};
    let params = Params::new(8, 1, 1, None).unwrap();
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon.hash_password(password.as_bytes()).unwrap();
    PasswordHash::parse(&hash.to_string()).unwrap()
}

fn user(change: impl FnOnce(&mut UserConfig)) -> UserConfig {
    let mut user = UserConfig {
        password: Some(cheap_hash("secret-1")),
        roles: vec!["analyst".to_owned()],
        tokens: vec![TokenConfig {
            name: "etl".to_owned(),
            sha256: sha256(b"token-1"),
            expires: None,
        }],
        certificate: Some("ada.example".to_owned()),
    };
    change(&mut user);
    user
}

fn directory(users: impl IntoIterator<Item = (&'static str, UserConfig)>) -> Directory {
    let users = users
        .into_iter()
        .map(|(name, user)| (name.to_owned(), user));
    let access = AccessConfig {
        users: users.collect(),
        jwt: None,
    };
    Directory::load(&access).unwrap()
}

fn principal(standing: &Standing) -> (&str, &[String]) {
    let principal = standing.principal.as_ref().unwrap();
    (&principal.name, &principal.roles)
}

#[test]
fn nobody_is_asked_without_users() {
    let directory = directory([]);
    assert!(!directory.is_restricted());
    let anybody = directory.anybody().unwrap();
    assert_eq!(anybody.principal, None);
    assert!(directory.holds(None, &anybody.grounds));
    let with_users = self::directory([("ada", user(|_| {}))]);
    assert!(with_users.anybody().is_none());
    assert!(!with_users.holds(None, &anybody.grounds));
}

#[test]
fn tokens_are_found_by_their_hash() {
    let now = SystemTime::now();
    let directory = directory([("ada", user(|_| {}))]);
    let standing = directory.by_token("token-1", now).unwrap();
    assert_eq!(
        principal(&standing),
        ("ada", ["analyst".to_owned()].as_slice())
    );
    for text in ["token-2", "", "TOKEN-1", "ey.a.b"] {
        let error = directory.by_token(text, now).unwrap_err();
        assert_eq!(error.to_string(), "the token is not known; log in again");
    }
    let expiring = self::directory([(
        "ada",
        user(|user| user.tokens[0].expires = Some(now + Duration::from_secs(10))),
    )]);
    assert!(
        expiring
            .by_token("token-1", now + Duration::from_secs(9))
            .is_ok()
    );
    let error = expiring.by_token("token-1", now + Duration::from_secs(10));
    assert_eq!(error.unwrap_err().to_string(), "the token has expired");
}

#[test]
fn certificates_are_found_by_any_of_their_names() {
    let names = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
    let other = user(|user| user.certificate = Some("bob.example".to_owned()));
    let directory = directory([("ada", user(|_| {})), ("bob", other)]);
    let standing = directory
        .by_certificate(&names(&["x", "ada.example"]))
        .unwrap();
    assert_eq!(principal(&standing).0, "ada");
    assert!(directory.by_certificate(&names(&["eve.example"])).is_err());
    assert!(directory.by_certificate(&[]).is_err());
    let both = names(&["ada.example", "bob.example"]);
    assert!(directory.by_certificate(&both).is_err());
}

#[test]
fn a_login_ends_when_what_it_rests_on_changes() {
    let now = SystemTime::now();
    let before = directory([("ada", user(|_| {}))]);
    let logins = [
        before.by_password("ada").unwrap(),
        before.by_token("token-1", now).unwrap(),
        before.by_certificate(&["ada.example".to_owned()]).unwrap(),
    ];
    let hold = |directory: &Directory| {
        logins
            .each_ref()
            .map(|login| directory.holds(login.principal.as_ref(), &login.grounds))
    };
    assert_eq!(hold(&before), [true; 3]);
    let same_hash = before.users["ada"].password.clone();
    let after = |change: fn(&mut UserConfig)| {
        directory([(
            "ada",
            user(|user| {
                user.password.clone_from(&same_hash);
                change(user);
            }),
        )])
    };
    assert_eq!(hold(&after(|_| {})), [true; 3]);
    assert_eq!(
        hold(&after(|user| user.password = Some(cheap_hash("secret-1")))),
        [false, true, true]
    );
    assert_eq!(
        hold(&after(|user| user.password = None)),
        [false, true, true]
    );
    assert_eq!(
        hold(&after(|user| user.tokens.clear())),
        [true, false, true]
    );
    assert_eq!(
        hold(&after(
            |user| user.tokens[0].expires = Some(SystemTime::UNIX_EPOCH)
        )),
        [true, false, true]
    );
    assert_eq!(
        hold(&after(|user| user.certificate = None)),
        [true, true, false]
    );
    assert_eq!(hold(&after(|user| user.roles.clear())), [false; 3]);
    assert_eq!(
        hold(&after(|user| user.roles.push("admin".to_owned()))),
        [false; 3]
    );
    assert_eq!(hold(&directory([("bob", user(|_| {}))])), [false; 3]);
    assert_eq!(hold(&directory([])), [false; 3]);
}

#[test]
fn a_user_who_is_not_there_has_a_hash_that_costs_the_same() {
    let without = user(|user| user.password = None);
    let directory = directory([("ada", user(|_| {})), ("bob", without)]);
    let cost = |hash: &PasswordHash| hash.as_str().rsplitn(3, '$').nth(2).unwrap().to_owned();
    let real = cost(&directory.password("ada"));
    for name in ["bob", "eve", ""] {
        assert_eq!(cost(&directory.password(name)), real, "{name}");
        assert!(directory.by_password(name).is_none());
    }
    let nobody = self::directory([("bob", user(|user| user.password = None))]);
    assert!(nobody.password("eve").as_str().contains("m=19456,t=2,p=1"));
}
