//! Logins: every way in that clients know, what ends a login, and that nothing else is open.

use arrow_flight::flight_service_client::FlightServiceClient;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::{Action, BasicAuth, Empty, HandshakeRequest};
use cohortql_server::{Client, Login};
use futures::{TryStreamExt, stream};
use prost::Message;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::{Code, Request, Status};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::guarded::{Guarded, PASSWORD, ROLES, token, user};
use super::server::{TestServer, query, refusal};
use crate::support::cells;

/// base64 of `ada:correct horse`, and of `anything:token-of-ada`.
const BASIC: &str = "Basic YWRhOmNvcnJlY3QgaG9yc2U=";
const BASIC_TOKEN: &str = "Basic YW55dGhpbmc6dG9rZW4tb2YtYWRh";

const WRONG: &str = "the user name or the password is wrong";

/// Lists the actions, which needs a login and nothing else.
async fn call(server: &TestServer, header: Option<&str>) -> Result<(), Status> {
    let mut client = FlightServiceClient::new(server.channel().await);
    let mut request = Request::new(Empty {});
    if let Some(header) = header {
        let header: MetadataValue<Ascii> = header.parse().unwrap();
        request.metadata_mut().insert("authorization", header);
    }
    client.list_actions(request).await.map(|_| ())
}

