//! What is left of tests: `system.test_results`, and the rows that are wrong.

use std::collections::BTreeMap;

use super::{build_and_test, open, project, test, write};
use crate::config::{RoleConfig, RoleTableConfig};
use crate::tests::{cells, failure, session_of};

const NUMBERS: &str = "-- columns:\n--   - name: n\n--     tests: [not_null, {range: {max: 2}}]\n\
                       SELECT value AS n FROM range(0, 6)";
const ALL_WELL: &str = "-- columns:\n--   - name: n\n--     tests: [not_null, {range: {max: 9}}]\n\
                        SELECT value AS n FROM range(0, 6)";

#[tokio::test(flavor = "multi_thread")]
async fn results_are_rows_of_a_table() {
    let folder = project("", &[("sql/own/numbers.sql", NUMBERS)]);
    let engine = open(&folder).await.unwrap();
    let session = engine.default_session();
    let count = "SELECT count(*), count(DISTINCT invocation_id) FROM system.test_results";
    assert_eq!(cells(session, count).await, "0,0");
    build_and_test(&folder, &["numbers"]).await;
    test(&folder, &["range_numbers_n"]).await;
    assert_eq!(cells(session, count).await, "3,2");
    let shown = "SELECT target, test, model, column_name, kind, severity, status, failures, message \
                 FROM system.test_results ORDER BY started, test LIMIT 2";
    assert_eq!(
        cells(session, shown).await,
        "dev,not_null_numbers_n,numbers,n,not_null,error,passed,0,\n\
         dev,range_numbers_n,numbers,n,range,error,failed,3,3 rows have a \"n\" out of range: see \
         failures.range_numbers_n"
    );
    let recent = "SELECT count(*) FROM system.test_results \
                  WHERE seconds >= 0 AND started > now() - INTERVAL '1 hour' AND started <= now()";
    assert_eq!(cells(session, recent).await, "3");
    let refused = failure(session, "DELETE FROM system.test_results").await;
    assert!(refused.to_string().contains("is only read"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_rows_are_there_until_the_test_holds() {
    let folder = project(
        "[tests]\nkeep_rows = 2",
        &[("sql/own/numbers.sql", NUMBERS)],
    );
    let engine = open(&folder).await.unwrap();
    let session = engine.default_session();
    let rows = "SELECT count(*) FROM failures.range_numbers_n";
    assert!(
        failure(session, rows)
            .await
            .to_string()
            .contains("failures")
    );
    build_and_test(&folder, &["numbers"]).await;
    assert_eq!(cells(session, rows).await, "2");
    assert_eq!(
        cells(session, "SELECT min(n) > 2 FROM failures.range_numbers_n").await,
        "true"
    );
    test(&folder, &["numbers"]).await;
    assert_eq!(cells(session, rows).await, "2");
    let kept = || {
        let folders = std::fs::read_dir(folder.path().join("warehouse/test-failures")).unwrap();
        let with_files = folders.filter(|folder| {
            let folder = folder.as_ref().unwrap().path();
            std::fs::read_dir(folder)
                .unwrap()
                .any(|file| file.unwrap().path().is_file())
        });
        with_files.count()
    };
    assert_eq!(kept(), 1);
    write(&folder, &[("sql/own/numbers.sql", ALL_WELL)]);
    build_and_test(&folder, &["numbers"]).await;
    failure(session, rows).await;
    assert_eq!(kept(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_rows_of_a_test_that_is_gone_go_too() {
    let folder = project("", &[("sql/own/numbers.sql", NUMBERS)]);
    build_and_test(&folder, &["numbers"]).await;
    write(
        &folder,
        &[
            ("sql/own/numbers.sql", "SELECT 1 AS n"),
            (
                "sql/own/other.sql",
                "-- columns: [{name: n, tests: [not_null]}]\nSELECT 1 AS n",
            ),
        ],
    );
    build_and_test(&folder, &["other"]).await;
    let engine = open(&folder).await.unwrap();
    failure(
        engine.default_session(),
        "SELECT * FROM failures.range_numbers_n",
    )
    .await;
    let none = project(
        "[tests]\nkeep_rows = 0",
        &[("sql/own/numbers.sql", NUMBERS)],
    );
    let built = build_and_test(&none, &["numbers"]).await;
    assert_eq!(
        built.tests[1].message.as_deref(),
        Some("3 rows have a \"n\" out of range")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn old_results_go() {
    let folder = project(
        "[tests]\nkeep_runs = 2",
        &[("sql/own/numbers.sql", NUMBERS)],
    );
    let engine = open(&folder).await.unwrap();
    let runs = "SELECT count(DISTINCT invocation_id), count(*) FROM system.test_results";
    for expected in ["1,2", "2,4", "3,6", "4,8", "2,4", "3,6"] {
        build_and_test(&folder, &["numbers"]).await;
        assert_eq!(cells(engine.default_session(), runs).await, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_watch_sees_the_tests_of_what_he_may_read() {
    let folder = project(
        "[sources.visits]\nlocation = 'visits.csv'\ncolumn_tests = { id = ['not_null'] }",
        &[
            ("visits.csv", "id\n1\n"),
            ("sql/own/numbers.sql", NUMBERS),
            (
                "sql/own/seen.sql",
                &NUMBERS.replace("SELECT", "SELECT 1 AS one,"),
            ),
            ("sql/own/visited.sql", "SELECT * FROM source.visits"),
            ("sql/tests/none.sql", "SELECT * FROM numbers WHERE n < 0"),
        ],
    );
    build_and_test(&folder, &["path:own"]).await;
    let engine = open(&folder).await.unwrap();
    let part = RoleTableConfig {
        columns: Some(vec!["n".to_owned()]),
        ..RoleTableConfig::default()
    };
    let reader = RoleConfig {
        read: vec!["public.numbers".to_owned()],
        tables: BTreeMap::from([("public.seen".to_owned(), part)]),
        ..RoleConfig::default()
    };
    let operator = RoleConfig {
        privileges: vec!["monitor".to_owned()],
        ..RoleConfig::default()
    };
    let roles = [("reader", reader), ("operator", operator)];
    let roles = roles.map(|(name, role)| (name.to_owned(), role));
    engine.set_roles(BTreeMap::from(roles)).unwrap();
    let tests = "SELECT test FROM system.test_results ORDER BY test";
    let ada = session_of(&engine, "ada", "reader");
    assert_eq!(
        cells(&ada, tests).await,
        "not_null_numbers_n\nrange_numbers_n"
    );
    failure(&ada, "SELECT * FROM failures.range_numbers_n").await;
    let bob = session_of(&engine, "bob", "operator");
    assert_eq!(
        cells(&bob, tests).await,
        "none\nnot_null_numbers_n\nnot_null_seen_n\nnot_null_source_visits_id\nrange_numbers_n\n\
         range_seen_n"
    );
    let cleo = session_of(&engine, "cleo", "none");
    assert_eq!(cells(&cleo, tests).await, "");
}
