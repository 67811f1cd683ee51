//! Who reads a warehouse sees what a build has left, at once and whole.

use super::{build, open, open_target, project, read, selection, write};
use crate::EngineError;
use crate::models::BuildOptions;
use crate::tests::{cells, failure};

const NUMBERS: &str = "-- materialized: table\nSELECT * FROM generate_series(1, $most) AS t(n)";
const CONFIG: &str = "[vars]\nmost = {type = 'bigint', default = 3}\n\
                      [targets.prod]\nwarehouse = 'elsewhere'\n";

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_runs_sees_each_build() {
    let folder = project(CONFIG, &[("sql/own/numbers.sql", NUMBERS)]);
    let engine = open(&folder).await.unwrap();
    let session = engine.default_session();
    let sum = "SELECT sum(n) FROM numbers";
    assert!(matches!(
        failure(session, sum).await,
        EngineError::NotFound { .. }
    ));
    build(&folder, &["numbers"], &[]).await.unwrap();
    assert_eq!(cells(session, sum).await, "6");
    build(&folder, &["numbers"], &[("most", "4")])
        .await
        .unwrap();
    assert_eq!(cells(session, sum).await, "10");
    assert_eq!(
        cells(session, "SELECT sum(n) FROM numbers VERSION AS OF 0").await,
        "6"
    );
    // As a view it takes another value and other columns.
    let view = "SELECT count(*) AS numbers FROM generate_series(1, $most) AS t(n)";
    write(&folder, &[("sql/own/numbers.sql", view)]);
    build(&folder, &["numbers"], &[("most", "5")])
        .await
        .unwrap();
    assert_eq!(cells(session, "SELECT * FROM numbers").await, "5");
    // And as a table again.
    write(&folder, &[("sql/own/numbers.sql", NUMBERS)]);
    build(&folder, &["numbers"], &[]).await.unwrap();
    assert_eq!(cells(session, sum).await, "6");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_may_be_empty_and_get_other_columns() {
    let folder = project(CONFIG, &[("sql/own/numbers.sql", NUMBERS)]);
    build(&folder, &["numbers"], &[("most", "0")])
        .await
        .unwrap();
    let engine = open(&folder).await.unwrap();
    let session = engine.default_session();
    assert_eq!(cells(session, "SELECT count(*) FROM numbers").await, "0");
    let other = "-- materialized: table\nSELECT 'a' AS letter, 1.5 AS n";
    write(&folder, &[("sql/own/numbers.sql", other)]);
    build(&folder, &["numbers"], &[]).await.unwrap();
    assert_eq!(cells(session, "SELECT * FROM numbers").await, "a,1.5");
    write(&folder, &[("sql/own/numbers.sql", NUMBERS)]);
    build(&folder, &["numbers"], &[("most", "0")])
        .await
        .unwrap();
    assert_eq!(cells(session, "SELECT count(*) FROM numbers").await, "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn targets_have_a_warehouse_each() {
    let folder = project(CONFIG, &[("sql/own/numbers.sql", NUMBERS)]);
    build(&folder, &["numbers"], &[]).await.unwrap();
    let prod = open_target(&folder, Some("prod")).await.unwrap();
    let missing = failure(prod.default_session(), "SELECT * FROM numbers").await;
    assert!(matches!(missing, EngineError::NotFound { .. }));
    let project =
        crate::models::Project::open(&prod, &[("most".into(), "9".into())].into()).unwrap();
    let models = project.select(&selection(&["numbers"])).unwrap();
    let built = project.build(&models, BuildOptions::default(), &|_| {});
    built.await.unwrap();
    assert_eq!(
        cells(prod.default_session(), "SELECT max(n) FROM numbers").await,
        "9"
    );
    let dev = open(&folder).await.unwrap();
    assert_eq!(
        cells(dev.default_session(), "SELECT max(n) FROM numbers").await,
        "3"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_build_is_refused() {
    let folder = project(CONFIG, &[("sql/own/numbers.sql", NUMBERS)]);
    let (first, second) = (
        read(&folder, &[]).await.unwrap(),
        read(&folder, &[]).await.unwrap(),
    );
    let models = first.select(&selection(&["numbers"])).unwrap();
    let refused = std::sync::Mutex::new(None);
    let handle = tokio::runtime::Handle::current();
    // The first is in the middle of its work whenever it reports.
    let report = |_: crate::models::Event<'_>| {
        let attempt = second.build(&[], BuildOptions::default(), &|_| {});
        let outcome = tokio::task::block_in_place(|| handle.block_on(attempt));
        *refused.lock().unwrap() = Some(outcome);
    };
    let built = first.build(&models, BuildOptions::default(), &report);
    built.await.unwrap();
    let outcome = refused.into_inner().unwrap().unwrap();
    let error = outcome.unwrap_err();
    assert!(matches!(error, EngineError::Conflict { .. }), "{error}");
    assert!(
        error.to_string().starts_with("another build is at work"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_in_the_way_keeps_its_name() {
    let folder = project(
        "[tables.numbers]\nlocation = 'numbers.csv'",
        &[
            ("numbers.csv", "n\n7\n"),
            ("sql/own/numbers.sql", "SELECT 1 AS n"),
        ],
    );
    let error = read(&folder, &[]).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "sql/own/numbers.sql: a table of cohortql.toml has the name of the model too: rename one of \
         them"
    );
}
