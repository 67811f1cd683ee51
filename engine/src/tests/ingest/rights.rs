//! Who may send rows where.

use std::collections::BTreeMap;

use tempfile::TempDir;

use super::*;
use crate::access::Principal;
use crate::config::RoleConfig;
use crate::{Config, Engine};

const ROLES: &str = r#"
    [roles.reader]
    read = ["*"]

    [roles.writer]
    read = ["*"]
    write = ["public.mine"]

    [roles.maker]
    read = ["*"]
    write = ["public.mine", "public.held"]
    privileges = ["ddl"]

    [roles.keeper]
    read = ["*"]
    write = ["public.mine"]
    privileges = ["ddl", "external"]
"#;

async fn guarded(folder: &TempDir) -> Engine {
    let mut config = Config::parse(ROLES).unwrap();
    let reached = folder.path().join("open").display().to_string();
    let keeper: &mut RoleConfig = config.roles.get_mut("keeper").unwrap();
    keeper.locations = vec![reached];
    let engine = Engine::builder()
        .target_partitions(2)
        .config(config)
        .build()
        .await
        .unwrap();
    ingest(
        engine.default_session(),
        request("held", Mode::Create),
        rows(0..3),
    )
    .await
    .unwrap();
    engine
}

fn session(engine: &Engine, role: &str) -> Session {
    let principal = Principal {
        name: "ada".to_owned(),
        roles: vec![role.to_owned()],
    };
    engine.session_for(principal, None)
}

fn denied(outcome: Result<u64, EngineError>) -> String {
    match outcome {
        Err(EngineError::Denied { message }) => message,
        other => panic!("expected a refusal, got {other:?}"),
    }
}

#[tokio::test]
async fn writing_takes_the_right_to_write_the_table() {
    let folder = TempDir::new().unwrap();
    let engine = guarded(&folder).await;
    for role in ["reader", "writer", "nobody"] {
        for mode in [
            Mode::Create,
            Mode::Append,
            Mode::Replace,
            Mode::CreateAppend,
        ] {
            let session = session(&engine, role);
            denied(ingest(&session, request("held", mode), rows(0..1)).await);
        }
    }
    let maker = session(&engine, "maker");
    let added = ingest(&maker, request("held", Mode::Append), rows(3..4)).await;
    assert_eq!(added, Ok(1));
    assert_eq!(count(engine.default_session(), "held").await, "4");
}

#[tokio::test]
async fn making_a_table_takes_the_privilege() {
    let folder = TempDir::new().unwrap();
    let engine = guarded(&folder).await;
    let writer = session(&engine, "writer");
    let message = denied(ingest(&writer, request("mine", Mode::Create), rows(0..1)).await);
    assert!(message.contains("ddl"), "{message}");
    let maker = session(&engine, "maker");
    assert_eq!(
        ingest(&maker, request("mine", Mode::Create), rows(0..1)).await,
        Ok(1)
    );
    assert_eq!(
        ingest(&writer, request("mine", Mode::Append), rows(1..2)).await,
        Ok(1)
    );
    denied(ingest(&writer, request("mine", Mode::Replace), rows(1..2)).await);
    assert_eq!(count(&writer, "mine").await, "2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_takes_its_privilege_and_its_place_in_the_list() {
    let folder = TempDir::new().unwrap();
    let engine = guarded(&folder).await;
    let open = folder.path().join("open/mine").display().to_string();
    let closed = folder.path().join("closed/mine").display().to_string();
    let maker = session(&engine, "maker");
    let message = denied(ingest(&maker, delta_at("mine", Mode::Create, &open), rows(0..1)).await);
    assert!(message.contains("external"), "{message}");
    let keeper = session(&engine, "keeper");
    let outside = folder.path().join("open/../closed/mine");
    for location in [closed, outside.display().to_string()] {
        denied(
            ingest(
                &keeper,
                delta_at("mine", Mode::Create, &location),
                rows(0..1),
            )
            .await,
        );
    }
    assert!(!folder.path().join("closed").exists());
    let made = ingest(&keeper, delta_at("mine", Mode::Create, &open), rows(0..1));
    assert_eq!(made.await, Ok(1));
    engine.set_roles(BTreeMap::new()).unwrap();
    denied(ingest(&keeper, request("mine", Mode::Append), rows(0..1)).await);
}
