//! Rows that break off, are given up or take too long leave everything as it was.

use std::time::Duration;

use tempfile::TempDir;
use tokio::time::timeout;

use super::*;
use crate::Engine;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// A session with a table in memory, a Delta table, and where the latter lies.
async fn tables(engine: &Engine, folder: &TempDir) -> Session {
    let session = engine.session();
    ingest(&session, request("held", Mode::Create), rows(0..3))
        .await
        .unwrap();
    let location = folder.path().join("lake").display().to_string();
    ingest(
        &session,
        delta_at("lake", Mode::Create, &location),
        rows(0..3),
    )
    .await
    .unwrap();
    session
}

/// What may be asked, of tables that are there and of tables that are not.
fn asked(folder: &TempDir) -> Vec<IngestRequest> {
    let fresh = folder.path().join("fresh").display().to_string();
    let mut asked = vec![
        request("fresh", Mode::Create),
        delta_at("fresh", Mode::Create, &fresh),
    ];
    for table in ["held", "lake"] {
        for mode in [Mode::Append, Mode::Replace, Mode::CreateAppend] {
            asked.push(request(table, mode));
        }
    }
    asked
}

async fn nothing_has_happened(session: &Session, folder: &TempDir) {
    for table in ["held", "lake"] {
        assert_eq!(count(session, table).await, "3");
    }
    let error = failure(session, "SELECT * FROM fresh").await;
    assert!(matches!(error, EngineError::NotFound { .. }), "{error}");
    assert!(!folder.path().join("fresh/_delta_log").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_break_off_are_none() {
    let folder = TempDir::new().unwrap();
    let engine = engine().await;
    let session = tables(&engine, &folder).await;
    for asked in asked(&folder) {
        let error = session
            .ingest(asked, rows(0..0).schema(), breaking_off(rows(5..9)))
            .await
            .unwrap_err();
        assert_eq!(error.to_string(), "the rows broke off");
    }
    nothing_has_happened(&session, &folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_ingestion_has_not_happened() {
    let folder = TempDir::new().unwrap();
    let engine = engine().await;
    let session = tables(&engine, &folder).await;
    for asked in asked(&folder) {
        let text = format!("INGEST INTO {asked}");
        let running = {
            let session = session.clone();
            let rows = endless(rows(5..9));
            tokio::spawn(async move { session.ingest(asked, schema(), rows).await })
        };
        let listed = timeout(PATIENCE, async {
            loop {
                if let Some(query) = engine.queries().pop() {
                    return query;
                }
                tokio::task::yield_now().await;
            }
        });
        let listed = listed.await.unwrap();
        assert_eq!(*listed.sql, *text);
        assert!(engine.cancel(&listed.id));
        let outcome = timeout(PATIENCE, running).await.unwrap().unwrap();
        assert_eq!(outcome, Err(EngineError::Cancelled));
        timeout(PATIENCE, engine.ended(&listed.id)).await.unwrap();
    }
    nothing_has_happened(&session, &folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_waiting_is_as_good_as_cancelling() {
    let folder = TempDir::new().unwrap();
    let engine = engine().await;
    let session = tables(&engine, &folder).await;
    for asked in asked(&folder) {
        let given_up = timeout(
            Duration::from_millis(30),
            session.ingest(asked, schema(), endless(rows(5..9))),
        );
        assert!(given_up.await.is_err());
    }
    timeout(PATIENCE, async {
        while !engine.queries().is_empty() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    nothing_has_happened(&session, &folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingestion_that_is_told_to_stop_has_not_happened() {
    let folder = TempDir::new().unwrap();
    let engine = engine().await;
    let session = tables(&engine, &folder).await;
    for asked in asked(&folder) {
        let stop = async {
            while engine.queries().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        let told = session.ingest_until(asked, schema(), endless(rows(5..9)), stop);
        let outcome = timeout(PATIENCE, told).await.unwrap();
        assert_eq!(outcome, Err(EngineError::Cancelled));
        timeout(PATIENCE, async {
            while !engine.queries().is_empty() {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
    }
    nothing_has_happened(&session, &folder).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_statement_timeout_holds() {
    let allowed = Duration::from_millis(50);
    let engine = Engine::builder()
        .statement_timeout(allowed)
        .build()
        .await
        .unwrap();
    let session = engine.default_session();
    let outcome = session
        .ingest(
            request("fresh", Mode::Create),
            schema(),
            endless(rows(0..1)),
        )
        .await;
    assert_eq!(
        outcome,
        Err(EngineError::DeadlineExceeded { timeout: allowed })
    );
    assert!(!session.context().table_exist("fresh").unwrap());
}

fn schema() -> SchemaRef {
    rows(0..0).schema()
}
