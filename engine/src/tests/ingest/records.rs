//! What an ingestion leaves behind, and that it waits for its turn.

use super::{Mode, ingest, request, rows};
use crate::tests::records;
use crate::{Engine, EngineError, Outcome, StatementKind};

#[tokio::test]
async fn an_ingestion_leaves_a_record() {
    let engine = super::engine().await;
    let records = records(&engine);
    let session = engine.session();
    let create = || request("sent", Mode::Create);
    ingest(&session, create(), rows(0..5)).await.unwrap();
    let error = ingest(&session, create(), rows(0..5)).await.unwrap_err();
    let records = records.lock().unwrap();
    let [made, refused] = records.as_slice() else {
        panic!("{records:?}");
    };
    assert_eq!(&*made.sql, "INGEST INTO \"sent\"");
    assert_eq!((made.outcome, made.rows), (Outcome::Ok, 5));
    assert_eq!(made.kind, Some(StatementKind::Change));
    assert_eq!(made.tables.written, ["public.sent"]);
    assert_eq!(made.fingerprint, refused.fingerprint);
    assert_eq!(refused.outcome, Outcome::Error);
    assert_eq!(refused.error, Some(error));
}

#[tokio::test]
async fn an_ingestion_takes_its_turn() {
    let engine = Engine::builder()
        .concurrent_queries(1)
        .queue_length(0)
        .build()
        .await
        .unwrap();
    let session = engine.session();
    let create = || request("sent", Mode::Create);
    let holding = engine
        .sql("SELECT value FROM range(0, 1000000000000)")
        .await
        .unwrap();
    let id = holding.id().clone();
    let error = ingest(&session, create(), rows(0..5)).await.unwrap_err();
    assert!(matches!(error, EngineError::QueueFull { .. }), "{error}");
    drop(holding);
    engine.ended(&id).await;
    assert_eq!(ingest(&session, create(), rows(0..5)).await, Ok(5));
    assert_eq!(
        ingest(&session, request("other", Mode::Create), rows(0..5)).await,
        Ok(5)
    );
}
