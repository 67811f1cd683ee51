//! What a build makes of models, in which order, and what it passes over.

use super::{build, build_with, project, read, selection, told, write};
use crate::models::BuildOptions;
use crate::tests::cells;

const VISITS: &str = "id,day,pages\n1,2024-01-01,3\n2,2024-01-02,1\n3,2024-01-02,5\n";
const CONFIG: &str = "[sources.visits]\nlocation = 'visits.csv'\n\
                      [vars]\nleast = {type = 'bigint', default = 2}\n\
                      last_day = {type = 'date', query = 'SELECT max(day) FROM long_visits'}\n";
const MODELS: [(&str, &str); 4] = [
    ("visits.csv", VISITS),
    (
        "sql/own/long_visits.sql",
        "-- Visits of some pages.\n--\n-- tags: [web]\nSELECT * FROM source.visits WHERE pages >= $least",
    ),
    (
        "sql/own/days.sql",
        "-- materialized: table\nWITH visits AS (SELECT * FROM long_visits)\n\
         SELECT day, count(*) AS visits, $last_day AS last_day FROM visits GROUP BY day",
    ),
    (
        "sql/own/last_visits.sql",
        "SELECT id FROM long_visits WHERE day = $last_day",
    ),
];

#[tokio::test(flavor = "multi_thread")]
async fn models_are_built_after_those_that_they_read() {
    let folder = project(CONFIG, &MODELS);
    let outcomes = build(&folder, &["path:own"], &[]).await.unwrap();
    assert_eq!(
        told(&outcomes),
        "long_visits built\ndays 2 rows\nlast_visits built"
    );
    let engine = super::open(&folder).await.unwrap();
    let session = engine.default_session();
    let days = "SELECT day, visits, last_day FROM days ORDER BY day";
    assert_eq!(
        cells(session, days).await,
        "2024-01-01,1,2024-01-02\n2024-01-02,1,2024-01-02"
    );
    assert_eq!(cells(session, "SELECT id FROM last_visits").await, "3");
    let kinds = "SELECT table_name, table_type FROM information_schema.tables \
                 WHERE table_schema = 'public' ORDER BY table_name";
    assert_eq!(
        cells(session, kinds).await,
        "days,BASE TABLE\nlast_visits,VIEW\nlong_visits,VIEW"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn values_of_a_build_win_and_stay_with_the_views() {
    let folder = project(CONFIG, &MODELS);
    let vars = [("least", "5")];
    let outcomes = build(&folder, &["+days"], &vars).await.unwrap();
    assert_eq!(told(&outcomes), "long_visits built\ndays 1 rows");
    // A later build of another model reads what was built.
    let outcomes = build(&folder, &["days"], &[]).await.unwrap();
    assert_eq!(told(&outcomes), "days 1 rows");
    let engine = super::open(&folder).await.unwrap();
    assert_eq!(
        cells(engine.default_session(), "SELECT id FROM long_visits").await,
        "3"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_built_yet_is_named() {
    let folder = project(CONFIG, &MODELS);
    let outcomes = build(&folder, &["last_visits"], &[]).await.unwrap();
    assert_eq!(
        told(&outcomes),
        "last_visits failed: sql/own/last_visits.sql: it reads \"long_visits\", which is not built \
         yet: build +last_visits to have it too"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reads_a_model_that_fails_is_not_tried() {
    let folder = project(CONFIG, &MODELS);
    build(&folder, &["path:own"], &[]).await.unwrap();
    write(
        &folder,
        &[
            ("sql/own/days.sql", "SELECT nothing FROM long_visits"),
            (
                "sql/own/weeks.sql",
                "-- materialized: table\nSELECT * FROM days",
            ),
            ("sql/own/zoo.sql", "SELECT 1 AS lions"),
        ],
    );
    let outcomes = build(&folder, &["path:own"], &[]).await.unwrap();
    let told_all = told(&outcomes);
    let lines: Vec<&str> = told_all.lines().collect();
    assert_eq!(lines[0], "long_visits built");
    assert!(
        lines[1].starts_with("days failed: sql/own/days.sql: column \"nothing\""),
        "{told_all}"
    );
    assert_eq!(lines[2], "last_visits built");
    assert_eq!(
        lines[3],
        "weeks skipped: it reads days, which was not built"
    );
    assert_eq!(lines[4], "zoo built");
    // What failed is what it was.
    let engine = super::open(&folder).await.unwrap();
    let count = "SELECT count(*) FROM days";
    assert_eq!(cells(engine.default_session(), count).await, "2");
    let options = BuildOptions {
        fail_fast: true,
        ..BuildOptions::default()
    };
    let outcomes = build_with(&folder, &["path:own"], &[], options)
        .await
        .unwrap();
    let last = told(&outcomes);
    assert!(
        last.ends_with("zoo skipped: an earlier model or test failed"),
        "{last}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_its_source_a_model_is_skipped_or_does_without() {
    let folder = project(
        "[sources.orders]\nlocation = 'orders.csv'\n[sources.payments]\nlocation = 'payments.csv'",
        &[
            ("orders.csv", "order_id,ordered_at,amount\n1,2024-01-01,5\n"),
            ("payments.csv", "payment_id,amount\n1,5\n"),
            (
                "sql/own/paid.sql",
                "-- optional: [stg_payments, stg_customers]\n\
                 SELECT o.order_id, p.amount, c.country FROM stg_orders AS o \
                 LEFT JOIN stg_payments AS p ON p.order_id = o.order_id \
                 LEFT JOIN stg_customers AS c ON c.customer_id = o.customer_id",
            ),
        ],
    );
    let terms = ["paid", "stg_orders", "stg_payments", "stg_customers"];
    let outcomes = build(&folder, &terms, &[]).await.unwrap();
    assert_eq!(
        told(&outcomes),
        "stg_orders built\n\
         stg_payments skipped: source \"payments\" has no order_id: map it in \
         [sources.payments.columns]\n\
         stg_customers skipped: source \"customers\" is not in [sources]\n\
         paid built"
    );
    let engine = super::open(&folder).await.unwrap();
    let session = engine.default_session();
    assert_eq!(cells(session, "SELECT * FROM paid").await, "1,,");
    let types = "SELECT arrow_typeof(amount) FROM (SELECT max(amount) AS amount FROM paid)";
    assert_eq!(cells(session, types).await, "Decimal128(18, 2)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_project_replaces_shipped_models_and_seeds() {
    let folder = project(
        "[models]\nselect = ['ltv_bins', 'int_rfm_segments']",
        &[
            (
                "sql/seeds/ltv_bins.csv",
                "bin,from_value,below_value\n1,,\n",
            ),
            ("sql/mine/int_rfm_segments.sql", "SELECT 'all' AS map"),
        ],
    );
    let outcomes = build(&folder, &[], &[]).await.unwrap();
    assert_eq!(told(&outcomes), "int_rfm_segments built\nltv_bins 1 rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn selections_reach_before_and_behind() {
    let folder = project(CONFIG, &MODELS);
    let project = read(&folder, &[]).await.unwrap();
    let names = |terms: &[&str]| -> Vec<String> {
        let models = project.select(&selection(terms)).unwrap();
        models.iter().map(|model| model.name.clone()).collect()
    };
    assert_eq!(names(&["+days"]), ["long_visits", "days"]);
    assert_eq!(
        names(&["long_visits+"]),
        ["long_visits", "days", "last_visits"]
    );
    assert_eq!(names(&["tag:web"]), ["long_visits"]);
    assert_eq!(names(&["own/,days+"]), ["days"]);
    assert_eq!(
        names(&["sql/own/days.sql", "last_*"]),
        ["days", "last_visits"]
    );
    let all = project.models().len();
    let mut without = selection(&[]);
    without.exclude = vec!["path:own".to_owned()];
    assert_eq!(project.select(&without).unwrap().len(), all - 3);
}
