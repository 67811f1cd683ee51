//! Builds with tests: their order, what is passed over, and what is meant by a selection.

use super::{
    build, build_and_test, build_and_test_with, project, read, selection, test, tested, told, write,
};
use crate::models::{BuildOptions, Event};

const CONFIG: &str = "[sources.visits]\nlocation = 'visits.csv'\n\
                      column_tests = { id = ['not_null', 'unique'] }\n";
const FILES: [(&str, &str); 5] = [
    ("visits.csv", "id,pages\n1,3\n2,1\n3,5\n"),
    (
        "sql/own/a_visits.sql",
        "-- columns:\n--   - name: pages\n--     tests: [{range: {min: 1}}]\n\
         SELECT * FROM source.visits",
    ),
    (
        "sql/own/b_pages.sql",
        "-- materialized: table\n-- tests:\n--   - row_count: {of: a_visits, at: at_most}\n\
         SELECT pages, count(*) AS visits FROM a_visits GROUP BY pages",
    ),
    (
        "sql/own/c_last.sql",
        "SELECT max(pages) AS pages FROM b_pages",
    ),
    (
        "sql/tests/visits_add_up.sql",
        "SELECT * FROM (SELECT sum(visits) AS n FROM b_pages) AS b, \
         (SELECT count(*) AS m FROM a_visits) AS a WHERE n <> m",
    ),
];

/// What happens in a build, in order.
async fn events(folder: &tempfile::TempDir, terms: &[&str]) -> String {
    let project = read(folder, &[]).await.unwrap();
    let (models, tests) = project.choose(&selection(terms)).unwrap();
    let said = std::sync::Mutex::new(Vec::new());
    let report = |event: Event<'_>| match event {
        Event::Ended(outcome) => said.lock().unwrap().push(outcome.model.clone()),
        Event::Tested(outcome) => said.lock().unwrap().push(outcome.test.clone()),
        Event::Started { .. } | Event::Columns { .. } | Event::Testing { .. } => {}
    };
    let options = BuildOptions::default();
    let built = project.build_and_test(&models, &tests, options, &report);
    built.await.unwrap();
    said.into_inner().unwrap().join("\n")
}