async fn one(client: &Client, sql: &str) -> Result<String, String> {
    let rows = client.query(sql).await.map_err(|error| error.to_string())?;
    let batches = rows.collect().await.map_err(|error| error.to_string())?;
    Ok(cells(&batches).unwrap().concat().concat())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_handshake_of_drivers_gives_a_token() {
    let guarded = Guarded::with_users().await;
    let mut client = guarded.server.flight().await;
    let payload = client.handshake("ada", PASSWORD).await.unwrap();
    assert!(
        payload.is_empty(),
        "clients that read headers never read messages"
    );
    let (_, batches) = query(&mut client, "SELECT 1 AS one").await.unwrap();
    assert_eq!(cells(&batches).unwrap(), [["1"]]);
    for (name, password) in [("ada", "wrong"), ("eve", PASSWORD), ("", "")] {
        let mut client = guarded.server.flight().await;
        let error = client.handshake(name, password).await.unwrap_err();
        assert!(error.to_string().contains(WRONG), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn older_clients_log_in_by_payload() {
    let guarded = Guarded::with_users().await;
    let mut client = FlightServiceClient::new(guarded.server.channel().await);
    let basic = BasicAuth {
        username: "ada".to_owned(),
        password: PASSWORD.to_owned(),
    };
    let request = HandshakeRequest {
        protocol_version: 0,
        payload: basic.encode_to_vec().into(),
    };
    let response = client.handshake(stream::iter([request])).await.unwrap();
    let header = response.metadata().get("authorization").cloned().unwrap();
    let messages: Vec<_> = response.into_inner().try_collect().await.unwrap();
    let [message] = messages.as_slice() else {
        panic!("one message, got {}", messages.len());
    };
    let token = String::from_utf8(message.payload.to_vec()).unwrap();
    assert_eq!(header, format!("Bearer {token}").as_str());
    // They repeat it in a header of their own.
    let mut request = Request::new(Empty {});
    let value = tonic::metadata::MetadataValue::from_bytes(token.as_bytes());
    request.metadata_mut().insert_bin("auth-token-bin", value);
    client.list_actions(request).await.unwrap();
    let nothing = client.handshake(stream::iter([HandshakeRequest::default()]));
    assert_eq!(nothing.await.unwrap_err().code(), Code::Unauthenticated);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_may_bring_its_credentials() {
    let guarded = Guarded::with_users().await;
    for header in [
        BASIC,
        BASIC_TOKEN,
        "Bearer token-of-ada",
        "bearer token-of-bob",
    ] {
        call(&guarded.server, Some(header)).await.unwrap();
    }
    for header in [
        "Basic YWRhOndyb25n",
        "Bearer token-of-eve",
        "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZGEifQ.",
        "Bearer cqs_AAAA",
        "Negotiate AAAA",
        "Basic !",
        "",
    ] {
        let error = call(&guarded.server, Some(header)).await.unwrap_err();
        assert_eq!(error.code(), Code::Unauthenticated, "{header}");
        assert!(error.metadata().get("cohortql-error-id").is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_login_only_health_is_open() {
    let guarded = Guarded::with_users().await;
    let error = call(&guarded.server, None).await.unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated);
    assert_eq!(
        error.message(),
        "this server asks for a login; connect with a user name and password, or a token"
    );
    let mut client = guarded.server.flight().await;
    let error = client
        .execute("SELECT 1".to_owned(), None)
        .await
        .unwrap_err();
    assert_eq!(refusal(error).0, Code::Unauthenticated);
    let error = client.get_catalogs().await.unwrap_err();
    assert_eq!(refusal(error).0, Code::Unauthenticated);
    let mut flight = FlightServiceClient::new(guarded.server.channel().await);
    let action = Action::new("CloseSession", "");
    assert_eq!(
        flight.do_action(action).await.unwrap_err().code(),
        Code::Unauthenticated
    );
    let control = guarded.server.client().await;
    assert_eq!(
        control.version().await.unwrap_err().code(),
        Some(Code::Unauthenticated)
    );
    assert!(control.queries().await.is_err() && control.tables().await.is_err());
    let mut health = HealthClient::new(guarded.server.channel().await);
    let answer = health.check(HealthCheckRequest::default()).await.unwrap();
    assert_eq!(answer.into_inner().status().as_str_name(), "SERVING");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_logs_in_has_his_roles() {
    let guarded = Guarded::with_users().await;
    let (ada, bob) = (
        guarded.log_in("ada").await.unwrap(),
        guarded.log_in("bob").await.unwrap(),
    );
    bob.update("CREATE TABLE seen AS VALUES (1)").await.unwrap();
    bob.update("CREATE TABLE hidden AS VALUES (2)")
        .await
        .unwrap();
    assert_eq!(one(&ada, "SELECT * FROM seen").await.unwrap(), "1");
    assert!(one(&ada, "SELECT * FROM hidden").await.is_err());
    let error = ada.update("CREATE TABLE t (a INT)").await.unwrap_err();
    assert_eq!(error.code(), Some(Code::PermissionDenied), "{error}");
    let by_token = guarded.come_with(Login::Token(token("bob"))).await.unwrap();
    assert_eq!(one(&by_token, "SELECT * FROM hidden").await.unwrap(), "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn running_queries_say_whose_they_are() {
    let guarded = Guarded::with_users().await;
    let (ada, bob) = (guarded.log_in("ada").await, guarded.log_in("bob").await);
    let (ada, bob) = (ada.unwrap(), bob.unwrap());
    let endless = "SELECT value FROM generate_series(1, 1000000000000)";
    let mut rows = bob.query(endless).await.unwrap();
    rows.next_batch().await.unwrap().unwrap();
    let told = bob.queries().await.unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|query| (query.user.as_deref(), query.phase.as_str()))
        .collect();
    assert_eq!(told, [(Some("bob"), "running")]);
    assert!(ada.queries().await.unwrap().is_empty(), "not hers to see");
}

#[tokio::test(flavor = "multi_thread")]
async fn users_on_one_connection_stay_apart() {
    let guarded = Guarded::with_users().await;
    let channel = guarded.server.channel().await;
    let mut bob = FlightSqlServiceClient::new(channel.clone());
    bob.set_token(token("bob"));
    let sql = "CREATE TABLE hidden AS VALUES (2)".to_owned();
    bob.execute_update(sql, None).await.unwrap();
    let info = bob
        .execute("SELECT * FROM hidden".to_owned(), None)
        .await
        .unwrap();
    let mut ada = FlightSqlServiceClient::new(channel);
    ada.set_token(token("ada"));
    assert!(query(&mut ada, "SELECT * FROM hidden").await.is_err());
    let ticket = info.endpoint[0].ticket.clone().unwrap();
    let error = ada.do_get(ticket.clone()).await.unwrap_err();
    assert_eq!(
        refusal(error),
        (
            Code::PermissionDenied,
            "the ticket was issued to another user".to_owned()
        )
    );
    bob.do_get(ticket).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_ends_with_what_made_it_good() {
    let guarded = Guarded::with_users().await;
    let ada = guarded.log_in("ada").await.unwrap();
    let bob = guarded.log_in("bob").await.unwrap();
    assert_eq!(one(&ada, "SELECT 1").await.unwrap(), "1");
    // Another role: ada has to log in again, bob is not disturbed.
    let changed = format!(
        "{ROLES}{}{}",
        user("ada", &["writer"]),
        user("bob", &["writer"])
    );
    guarded.configure(&changed).await.unwrap();
    let error = one(&ada, "SELECT 1").await.unwrap_err();
    assert!(error.starts_with("the session has ended"), "{error}");
    assert_eq!(one(&bob, "SELECT 1").await.unwrap(), "1");
    let ada = guarded.log_in("ada").await.unwrap();
    assert_eq!(one(&ada, "SELECT 1").await.unwrap(), "1");
    // The user is gone, with token, password and session.
    guarded
        .configure(&format!("{ROLES}{}", user("bob", &["writer"])))
        .await
        .unwrap();
    assert!(one(&ada, "SELECT 1").await.is_err());
    assert!(guarded.log_in("ada").await.is_err());
    for header in [BASIC, "Bearer token-of-ada"] {
        assert!(call(&guarded.server, Some(header)).await.is_err());
    }
    assert_eq!(one(&bob, "SELECT 1").await.unwrap(), "1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_cannot_be_taken_changes_nothing() {
    let guarded = Guarded::with_users().await;
    for (text, expected) in [
        ("[users.ada", "line 1"),
        ("", "a server with users takes a restart to be one without"),
        (
            "[users.ada]\npassword = 'plain'",
            "users.ada.password: expected an argon2id hash",
        ),
        (
            user("ada", &["nobody"]).as_str(),
            "users.ada.roles: expected names of [roles]",
        ),
        ("[server]\nlistens = 'x'", "unknown field `listens`"),
        ("[unknown]\na = 1", "unknown field `unknown`"),
    ] {
        let error = guarded.configure(text).await.unwrap_err();
        assert!(error.contains(expected), "{error}");
        assert!(error.contains("cohortql.toml"), "{error}");
        call(&guarded.server, Some(BASIC)).await.unwrap();
        call(&guarded.server, None).await.unwrap_err();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_noticed() {
    let guarded = Guarded::with_users().await;
    let text = format!("{ROLES}{}", user("bob", &["writer"]));
    std::fs::write(guarded.path("cohortql.toml"), text).unwrap();
    super::server::until("ada is gone", async || {
        call(&guarded.server, Some("Bearer token-of-ada"))
            .await
            .is_err()
    })
    .await;
    call(&guarded.server, Some("Bearer token-of-bob"))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn many_logins_at_once_all_succeed() {
    let guarded = Guarded::with_users().await;
    let logins = (0..24).map(|_| guarded.log_in("ada"));
    for client in futures::future::join_all(logins).await {
        assert_eq!(one(&client.unwrap(), "SELECT 1").await.unwrap(), "1");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_users_any_login_is_taken() {
    let server = TestServer::start().await;
    for header in [None, Some(BASIC), Some("Bearer anything")] {
        call(&server, header).await.unwrap();
    }
    let mut client = server.flight().await;
    client.handshake("whoever", "whatever").await.unwrap();
    query(&mut client, "SELECT 1").await.unwrap();
}
