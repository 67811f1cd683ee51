//! What users with rights can and cannot get at. Every attack must fail closed.

mod changing;
mod hidden;
mod masks;
mod parts;
mod random;
mod told;

use std::collections::BTreeMap;

use super::batches;
use crate::config::RoleConfig;
use crate::{Config, Engine, Principal, Session};

/// Whoever has role `german` sees the Germans among the customers, masked; `sales` sees all orders;
/// `keeper` may change things in schema `sandbox`.
const ROLES: &str = r#"
    [roles.german.tables."public.customers"]
    columns = ["id", "name", "country", "email", "phone", "born", "score", "tags"]
    filter = "country = 'DE'"
    masks = { name = "full", email = "hash", phone = "last4", born = "null", score = "full" }

    [roles.sales]
    read = ["public.orders", "public.revenue"]

    [roles.support.tables."public.customers"]
    columns = ["id", "country", "email"]
    masks = { email = "last4" }

    [roles.own.tables."public.customers"]
    filter = "name = current_user"

    [roles.keeper]
    read = ["sandbox.*"]
    write = ["sandbox.*"]
    privileges = ["ddl"]

    [roles.reader]
    read = ["public.broken"]

    [roles.watcher]
    privileges = ["monitor"]

    [roles.all]
    read = ["*"]
"#;

/// Seven customers, of whom 1, 3, 5 and 7 are German.
const TABLES: [&str; 8] = [
    "CREATE TABLE customers (id BIGINT NOT NULL, name VARCHAR, country VARCHAR, email VARCHAR, \
     phone VARCHAR, born DATE, score DOUBLE, card BIGINT, tags VARCHAR[])",
    "INSERT INTO customers VALUES \
     (1, 'ada', 'DE', 'ada@example.org', '+49 170 1111', DATE '1990-01-01', 1.5, 4000111, ['x']), \
     (2, 'bob', 'FR', 'bob@example.org', '+33 170 2222', DATE '1991-01-01', 2.5, 4000222, ['y']), \
     (3, 'cleo', 'DE', 'cleo@example.org', '123', DATE '1992-01-01', 3.5, 4000333, NULL), \
     (4, 'dan', 'FR', 'ada@example.org', NULL, DATE '1993-01-01', 4.5, 4000444, ['x']), \
     (5, 'eve', 'DE', 'ada@example.org', '12345678', NULL, NULL, 4000555, ['z']), \
     (6, 'finn', NULL, NULL, '+1 170 6666', DATE '1995-01-01', 6.5, 4000666, ['x']), \
     (7, NULL, 'DE', NULL, NULL, DATE '1996-01-01', 7.5, 4000777, ['x', 'y'])",
    "CREATE TABLE orders AS SELECT * FROM (VALUES (1, 10), (1, 20), (2, 30), (3, 40), (6, 50)) \
     AS o(customer_id, amount)",
    "CREATE TABLE secrets AS SELECT 1 AS id, 'launch' AS word",
    "CREATE VIEW revenue AS SELECT country, sum(amount) AS total FROM customers \
     JOIN orders ON customer_id = id GROUP BY country",
    "CREATE VIEW secret_view AS SELECT * FROM secrets",
    "CREATE SCHEMA sandbox",
    "CREATE SCHEMA hidden",
];

fn roles() -> BTreeMap<String, RoleConfig> {
    Config::parse(ROLES).unwrap().roles
}

async fn engine() -> Engine {
    let engine = Engine::builder()
        .config(Config::parse(ROLES).unwrap())
        .target_partitions(2)
        .build()
        .await
        .unwrap();
    for sql in TABLES {
        batches(engine.default_session(), sql).await.unwrap();
    }
    engine
}

/// A session of user `ada` with these roles.
fn session(engine: &Engine, roles: &[&str]) -> Session {
    let principal = Principal {
        name: "ada".to_owned(),
        roles: roles.iter().map(|role| (*role).to_owned()).collect(),
    };
    engine.session_for(principal, None)
}
