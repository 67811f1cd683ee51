//! Repeated parts of a query are computed once, and only where that changes nothing.

use super::{cells, engine, failure};
use crate::{Engine, Session};

/// A grouping that is needed for each row and for all of them.
const SHARES: &str = "WITH g AS (SELECT value % 7 AS k, count(*) AS n FROM range(0, 100) GROUP BY 1) \
                      SELECT k, n, total FROM g CROSS JOIN (SELECT sum(n) AS total FROM g) \
                      ORDER BY k";

async fn plan(session: &Session, sql: &str) -> String {
    cells(session, &format!("EXPLAIN {sql}")).await
}

/// How often the plan computes shared parts, and how often it reads one again.
async fn shared(session: &Session, sql: &str) -> (usize, usize) {
    let plan = plan(session, sql).await;
    let again = plan.matches(", again").count();
    (plan.matches("SharedExec").count() - again, again)
}

#[tokio::test]
async fn a_grouping_named_twice_is_computed_once() {
    let session = engine().await.session();
    assert_eq!(shared(&session, SHARES).await, (1, 1));
    let plan = plan(&session, SHARES).await;
    assert_eq!(plan.matches("LazyMemoryExec").count(), 1, "{plan}");
    assert_eq!(
        cells(&session, SHARES).await,
        "0,15,100\n1,15,100\n2,14,100\n3,14,100\n4,14,100\n5,14,100\n6,14,100"
    );
}

/// The inner grouping is read by the outer one and by the last line: twice, not thrice.
#[tokio::test]
async fn shared_parts_nest() {
    let session = engine().await.session();
    let sql = "WITH a AS (SELECT value % 10 AS k, count(*) AS n FROM range(0, 100) GROUP BY 1), \
               b AS (SELECT k % 3 AS k, sum(n) AS n FROM a GROUP BY k % 3) \
               SELECT sum(n) FROM (SELECT n FROM b UNION ALL SELECT -10 * n FROM b \
                                   UNION ALL SELECT 1000 * n FROM a)";
    assert_eq!(shared(&session, sql).await, (2, 2));
    assert_eq!(cells(&session, sql).await, "99100");
}

#[tokio::test]
async fn what_may_differ_is_computed_anew() {
    let session = engine().await.session();
    let volatile = "WITH g AS (SELECT value, max(random()) AS r FROM range(0, 9) GROUP BY 1) \
                    SELECT max(a.r), min(b.r) FROM g AS a JOIN g AS b ON a.value = b.value";
    assert_eq!(shared(&session, volatile).await, (0, 0));
    let recursive = "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL \
                     SELECT n + 1 FROM r WHERE n < 4), \
                     g AS (SELECT n % 2 AS k, count(*) AS c FROM r GROUP BY 1) \
                     SELECT a.k, b.c FROM g AS a JOIN g AS b ON a.k = b.k ORDER BY 1";
    assert_eq!(shared(&session, recursive).await, (0, 0));
    assert_eq!(cells(&session, recursive).await, "0,2\n1,2");
    // Equal in every word, but each call of range() is a table of its own.
    let twice = "SELECT count(*) FROM (SELECT value FROM range(0, 9) GROUP BY 1) AS a \
                 CROSS JOIN (SELECT value FROM range(0, 9) GROUP BY 1) AS b";
    assert_eq!(shared(&session, twice).await, (0, 0));
}

/// The rows that are kept for the second reader exceed the memory.
#[tokio::test]
async fn shared_rows_spill() {
    let engine = Engine::builder()
        .target_partitions(2)
        .memory_limit(48 << 20)
        .build()
        .await
        .unwrap();
    let session = engine.session();
    let sql = "WITH g AS (SELECT value AS k, count(*) AS n FROM range(0, 1500000) GROUP BY 1) \
               SELECT count(*), sum(k * n), sum(total) FROM \
               (SELECT sum(n) AS total FROM g) CROSS JOIN g";
    let total: i64 = 1_500_000;
    assert_eq!(
        cells(&session, sql).await,
        format!("{total},{},{}", total * (total - 1) / 2, total * total)
    );
    let analyzed = cells(&session, &format!("EXPLAIN ANALYZE {sql}")).await;

    let shared: Vec<&str> = analyzed
        .lines()
        .filter(|l| l.contains("SharedExec"))
        .collect();
    assert!(
        shared
            .iter()
            .any(|line| line.contains("spill_count") && !line.contains("spill_count=0,")),
        "{shared:?}"
    );
}

#[tokio::test]
async fn a_failure_of_a_shared_part_is_told_once_and_plainly() {
    let session = engine().await.session();
    let sql = "WITH g AS (SELECT 1 / (value - 5) AS k, count(*) AS n FROM range(0, 9) GROUP BY 1) \
               SELECT k, total FROM g CROSS JOIN (SELECT sum(n) AS total FROM g)";
    assert_eq!(
        failure(&session, sql).await.to_string(),
        "Divide by zero error"
    );
}

/// One reader stops early; the other gets all rows.
#[tokio::test]
async fn readers_need_not_keep_step() {
    let session = engine().await.session();
    let sql = "WITH g AS (SELECT value AS k, count(*) AS n FROM range(0, 50000) GROUP BY 1) \
               SELECT count(*) FROM g JOIN (SELECT k FROM g LIMIT 1) AS one ON true";
    assert_eq!(cells(&session, sql).await, "50000");
    let empty = "WITH g AS (SELECT value AS k, count(*) AS n FROM range(0, 0) GROUP BY 1) \
                 SELECT count(*) FROM g AS a LEFT JOIN g AS b ON a.k = b.k";
    assert_eq!(cells(&session, empty).await, "0");
}
