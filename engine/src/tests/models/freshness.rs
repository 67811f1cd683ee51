//! Freshness: how long ago the latest row of a source is.

use chrono::{TimeDelta, Utc};

use super::{project, read, test, tested};

const ORDERS: &str = "[sources.orders]\nlocation = 'orders.csv'\n";

/// Orders of which the latest is so many hours old.
fn orders(hours: i64) -> String {
    let at = (Utc::now() - TimeDelta::hours(hours)).format("%Y-%m-%d %H:%M:%S");
    format!("order_id,ordered_at,status\n1,2020-01-01 00:00:00,old\n2,{at},new\n")
}

async fn told(hours: i64, freshness: &str) -> String {
    let config = format!("{ORDERS}freshness = {{ {freshness} }}");
    let folder = project(&config, &[("orders.csv", &orders(hours))]);
    tested(&test(&folder, &["freshness_source_orders"]).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_latest_row_is_not_too_old() {
    let both = "column = 'ordered_at', warn_after = '12 hours', error_after = '2 days'";
    assert_eq!(
        told(5, both).await,
        "freshness_source_orders passed 0: its latest \"ordered_at\" is 5 hours ago"
    );
    assert_eq!(
        told(30, both).await,
        "freshness_source_orders warned 1: its latest \"ordered_at\" is 30 hours ago"
    );
    assert_eq!(
        told(72, both).await,
        "freshness_source_orders failed 1: its latest \"ordered_at\" is 3 days ago"
    );
    let none = "column = 'ordered_at', warn_after = '1 day', where = \"status = 'none'\"";
    assert_eq!(
        told(1, none).await,
        "freshness_source_orders warned 1: it has no row with a \"ordered_at\""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_fresh_is_named() {
    assert_eq!(
        told(1, "column = 'ordered_att', warn_after = '1 day'").await,
        "freshness_source_orders error: cohortql.toml: sources.orders: freshness: there is no column \
         \"ordered_att\"; did you mean \"ordered_at\"?"
    );
    assert_eq!(
        told(1, "column = 'status', warn_after = '1 day'").await,
        "freshness_source_orders error: cohortql.toml: sources.orders: freshness: column \"status\" \
         must be a date or timestamp, got Utf8"
    );
    let config = format!("{ORDERS}freshness = {{ column = 'ordered_at' }}");
    let folder = project(&config, &[("orders.csv", &orders(1))]);
    let error = read(&folder, &[]).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "cohortql.toml: sources.orders: freshness: needs warn_after, error_after or both, such as \
         \"1 day\""
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sources_are_tested_as_they_are_declared() {
    let declared = "visits:\n  freshness: {column: at, warn_after: 1 day}\n  columns:\n\
                    \x20   - {name: id, required: true, tests: [not_null, unique]}\n\
                    \x20   - {name: at, type: timestamp}\n\
                    \x20 tests:\n    - expression: {sql: id > 1, severity: warn}\n";
    let config = "[sources.visits]\nlocation = 'visits.csv'\ntests = [{ row_count = { of = 'seen' } }]\n\
                  column_tests = { at = ['not_null'] }";
    let folder = project(
        config,
        &[
            ("sql/sources.yml", declared),
            ("sql/own/seen.sql", "SELECT * FROM source.visits"),
            ("visits.csv", "id,at\n1,2024-01-01\n2,\n"),
        ],
    );
    super::build(&folder, &["seen"], &[]).await.unwrap();
    let lines = tested(&test(&folder, &["source:visits"]).await);
    let told: Vec<_> = lines
        .lines()
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert_eq!(
        told,
        [
            "freshness_source_visits warned 1",
            "not_null_source_visits_id passed",
            "expression_source_visits warned 1",
            "not_null_source_visits_at failed 1",
            "unique_source_visits_id passed",
            "row_count_source_visits_seen passed",
        ],
        "{lines}"
    );
}
