//! Rights over the wire: whatever a client sends, it gets at no more than its user may.
//!
//! Ada sees orders, the Germans among the customers with masks, and the revenue of them all; she
//! changes things in schema `sandbox`. Bob may do everything that a user can.

mod another;
mod changes;
mod hidden;
mod masks;
mod places;
mod taken;
mod views;

use arrow::array::RecordBatch;
use arrow_flight::sql::client::FlightSqlServiceClient;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::guarded::{Guarded, token, user};
use super::raw::{Raw, statement};
use super::server::{fetch, status};
use crate::support::cells;

type Client = FlightSqlServiceClient<Channel>;

const ROLES: &str = r#"
[roles.german.tables."public.customers"]
columns = ["id", "name", "country", "email", "phone", "born", "score"]
filter = "country = 'DE'"
masks = { name = "full", email = "hash", phone = "last4", born = "null", score = "full" }

[roles.sales]
read = ["public.orders", "public.revenue"]

[roles.keeper]
read = ["sandbox.*"]
write = ["sandbox.*"]
privileges = ["ddl"]

[roles.everything]
read = ["*"]
write = ["*"]
privileges = ["ddl", "set", "monitor", "copy", "external"]
locations = ["*"]
"#;

/// Seven customers, of whom 1, 3, 5 and 7 are German.
const TABLES: [&str; 9] = [
    "CREATE TABLE customers (id BIGINT NOT NULL, name VARCHAR, country VARCHAR, email VARCHAR, \
     phone VARCHAR, born DATE, score DOUBLE, card BIGINT NOT NULL, PRIMARY KEY (id, card))",
    "INSERT INTO customers VALUES \
     (1, 'ada', 'DE', 'ada@example.org', '+49 170 1111', DATE '1990-01-01', 1.5, 4000111), \
     (2, 'bob', 'FR', 'bob@example.org', '+33 170 2222', DATE '1991-01-01', 2.5, 4000222), \
     (3, 'cleo', 'DE', 'cleo@example.org', '123', DATE '1992-01-01', 3.5, 4000333), \
     (4, 'dan', 'FR', 'ada@example.org', NULL, DATE '1993-01-01', 4.5, 4000444), \
     (5, 'eve', 'DE', 'ada@example.org', '12345678', NULL, NULL, 4000555), \
     (6, 'finn', NULL, NULL, '+1 170 6666', DATE '1995-01-01', 6.5, 4000666), \
     (7, NULL, 'DE', NULL, NULL, DATE '1996-01-01', 7.5, 4000777)",
    "CREATE TABLE orders AS SELECT * FROM (VALUES (1, 10), (1, 20), (2, 30), (3, 40), (6, 50)) \
     AS o(customer_id, amount)",
    "CREATE TABLE secrets (id BIGINT NOT NULL, word VARCHAR, PRIMARY KEY (id))",
    "INSERT INTO secrets VALUES (1, 'launch')",
    "CREATE VIEW revenue AS SELECT country, sum(amount) AS total FROM customers \
     JOIN orders ON customer_id = id GROUP BY country",
    "CREATE VIEW secret_view AS SELECT * FROM secrets",
    "CREATE SCHEMA sandbox",
    "CREATE SCHEMA hidden",
];

fn configuration(roles: &str) -> String {
    format!(
        "{roles}{}{}",
        user("ada", &["german", "sales", "keeper"]),
        user("bob", &["everything"])
    )
}

async fn shop() -> Guarded {
    let guarded = Guarded::start(&configuration(ROLES), |_| {}).await;
    for sql in TABLES {
        guarded.server.engine.sql(sql).await.unwrap();
    }
    guarded
}

/// A connection on which everything is asked in a user's name.
async fn raw(guarded: &Guarded, name: &str) -> Raw {
    let bearer = format!("Bearer {}", token(name));
    Raw::of(&guarded.server)
        .await
        .with("authorization", &bearer)
}

async fn client(guarded: &Guarded, name: &str) -> Client {
    let mut client = guarded.server.flight().await;
    client.set_token(token(name));
    client
}

/// The rows that a user gets, cells joined by commas.
async fn rows(raw: &Raw, sql: &str) -> Vec<String> {
    let batches = raw.query(sql).await;
    texts(&batches.unwrap_or_else(|error| panic!("{sql}: {error:?}")))
}

fn texts(batches: &[RecordBatch]) -> Vec<String> {
    let rows = cells(batches).unwrap();
    rows.into_iter().map(|row| row.join(",")).collect()
}

/// Sends a statement in every way there is; gives what each says against it.
async fn refusals(guarded: &Guarded, name: &str, sql: &str) -> Vec<(&'static str, Status)> {
    let (raw, mut client) = (raw(guarded, name).await, client(guarded, name).await);
    let queried = raw.query(sql).await;
    let queried = queried.map_err(|(code, message)| Status::new(code, message));
    let mut flight = raw.client.clone();
    let described = flight.get_schema(raw.request(statement(sql))).await;
    let polled = match raw.poll(statement(sql)).await {
        Ok(answer) => raw.read(&answer.info.unwrap()).await.map(drop),
        Err(status) => Err(status),
    };
    let prepared = match client.prepare(sql.to_owned(), None).await {
        Err(error) => Err(status(error)),
        Ok(mut prepared) => match prepared.execute().await {
            Err(error) => Err(status(error)),
            Ok(info) => fetch(&mut client, info).await.map(drop).map_err(status),
        },
    };
    let updated = client.execute_update(sql.to_owned(), None).await;
    let ways = [
        ("GetFlightInfo", queried.map(drop)),
        ("GetSchema", described.map(drop)),
        ("PollFlightInfo", polled),
        ("prepared", prepared),
        ("DoPut", updated.map(drop).map_err(status)),
    ];
    let refused = ways
        .into_iter()
        .filter_map(|(way, outcome)| Some((way, outcome.err()?)));
    refused.collect()
}

/// Checks that an error is one of those that say nothing of what is hidden.
fn tells_nothing(what: &str, status: &Status) {
    assert!(
        matches!(
            status.code(),
            Code::NotFound | Code::InvalidArgument | Code::PermissionDenied
        ),
        "{what}: {status:?}"
    );
    // Its number is drawn, and may hold anything.
    let mut metadata = status.metadata().clone();
    metadata.remove("cohortql-error-id");
    let told = format!("{} {metadata:?}", status.message());
    for secret in [
        "launch",
        "word",
        "4000",
        "example.org",
        "cleo",
        "country = ",
    ] {
        assert!(!told.contains(secret), "{what}: {told}");
    }
}
