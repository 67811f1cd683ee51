//! Histories of every shape: a million events of one customer, and one event of each of ten
//! million. Work that grew with the square of a history would not end while a test waits.

use std::time::Duration;

use cohortql_engine::Engine;

use crate::support::lines;

/// Calls of all functions that look at a whole history, over `ts`, `kind` from 0 to 9 and `price`.
const CALLS: [&str; 22] = [
    "window_funnel(3600, ts, kind = 0, kind = 5, kind = 9)",
    "window_funnel(864000000, 'strict_once', ts, kind < 5, kind > 3, kind = 9)",
    "window_funnel(3600, 'strict_order', ts, kind = 0, kind = 5, kind = 9)",
    "window_funnel(3600, 'strict_increase,strict_deduplication', ts, kind = 0, kind = 5, kind = 9)",
    "window_funnel(864000000, 'strict_order,allow_reentry', ts, kind < 5, kind > 3, kind = 9)",
    "window_funnel(3600, 'clickhouse', ts, kind = 0, kind = 5, kind = 9)",
    "window_funnel_events(864000000, ts, kind < 5, kind > 3, kind = 9)[1]",
    "funnel_chain(864000000, 'strict_once', ts, kind = 2, kind, kind < 5, kind > 3, kind = 9)['by']",
    "sequence_match('(?1).*(?2).*(?3)', ts, kind = 0, kind = 5, kind > 9)",
    "sequence_match('(?1)(?t<=3600)(?2)', ts, kind = 0, kind > 9)",
    "sequence_count('(?1).*(?2)', ts, kind = 0, kind = 5)",
    "sequence_match_events('(?1).*(?2)(?t>60)(?3)', ts, kind = 0, kind = 5, kind = 9)[1]",
    "sequence_next('forward', 'first_match', ts, kind, kind = 0, kind = 0, kind = 5)",
    "retention(kind = 0, kind = 5)[2]",
    "nth_time(ts, 1000)",
    "cardinality(active_periods(ts, 'day')['offsets'])",
    "path_edges(kind, ts, 60, 5)[1]['depth']",
    "attribution(ts, kind, kind = 9, 'linear', INTERVAL '30 days')[1]['channel']",
    "attribution(ts, kind, kind = 9, 'time_decay', INTERVAL '30 days')[1]['channel']",
    "clv_summary(ts, price, DATE '2040-01-01', 'day')['frequency']",
    "gini(price) > 0",
    "top_share(price, 0.2) > 0",
];

const WHILE_A_TEST_WAITS: Duration = Duration::from_secs(120);

async fn engine(events: u64, customers: u64) -> Engine {
    let engine = Engine::builder()
        .statement_timeout(WHILE_A_TEST_WAITS)
        .build()
        .await
        .unwrap();
    // Seven seconds apart, in an order that a sort has to undo.
    let table = format!(
        "CREATE VIEW events AS
           SELECT n % {customers} AS customer, n * 7919 % 10 AS kind, n % 97 AS price,
             to_timestamp_seconds((n * 7368787 % {events}) * 7) AS ts
           FROM (SELECT value AS n FROM generate_series(0, {events} - 1))"
    );
    engine.sql(&table).await.unwrap().collect().await.unwrap();
    engine
}

#[tokio::test]
async fn a_million_events_of_one_customer() {
    let engine = engine(1_000_000, 1).await;
    for call in CALLS {
        let sql = format!("SELECT customer, {call} FROM events GROUP BY customer");
        let rows = lines(&engine, &sql).await;
        assert_eq!(rows.unwrap_or_else(|e| panic!("{call}: {e}")).len(), 1);
    }
    let sql = "SELECT max(session) FROM (SELECT sessionize(ts, 6) \
               OVER (PARTITION BY customer ORDER BY ts) AS session FROM events)";
    assert_eq!(lines(&engine, sql).await.unwrap(), ["1000000"]);
}

/// With 21 bytes of state and a key of eight, ten million customers fit into memory at once.
#[tokio::test]
async fn an_event_of_each_of_ten_million_customers() {
    let engine = engine(10_000_000, 10_000_000).await;
    let sql = "SELECT level, count(*) FROM (
                 SELECT customer, window_funnel(3600, ts, kind = 0, kind = 5) AS level
                 FROM events GROUP BY customer)
               GROUP BY level ORDER BY level";
    assert_eq!(
        lines(&engine, sql).await.unwrap(),
        ["0|9000000", "1|1000000"]
    );
    let sql = "SELECT count(*), count(second) FROM (
                 SELECT customer, nth_time(ts, 2) AS second FROM events GROUP BY customer)";
    assert_eq!(lines(&engine, sql).await.unwrap(), ["10000000|0"]);
}

/// Where the end of a pattern never comes, every event could begin it.
#[tokio::test]
async fn a_pattern_that_almost_matches() {
    let engine = engine(100_000, 1).await;
    for pattern in [
        "(?1).*(?2).*(?3)",
        ".*(?1).*(?1).*(?1).*(?3)",
        "(?1)(?t<=600).*(?2)(?t>=60).*(?3)",
        ".*.*.*.*(?3)",
    ] {
        let sql = format!(
            "SELECT sequence_match('{pattern}', ts, kind < 9, kind > 2, kind > 9), \
             sequence_count('{pattern}', ts, kind < 9, kind > 2, kind > 9) FROM events"
        );
        assert_eq!(
            lines(&engine, &sql).await.unwrap(),
            ["false|0"],
            "{pattern}"
        );
    }
}

/// An aggregate gets its rows once, from everywhere, and only the columns it looks at.
#[tokio::test]
async fn rows_are_sent_once() {
    let engine = Engine::builder()
        .target_partitions(3)
        .build()
        .await
        .unwrap();
    let half = "SELECT value % 10 AS customer, value AS kind, value AS other, to_timestamp(value) AS ts \
                FROM generate_series(0, 99)";
    let table = &format!("CREATE VIEW events AS {half} UNION ALL {half}");
    engine.sql(table).await.unwrap().collect().await.unwrap();
    let plan = |call: &str| {
        let sql = format!("EXPLAIN SELECT customer, {call} FROM events GROUP BY customer");
        let engine = engine.clone();
        async move { lines(&engine, &sql).await.unwrap().join("\n") }
    };
    for call in [
        "window_funnel(60, ts, kind = 1), count(*)",
        "cohort_month(ts)",
    ] {
        let plan = plan(call).await;
        assert!(plan.contains("BucketedAggregateExec"), "{plan}");
        assert!(!plan.contains("mode=Partial"), "{plan}");
        assert!(!plan.contains("other"), "{plan}");
    }
}
