//! Sessions: which one a call has, what can be set in it, and how it ends.

use std::time::Duration;

use arrow_flight::sql::client::FlightSqlServiceClient;
use cohortql_server::ServeOptions;
use tonic::Code;

use super::raw::{CLOSED, INVALID_NAME, INVALID_VALUE, Raw, Value, text};
use super::server::{TestServer, refusal, until};
use crate::support::cells;

async fn shop() -> TestServer {
    let server = TestServer::start().await;
    let client = server.client().await;
    for sql in [
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.orders AS VALUES (1), (2)",
        "CREATE TABLE orders AS VALUES (7)",
    ] {
        client.update(sql).await.unwrap();
    }
    server
}

async fn count(raw: &Raw) -> String {
    let batches = raw.query("SELECT count(*) FROM orders").await.unwrap();
    cells(&batches).unwrap()[0][0].clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_is_set_told_and_unset() {
    let server = shop().await;
    let raw = Raw::of(&server).await;
    assert_eq!(raw.got("schema").await, "public");
    raw.set_all(&[("schema", text("shop"))]).await;
    assert_eq!(
        (raw.got("catalog").await, raw.got("schema").await),
        ("cohortql".to_owned(), "shop".to_owned())
    );
    assert_eq!(count(&raw).await, "2");
    raw.set_all(&[("schema", None)]).await;
    assert_eq!(count(&raw).await, "1");
    raw.set_all(&[("schema", text("shop")), ("catalog", text("cohortql"))])
        .await;
    assert_eq!(count(&raw).await, "2");
    raw.set_all(&[("schema", text(""))]).await;
    assert_eq!(raw.got("schema").await, "public");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_refused_by_name_and_the_rest_is_set() {
    let server = shop().await;
    let raw = Raw::of(&server).await;
    let (refused, _) = raw
        .set(&[
            ("schema", text("nowhere")),
            ("catalog", text("cohortql")),
            ("time_zone", text("Mars/Base")),
            ("types", text("fancy")),
            ("table_type", Some(Value::Whole(3))),
            ("statement_timeout", Some(Value::Whole(-1))),
            ("memory_limit", Some(Value::Flag(true))),
            ("max_result_bytes", text("lots")),
            ("colour", text("red")),
            ("Schema", text("public")),
        ])
        .await;
    let mut refused: Vec<_> = refused.into_iter().collect();
    refused.sort();
    let expected = [
        ("Schema", INVALID_NAME),
        ("colour", INVALID_NAME),
        ("max_result_bytes", INVALID_VALUE),
        ("memory_limit", INVALID_VALUE),
        ("schema", INVALID_VALUE),
        ("statement_timeout", INVALID_VALUE),
        ("table_type", INVALID_VALUE),
        ("time_zone", INVALID_VALUE),
        ("types", INVALID_VALUE),
    ];
    let expected = expected.map(|(name, why)| (name.to_owned(), why));
    assert_eq!(refused, expected);
    assert_eq!(raw.got("schema").await, "public");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_zone_counts_where_times_are_shown() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    raw.set_all(&[("time_zone", text("Europe/Berlin"))]).await;
    assert_eq!(raw.got("time_zone").await, "Europe/Berlin");
    let batches = raw.query("SELECT now()").await.unwrap();
    let schema = batches[0].schema();
    assert!(
        schema
            .field(0)
            .data_type()
            .to_string()
            .contains("Europe/Berlin")
    );
    raw.set_all(&[("time_zone", None)]).await;
    assert_eq!(raw.got("time_zone").await, "UTC");
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_for_options_makes_no_session_and_others_do() {
    let server = TestServer::with(ServeOptions {
        max_sessions_per_user: 1,
        ..ServeOptions::default()
    })
    .await;
    let (first, second) = (Raw::of(&server).await, Raw::of(&server).await);
    for raw in [&first, &second] {
        assert_eq!(raw.got("types").await, "plain");
    }
    first.query("SELECT 1").await.unwrap();
    let (code, message) = second.query("SELECT 1").await.unwrap_err();
    assert_eq!(code, Code::ResourceExhausted);
    assert_eq!(
        message,
        "anonymous may have at most 1 sessions at a time, and has them; close some"
    );
    assert_eq!(second.got("types").await, "plain");
    assert_eq!(first.close().await.unwrap(), CLOSED);
    second.query("SELECT 1").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_makes_room() {
    let server = TestServer::with(ServeOptions {
        max_sessions_per_user: 1,
        ..ServeOptions::default()
    })
    .await;
    Raw::of(&server).await.query("SELECT 1").await.unwrap();
    let next = Raw::of(&server).await;
    until("the first connection is gone", async || {
        next.query("SELECT 1").await.is_ok()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cookie_leads_to_the_session_from_another_connection() {
    let server = shop().await;
    let raw = Raw::of(&server).await;
    let (_, cookie) = raw.set(&[("schema", text("shop"))]).await;
    let cookie = cookie.unwrap();
    let value = cookie.strip_prefix("arrow_flight_session_id=").unwrap();
    // As the C++ client writes it, and after the first connection is gone.
    drop(raw);
    let quoted = format!("other=1; arrow_flight_session_id=\"{value}\"");
    let other = Raw::of(&server).await.with("cookie", &quoted);
    assert_eq!(count(&other).await, "2");
    assert_eq!(other.got("schema").await, "shop");
    // It has one already.
    assert_eq!(other.set(&[("types", text("arrow"))]).await.1, None);
    assert_eq!(other.close().await.unwrap(), CLOSED);
    let error = other.info("SELECT 1").await.unwrap_err();
    assert_eq!(error.code(), Code::NotFound);
    assert_eq!(
        error.message(),
        "the session of the cookie has ended; set its options again"
    );
    // The client is told to forget it.
    let forget = error
        .metadata()
        .get("set-cookie")
        .unwrap()
        .to_str()
        .unwrap();
    assert!(
        forget.starts_with("arrow_flight_session_id=; Expires="),
        "{forget}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_cookie_leads_nowhere() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    let (_, cookie) = raw.set(&[("types", text("arrow"))]).await;
    let mut forged = cookie.unwrap();
    let last = forged.pop().unwrap();
    forged.push(if last == 'A' { 'B' } else { 'A' });
    for cookie in [forged.as_str(), "arrow_flight_session_id=x"] {
        let error = raw
            .with("cookie", cookie)
            .info("SELECT 1")
            .await
            .unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
    }
    raw.with("cookie", "session=1")
        .query("SELECT 1")
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_nobody_uses_ends() {
    let server = TestServer::with(ServeOptions {
        session_idle: Duration::ZERO,
        ..ServeOptions::default()
    })
    .await;
    let raw = Raw::of(&server).await;
    let (_, cookie) = raw.set(&[("types", text("arrow"))]).await;
    // The connection holds it; a cookie alone does not.
    assert_eq!(raw.got("types").await, "arrow");
    drop(raw);
    let other = Raw::of(&server).await.with("cookie", &cookie.unwrap());
    until("it has ended", async || {
        let answer = other.action("GetSessionOptions", Vec::new()).await;
        answer.is_err_and(|error| error.code() == Code::NotFound)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_ends_prepared_statements_and_what_runs() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    let mut client = FlightSqlServiceClient::new_from_inner(raw.client.clone());
    let mut prepared = client.prepare("SELECT 1".to_owned(), None).await.unwrap();
    let info = raw
        .info("SELECT value FROM generate_series(1, 1000000000000)")
        .await
        .unwrap();
    let unread = raw.info("SELECT 1").await.unwrap();
    let mut stream = raw.read(&info).await.unwrap();
    futures::TryStreamExt::try_next(&mut stream)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(raw.close().await.unwrap(), CLOSED);
    let error = loop {
        match futures::TryStreamExt::try_next(&mut stream).await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("the stream has no end"),
            Err(error) => break error,
        }
    };
    assert_eq!(
        refusal(error),
        (Code::Cancelled, "the session was closed".to_owned())
    );
    until("nothing runs", async || server.engine.queries().is_empty()).await;
    let error = prepared.execute().await.unwrap_err();
    assert_eq!(refusal(error).0, Code::NotFound);
    assert_eq!(
        raw.read(&unread).await.err().unwrap().code(),
        Code::NotFound
    );
    // The connection has a new session.
    raw.query("SELECT 1").await.unwrap();
    assert_eq!(raw.close().await.unwrap(), CLOSED);
    assert_eq!(raw.close().await.unwrap_err().code(), Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn headers_name_a_schema_for_one_call_and_set_lasts_for_those_of_the_name() {
    let server = shop().await;
    let raw = Raw::of(&server).await;
    let shop = raw.with("schema", "shop");
    assert_eq!(
        (count(&raw).await, count(&shop).await),
        ("1".to_owned(), "2".to_owned())
    );
    shop.query("SET datafusion.execution.batch_size = 77")
        .await
        .unwrap();
    let size = async |raw: &Raw| {
        let shown = raw
            .query("SHOW datafusion.execution.batch_size")
            .await
            .unwrap();
        cells(&shown).unwrap()[0][1].clone()
    };
    assert_eq!(size(&shop).await, "77");
    assert_ne!(size(&raw).await, "77");
    shop.query("CREATE TABLE made AS VALUES (1)").await.unwrap();
    raw.query("SELECT * FROM shop.made").await.unwrap();
    let (code, message) = raw
        .with("schema", "shpo")
        .query("SELECT 1")
        .await
        .unwrap_err();
    assert_eq!(code, Code::NotFound);
    assert_eq!(
        message,
        "schema \"shpo\" does not exist; did you mean \"shop\"?"
    );
    let (code, _) = raw
        .with("catalog", "nowhere")
        .query("SELECT 1")
        .await
        .unwrap_err();
    assert_eq!(code, Code::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_limit_of_a_sessions_results_holds() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    raw.set_all(&[("max_result_bytes", text("100KB"))]).await;
    let sql = "SELECT value FROM generate_series(1, 100000)";
    let (code, message) = raw.query(sql).await.unwrap_err();
    assert_eq!(code, Code::ResourceExhausted);
    assert!(
        message.starts_with("the result takes more than 102400 bytes"),
        "{message}"
    );
    raw.set_all(&[("max_result_bytes", None)]).await;
    raw.query(sql).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_limits_the_time_and_the_memory_of_its_statements() {
    let server = TestServer::start().await;
    let raw = Raw::of(&server).await;
    raw.set_all(&[("statement_timeout", Some(Value::Whole(50)))])
        .await;
    let busy = "SELECT count(*) FROM generate_series(1, 1000000000000) WHERE value % 7 = 3";
    let (code, message) = raw.query(busy).await.unwrap_err();
    assert_eq!(code, Code::DeadlineExceeded, "{message}");
    raw.set_all(&[("statement_timeout", None), ("memory_limit", text("1MB"))])
        .await;
    let sorted = "SELECT count(DISTINCT value) FROM generate_series(1, 3000000)";
    let (code, message) = raw.query(sorted).await.unwrap_err();
    assert_eq!(code, Code::ResourceExhausted, "{message}");
    raw.set_all(&[("memory_limit", None)]).await;
    raw.query(sorted).await.unwrap();
}
