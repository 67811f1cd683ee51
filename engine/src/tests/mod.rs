//! Tests of the engine as its users see it.

mod access;
mod catalog;
mod copies;
mod ingest;
mod inserts;
mod limits;
mod load;
mod memory;
mod models;
mod parameters;
mod projects;
mod records;
mod sharing;
mod statements;
mod substrait;
mod system;
mod turns;
mod upkeep;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::util::pretty::pretty_format_batches;

use crate::config::RoleConfig;
use crate::{Engine, EngineError, Principal, QueryRecord, Session};

/// An engine with little of everything, so that tests do not depend on the machine.
async fn engine() -> Engine {
    Engine::builder()
        .target_partitions(2)
        .build()
        .await
        .unwrap()
}

/// The answer of one statement.
async fn batches(session: &Session, sql: &str) -> Result<Vec<RecordBatch>, EngineError> {
    session.sql(sql).await?.collect().await
}

/// The cells of an answer: one line a row, columns separated by commas.
async fn cells(session: &Session, sql: &str) -> String {
    let batches = batches(session, sql).await.unwrap();
    let table = pretty_format_batches(&batches).unwrap().to_string();
    let rows = table.lines().skip(3).filter(|line| line.starts_with('|'));
    rows.map(|line| {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        cells.join(",")
    })
    .collect::<Vec<_>>()
    .join("\n")
}

/// What a statement fails with, while planning or while running.
async fn failure(session: &Session, sql: &str) -> EngineError {
    batches(session, sql).await.unwrap_err()
}

/// What an engine's statements leave behind, from now on.
fn records(engine: &Engine) -> Arc<Mutex<Vec<QueryRecord>>> {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&kept);
    engine.observe(Arc::new(move |record: &QueryRecord| {
        keep.lock().unwrap().push(record.clone());
    }));
    kept
}

/// Lets other tasks run until `condition` holds.
async fn until(what: &str, condition: impl Fn() -> bool) {
    let waited = tokio::time::timeout(Duration::from_secs(60), async {
        while !condition() {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "waited in vain until {what}");
}

/// Gives an engine the roles `analyst`, who reads and writes all tables, and `operator`, who
/// watches.
fn give_roles(engine: &Engine) {
    let analyst = RoleConfig {
        read: vec!["*".to_owned()],
        write: vec!["*".to_owned()],
        privileges: vec!["ddl".to_owned()],
        ..RoleConfig::default()
    };
    let operator = RoleConfig {
        privileges: vec!["monitor".to_owned()],
        ..RoleConfig::default()
    };
    let roles = [("analyst", analyst), ("operator", operator)];
    let roles: BTreeMap<_, _> = roles
        .into_iter()
        .map(|(name, role)| (name.to_owned(), role))
        .collect();
    engine.set_roles(roles).unwrap();
}

/// A session of somebody with a role.
fn session_of(engine: &Engine, name: &str, role: &str) -> Session {
    let principal = Principal {
        name: name.to_owned(),
        roles: vec![role.to_owned()],
    };
    engine.session_for(principal, Some("127.0.0.1".to_owned()))
}