#[tokio::test(flavor = "multi_thread")]
async fn each_test_is_run_once_all_that_it_reads_is_built() {
    let folder = project(CONFIG, &FILES);
    assert_eq!(
        events(&folder, &["path:own"]).await,
        "not_null_source_visits_id\nunique_source_visits_id\na_visits\nrange_a_visits_pages\n\
         b_pages\nrow_count_b_pages_a_visits\nvisits_add_up\nc_last"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reads_a_model_whose_test_fails_is_not_built() {
    let folder = project(CONFIG, &FILES);
    write(&folder, &[("visits.csv", "id,pages\n1,0\n2,1\n")]);
    let built = build_and_test(&folder, &["path:own"]).await;
    assert_eq!(
        told(&built.models),
        "a_visits built\n\
         b_pages skipped: it reads a_visits, whose test range_a_visits_pages failed\n\
         c_last skipped: it reads b_pages, which was not built"
    );
    assert_eq!(
        tested(&built.tests),
        "not_null_source_visits_id passed\n\
         unique_source_visits_id passed\n\
         range_a_visits_pages failed 1: 1 row has a \"pages\" out of range: see \
         failures.range_a_visits_pages\n\
         row_count_b_pages_a_visits skipped: it reads b_pages, which was not built\n\
         visits_add_up skipped: it reads b_pages, which was not built"
    );
    // A warning keeps nobody.
    let warns = "-- columns:\n--   - name: pages\n\
                 --     tests: [{range: {min: 1, severity: warn}}]\nSELECT * FROM source.visits";
    write(&folder, &[("sql/own/a_visits.sql", warns)]);
    let built = build_and_test(&folder, &["path:own"]).await;
    assert_eq!(
        told(&built.models),
        "a_visits built\nb_pages 2 rows\nc_last built"
    );
    assert!(tested(&built.tests).contains("range_a_visits_pages warned 1: "));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_reads_a_source_whose_test_fails_is_not_built() {
    let folder = project(CONFIG, &FILES);
    write(&folder, &[("visits.csv", "id,pages\n1,3\n1,1\n")]);
    let built = build_and_test(&folder, &["path:own"]).await;
    assert!(
        told(&built.models).starts_with(
            "a_visits skipped: it reads source.visits, whose test unique_source_visits_id failed\n"
        ),
        "{}",
        told(&built.models)
    );
    let options = BuildOptions {
        fail_fast: true,
        ..BuildOptions::default()
    };
    write(&folder, &[("sql/own/d_other.sql", "SELECT 1 AS n")]);
    let built = build_and_test_with(&folder, &["path:own"], &[], options).await;
    assert!(
        told(&built.models).ends_with("d_other skipped: an earlier model or test failed"),
        "{}",
        told(&built.models)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_not_tested() {
    let folder = project(CONFIG, &FILES);
    assert_eq!(
        tested(&test(&folder, &["b_pages"]).await),
        "row_count_b_pages_a_visits error: sql/own/b_pages.sql: it reads \"a_visits\", which is not \
         built yet: build +row_count_b_pages_a_visits to have it too"
    );
    build(&folder, &["+row_count_b_pages_a_visits"], &[])
        .await
        .unwrap_err();
    let built = build_and_test(&folder, &["+row_count_b_pages_a_visits"]).await;
    assert_eq!(told(&built.models), "a_visits built\nb_pages 3 rows");
    let without = project(
        "[sources.orders]\nlocation = 'orders.csv'",
        &[("orders.csv", "order_id,ordered_at\n1,2024-01-01\n")],
    );
    let built = build_and_test(&without, &["stg_customers"]).await;
    for outcome in &built.tests {
        assert_eq!(outcome.status, crate::models::TestStatus::Skipped);
        assert_eq!(
            outcome.message.as_deref(),
            Some("source \"customers\" is not in [sources]")
        );
    }
    assert!(built.tests.len() > 2, "{:?}", built.tests);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_that_fails_is_not_tested() {
    let folder = project(CONFIG, &FILES);
    build_and_test(&folder, &["path:own"]).await;
    write(
        &folder,
        &[(
            "sql/own/b_pages.sql",
            "-- columns:\n--   - {name: n, tests: [not_null]}\nSELECT n FROM a_visits",
        )],
    );
    let built = build_and_test(&folder, &["b_pages"]).await;
    assert_eq!(
        tested(&built.tests),
        "not_null_b_pages_n skipped: it reads b_pages, which was not built"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn models_bring_their_tests_and_tests_have_names() {
    let folder = project(CONFIG, &FILES);
    let project = read(&folder, &[]).await.unwrap();
    let names = |terms: &[&str], exclude: &[&str]| {
        let mut selection = selection(terms);
        selection.exclude = exclude.iter().map(|term| (*term).to_owned()).collect();
        let (models, tests) = project.choose(&selection).unwrap();
        let models = models.iter().map(|model| model.name.clone());
        let tests = tests.iter().map(|test| test.name.clone());
        models.chain(tests).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(
        names(&["b_pages"], &[]),
        "b_pages row_count_b_pages_a_visits"
    );
    assert_eq!(
        names(&["a_visits"], &["unique_*"]),
        "a_visits not_null_source_visits_id range_a_visits_pages"
    );
    assert_eq!(
        names(&["a_visits", "b_pages"], &["source:visits"]),
        "b_pages"
    );
    assert_eq!(names(&["visits_add_up"], &[]), "visits_add_up");
    assert_eq!(
        names(&["path:tests/visits_add_up.sql"], &[]),
        "visits_add_up"
    );
    assert_eq!(
        names(&["source:visits"], &[]),
        "a_visits not_null_source_visits_id unique_source_visits_id range_a_visits_pages"
    );
    let error = project.choose(&selection(&["visits_ad_up"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "selection \"visits_ad_up\" matches no model or test; did you mean \"visits_add_up\"?"
    );
    let all = project.tests().len();
    assert_eq!(project.choose(&selection(&[])).unwrap().1.len(), all);
    let names: std::collections::BTreeSet<_> =
        project.tests().iter().map(|test| &test.name).collect();
    assert_eq!(names.len(), all);
}
