//! Memory of one query: what it may use, and what is told of it.

use super::{batches, cells, engine, failure, records, until};
use crate::{Engine, EngineError, Outcome, SessionLimits};

/// Holds all of its rows.
const HOARD: &str = "SELECT array_agg(value) FROM range(0, 8000000)";

/// Far larger than the memory of one query of [`limited`].
const LARGE_SORT: &str =
    "SELECT value % 1000003 AS k, value FROM range(0, 2000000) ORDER BY k, value";

/// Plenty for all, little for one.
async fn limited() -> Engine {
    Engine::builder()
        .target_partitions(2)
        .memory_limit(1 << 30)
        .query_memory(16 << 20)
        .build()
        .await
        .unwrap()
}

fn of_this_query(error: &EngineError) -> bool {
    let EngineError::Resources { message } = error else {
        return false;
    };
    message.contains("this query may use 16.0 MB; raise query_memory in [limits]")
}

#[tokio::test]
async fn a_statement_that_takes_too_much_to_read_is_refused() {
    let engine = Engine::builder()
        .memory_limit(64 << 20)
        .build()
        .await
        .unwrap();
    let session = engine.session();
    let numbers = |count: usize| format!("SELECT 7 IN ({}7)", "1,".repeat(count));
    let error = failure(&session, &numbers(1 << 20)).await;
    assert!(matches!(error, EngineError::Resources { .. }), "{error}");
    assert!(error.to_string().contains("words and signs"), "{error}");
    assert_eq!(cells(&session, &numbers(1_000)).await, "true");
    // A long value is one word.
    let long = format!("SELECT length('{}') AS long", "x".repeat(1 << 20));
    assert_eq!(cells(&session, &long).await, "1048576");
    // What was read and let go leaves its room.
    let reserved = || session.context().runtime_env().memory_pool.reserved();
    until("nothing is there", || reserved() == 0).await;
    let parsed = session.parse(&numbers(5_000)).unwrap();
    assert!(reserved() > 1 << 20);
    drop(parsed);
    assert_eq!(reserved(), 0);
}

#[tokio::test]
async fn a_query_above_its_limit_fails_beside_one_that_goes_on() {
    let engine = limited().await;
    let mut going_on = engine.sql(LARGE_SORT).await.unwrap();
    let first = going_on.next_batch().await.unwrap().unwrap();
    let error = failure(&engine.session(), HOARD).await;
    assert!(of_this_query(&error), "{error}");
    let rest = going_on.collect().await.unwrap();
    let rows: usize = rest.iter().map(|batch| batch.num_rows()).sum();
    assert_eq!(first.num_rows() + rows, 2_000_000);
}

#[tokio::test]
async fn operators_that_spill_do_so_at_the_querys_limit() {
    let engine = limited().await;
    let records = records(&engine);
    let session = engine.default_session();
    let sql = format!("EXPLAIN ANALYZE {LARGE_SORT}");
    let plan = cells(session, &sql).await;
    let spills = plan.split("spill_count=").skip(1);
    let spilled = spills.filter(|rest| !rest.starts_with('0')).count();
    assert!(spilled > 0, "{plan}");
    let groups = "SELECT count(*) FROM (SELECT value % 900001 AS k, max(value) AS m \
                  FROM range(0, 2000000) GROUP BY k)";
    assert_eq!(cells(session, groups).await, "900001");
    for record in records.lock().unwrap().iter() {
        assert_eq!(record.outcome, Outcome::Ok);
        assert!(record.peak_memory > 0, "{record:?}");
        assert!(record.peak_memory <= 16 << 20, "{record:?}");
    }
}

#[tokio::test]
async fn a_session_may_lower_its_limit_but_not_raise_it() {
    let engine = engine().await;
    let session = engine.session();
    let limits = SessionLimits {
        memory: Some(16 << 20),
        ..SessionLimits::default()
    };
    session.set_limits(limits);
    assert_eq!(session.limits(), limits);
    let error = failure(&session.clone(), HOARD).await;
    assert!(of_this_query(&error), "{error}");
    batches(&engine.session(), HOARD).await.unwrap();

    let engine = limited().await;
    let session = engine.session();
    session.set_limits(SessionLimits {
        memory: Some(1 << 30),
        ..SessionLimits::default()
    });
    assert_eq!(session.limits().memory, Some(16 << 20));
    let error = failure(&session, HOARD).await;
    assert!(of_this_query(&error), "{error}");
}

#[tokio::test]
async fn the_limit_holds_for_changes_too() {
    let engine = limited().await;
    let session = engine.default_session();
    for sql in [
        format!("CREATE TABLE hoard AS {HOARD}"),
        format!("EXPLAIN ANALYZE {HOARD}"),
    ] {
        let error = failure(session, &sql).await;
        assert!(of_this_query(&error), "{error}");
    }
}
