//! Which session a call has, by connection, token and cookie.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use cohortql_engine::{Engine, Principal};
use cohortql_proto::session::SessionOptionValue;
use cohortql_proto::session::session_option_value::OptionValue;
use cohortql_protocol::Seal;
use tonic::metadata::MetadataMap;
use uuid::Uuid;

use super::*;
use crate::error::ServerError;

async fn sessions(idle: Duration) -> Sessions {
    let engine = Engine::builder()
        .target_partitions(1)
        .build()
        .await
        .unwrap();
    let bounds = SessionBounds {
        per_user: 3,
        idle,
        token_lifetime: LONG,
    };
    Sessions::new(engine, Arc::new(Seal::new().unwrap()), bounds)
}

fn from(name: &str, connection: u64) -> Origin {
    Origin {
        principal: Some(Principal {
            name: name.to_owned(),
            roles: Vec::new(),
        }),
        user: name.to_owned(),
        seal: name.to_owned(),
        grounds: [0; 32],
        client: None,
        connection,
        token: None,
    }
}

fn with_token(name: &str, connection: u64, token: Uuid) -> Origin {
    Origin {
        token: Some(token),
        ..from(name, connection)
    }
}

fn set_types(session: &OpenSession) {
    let value = OptionValue::StringValue("arrow".to_owned());
    let option_value = Some(value);
    let wanted = HashMap::from([("types".to_owned(), SessionOptionValue { option_value })]);
    assert!(session.set(wanted).is_empty());
}

const LONG: Duration = Duration::from_secs(60);

#[tokio::test]
async fn users_on_one_connection_have_sessions_of_their_own() {
    let sessions = sessions(LONG).await;
    let none = MetadataMap::new();
    let ada = sessions.open(&from("ada", 1), &none).unwrap();
    let bob = sessions.open(&from("bob", 1), &none).unwrap();
    let again = sessions.open(&from("ada", 1), &none).unwrap();
    let elsewhere = sessions.open(&from("ada", 2), &none).unwrap();
    assert_ne!(ada.id(), bob.id());
    assert_eq!(ada.id(), again.id());
    assert_ne!(ada.id(), elsewhere.id());
    // Other roles are another principal.
    let mut promoted = from("ada", 1);
    if let Some(principal) = &mut promoted.principal {
        principal.roles.push("all".to_owned());
    }
    assert_ne!(sessions.open(&promoted, &none).unwrap().id(), ada.id());
    sessions.disconnected(1);
    assert!(sessions.find(&from("ada", 1), &none).unwrap().is_none());
    assert!(sessions.find(&from("ada", 2), &none).unwrap().is_some());
}

#[tokio::test]
async fn a_token_leads_to_its_session_until_that_is_closed() {
    let sessions = sessions(LONG).await;
    let none = MetadataMap::new();
    let token = Uuid::new_v4();
    let first = sessions.open(&with_token("ada", 1, token), &none).unwrap();
    sessions.disconnected(1);
    let second = sessions.open(&with_token("ada", 2, token), &none).unwrap();
    assert_eq!(first.id(), second.id());
    let closed = sessions.close(&with_token("ada", 2, token), &none).unwrap();
    assert_eq!(closed, first.id());
    assert!(first.ended().is_cancelled());
    let refused = sessions.open(&with_token("ada", 3, token), &none);
    assert!(matches!(refused, Err(ServerError::SessionEnded)));
    // One that was never used ends as well.
    let unused = Uuid::new_v4();
    sessions
        .close(&with_token("ada", 1, unused), &none)
        .unwrap();
    let refused = sessions.open(&with_token("ada", 1, unused), &none);
    assert!(matches!(refused, Err(ServerError::SessionEnded)));
}

#[tokio::test]
async fn an_idle_token_gets_a_new_session_only_where_nothing_was_set() {
    let sessions = sessions(Duration::ZERO).await;
    let none = MetadataMap::new();
    let (plain, set) = (Uuid::new_v4(), Uuid::new_v4());
    drop(sessions.open(&with_token("ada", 1, plain), &none).unwrap());
    set_types(&sessions.open(&with_token("ada", 1, set), &none).unwrap());
    let connected = sessions.open(&from("bob", 2), &none).unwrap();
    set_types(&connected);
    sessions.sweep();
    sessions.open(&with_token("ada", 1, plain), &none).unwrap();
    let refused = sessions.open(&with_token("ada", 1, set), &none);
    assert!(matches!(refused, Err(ServerError::SessionEnded)));
    let still = sessions.open(&from("bob", 2), &none).unwrap();
    assert_eq!(still.id(), connected.id());
}

#[tokio::test]
async fn only_sessions_whose_login_is_good_are_kept() {
    let sessions = sessions(LONG).await;
    let none = MetadataMap::new();
    let token = Uuid::new_v4();
    let old = Origin {
        grounds: [1; 32],
        ..with_token("ada", 1, token)
    };
    let (ada, bob) = (
        sessions.open(&old, &none).unwrap(),
        sessions.open(&from("bob", 1), &none).unwrap(),
    );
    sessions.keep(|principal, grounds| principal.is_some() && *grounds == [0; 32]);
    assert!(ada.ended().is_cancelled() && !bob.ended().is_cancelled());
    let refused = sessions.open(&with_token("ada", 1, token), &none);
    assert!(matches!(refused, Err(ServerError::SessionEnded)));
    assert_eq!(
        sessions.open(&from("bob", 1), &none).unwrap().id(),
        bob.id()
    );
}

#[tokio::test]
async fn idle_sessions_make_room_for_their_user() {
    let sessions = sessions(Duration::ZERO).await;
    let none = MetadataMap::new();
    for _ in 0..10 {
        let origin = with_token("ada", 1, Uuid::new_v4());
        sessions.open(&origin, &none).unwrap();
    }
    let held: Vec<_> = (0..4)
        .map(|connection| sessions.open(&from("bob", connection), &none))
        .collect();
    assert!(held[..3].iter().all(Result::is_ok));
    assert!(matches!(held[3], Err(ServerError::Limit(_))));
}

#[tokio::test]
async fn a_cookie_is_its_users_alone() {
    let sessions = sessions(LONG).await;
    let none = MetadataMap::new();
    let session = sessions.open(&from("ada", 1), &none).unwrap();
    let mut metadata = MetadataMap::new();
    let cookie = sessions.cookie(&session).unwrap();
    metadata.insert("cookie", cookie.parse().unwrap());
    let found = sessions.open(&from("ada", 2), &metadata).unwrap();
    assert_eq!(found.id(), session.id());
    let refused = sessions.open(&from("bob", 2), &metadata);
    assert!(matches!(refused, Err(ServerError::NoSession)));
}
