//! Sessions of those who log in: which one a token leads to, and how it ends.

use arrow_flight::decode::FlightRecordBatchStream;
use arrow_flight::error::FlightError;
use futures::TryStreamExt;
use tonic::Code;

use super::guarded::{Guarded, PASSWORD, ROLES, token, user};
use super::raw::{CLOSED, Raw, text};
use super::server::until;
use crate::support::cells;

/// A connection that goes on with what a login has answered with.
async fn logged_in(guarded: &Guarded, name: &str) -> Raw {
    let mut client = guarded.server.flight().await;
    client.handshake(name, PASSWORD).await.unwrap();
    let bearer = format!("Bearer {}", client.token().unwrap());
    Raw::of(&guarded.server)
        .await
        .with("authorization", &bearer)
}

/// A shop where bob has made a schema.
async fn shop(more: &str) -> Guarded {
    let text = format!(
        "{more}{ROLES}{}{}",
        user("ada", &["reader"]),
        user("bob", &["writer"])
    );
    let guarded = Guarded::start(&text, |_| {}).await;
    for sql in [
        "CREATE SCHEMA shop",
        "CREATE TABLE seen AS VALUES (1)",
        "CREATE TABLE shop.seen AS VALUES (2)",
    ] {
        guarded.server.engine.sql(sql).await.unwrap();
    }
    guarded
}

async fn seen(raw: &Raw) -> String {
    let batches = raw.query("SELECT * FROM seen").await.unwrap();
    cells(&batches).unwrap().concat().concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_session_takes_its_bearer_along() {
    let guarded = shop("").await;
    let (bob, other) = (
        logged_in(&guarded, "bob").await,
        logged_in(&guarded, "bob").await,
    );
    let waiting = bob.info("SELECT 1").await.unwrap();
    assert_eq!(seen(&bob).await, "1");
    assert_eq!(bob.close().await.unwrap(), CLOSED);
    let ended = (
        Code::Unauthenticated,
        "the session was closed; log in again".to_owned(),
    );
    assert_eq!(bob.query("SELECT 1").await.unwrap_err(), ended);
    for action in ["GetSessionOptions", "SetSessionOptions", "CloseSession"] {
        let error = bob.action(action, Vec::new()).await.unwrap_err();
        assert_eq!(
            (error.code(), error.message().to_owned()),
            ended,
            "{action}"
        );
    }
    let error = bob.read(&waiting).await.err().unwrap();
    assert_eq!((error.code(), error.message().to_owned()), ended);
    // Another login of the same user is another session, and its results are its own.
    assert_eq!(
        other.read(&waiting).await.err().unwrap().code(),
        Code::NotFound
    );
    assert_eq!(seen(&other).await, "1");
    assert_eq!(seen(&logged_in(&guarded, "bob").await).await, "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_users_on_one_connection_have_two_sessions() {
    let guarded = shop("").await;
    let connection = Raw::of(&guarded.server).await;
    let of = |name: &str| connection.with("authorization", &format!("Bearer {}", token(name)));
    let (ada, bob) = (of("ada"), of("bob"));
    bob.set_all(&[("schema", text("shop")), ("types", text("arrow"))])
        .await;
    bob.query("SET datafusion.execution.batch_size = 77")
        .await
        .unwrap();
    assert_eq!(
        (seen(&ada).await, seen(&bob).await),
        ("1".to_owned(), "2".to_owned())
    );
    for (option, of_ada, of_bob) in [("schema", "public", "shop"), ("types", "plain", "arrow")] {
        assert_eq!(ada.got(option).await, of_ada);
        assert_eq!(bob.got(option).await, of_bob);
    }
    let size = async |raw: &Raw| {
        let shown = raw
            .query("SHOW datafusion.execution.batch_size")
            .await
            .unwrap();
        cells(&shown).unwrap()[0][1].clone()
    };
    assert_eq!(size(&bob).await, "77");
    assert_ne!(size(&ada).await, "77");
    // One ends, the other goes on.
    assert_eq!(bob.close().await.unwrap(), CLOSED);
    assert_eq!(seen(&ada).await, "1");
    assert_eq!(bob.got("schema").await, "public");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_uses_takes_its_bearer_along() {
    let guarded = shop("[server.limits]\nsession_idle = '1ms'\n").await;
    let (set, plain) = (
        logged_in(&guarded, "bob").await,
        logged_in(&guarded, "bob").await,
    );
    set.set_all(&[("schema", text("shop"))]).await;
    assert_eq!(seen(&plain).await, "1");
    // What was set is lost, which is said rather than passed over.
    until("it has ended", async || {
        let answer = set.action("GetSessionOptions", Vec::new()).await;
        answer.is_err_and(|error| {
            let expected = "the session of the token has ended; log in again";
            assert_eq!(
                (error.code(), error.message()),
                (Code::Unauthenticated, expected)
            );
            true
        })
    })
    .await;
    assert_eq!(
        set.query("SELECT 1").await.unwrap_err().0,
        Code::Unauthenticated
    );
    // Where nothing was, the token leads to a new one.
    assert_eq!(seen(&plain).await, "1");
}

/// More rows than anybody reads.
const ENDLESS: &str = "SELECT value FROM generate_series(1, 1000000000000)";

async fn endless(raw: &Raw) -> FlightRecordBatchStream {
    let mut stream = raw.read(&raw.info(ENDLESS).await.unwrap()).await.unwrap();
    stream.try_next().await.unwrap().unwrap();
    stream
}

/// Reads on until the stream is said to have ended.
async fn ends(mut stream: FlightRecordBatchStream) {
    let ended = loop {
        match stream.try_next().await {
            Ok(Some(_)) => {}
            ended => break ended,
        }
    };
    let Err(FlightError::Tonic(status)) = ended else {
        panic!("the stream ends as if it were whole");
    };
    assert_eq!(
        (status.code(), status.message()),
        (Code::Cancelled, "the session was closed")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_ends_when_its_login_is_taken_away() {
    let guarded = shop("").await;
    let bearer = format!("Bearer {}", token("bob"));
    let connections = [
        Raw::of(&guarded.server)
            .await
            .with("authorization", &bearer),
        logged_in(&guarded, "bob").await,
        logged_in(&guarded, "ada").await,
    ];
    let by_token = endless(&connections[0]).await;
    let by_password = endless(&connections[1]).await;
    let mut other = endless(&connections[2]).await;
    let queries = || guarded.server.engine.queries().len();
    assert_eq!(queries(), 3);
    let (ada, bob) = (user("ada", &["reader"]), user("bob", &["writer"]));
    let without_token: Vec<&str> = bob.lines().filter(|l| !l.starts_with("tokens")).collect();
    let without_token = without_token.join("\n");
    guarded
        .configure(&format!("{ROLES}{ada}{without_token}"))
        .await
        .unwrap();
    ends(by_token).await;
    until("one is gone", async || queries() == 2).await;
    guarded.configure(&format!("{ROLES}{ada}")).await.unwrap();
    ends(by_password).await;
    until("another is gone", async || queries() == 1).await;
    assert!(other.try_next().await.unwrap().is_some());
}
