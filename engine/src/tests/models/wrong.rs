//! What is wrong with a project is said with its file, and what to do.

use super::{build, project, read, selection, told};

/// What reading a project with one more file says.
async fn refusal(files: &[(&str, &str)]) -> String {
    let folder = project("", files);
    read(&folder, &[]).await.unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_cannot_be_models_are_named() {
    for (path, text, expected) in [
        (
            "sql/a.sql",
            "-- Prose.\n--\n-- grain: one\n-- colour: red\nSELECT 1",
            "sql/a.sql:4:1: unknown field `colour`",
        ),
        ("sql/a.sql", "-- tags: web\nSELECT 1", "sql/a.sql:1:7: "),
        (
            "sql/a.sql",
            "-- materialized: heap\nSELECT 1",
            "sql/a.sql:1:15: ",
        ),
        (
            "sql/a.sql",
            "-- columns:\n--   - name: x\n--     tests: [not_nul]\nSELECT 1",
            "sql/a.sql:3:13: expected a test: not_null, unique",
        ),
        ("sql/a.sql", "-- Prose.\nSELECT 1 FROM", "sql/a.sql:2:"),
        ("sql/a.sql", "DROP TABLE x", "sql/a.sql: expected a query"),
        (
            "sql/a.sql",
            "SELECT 1; SELECT 2",
            "sql/a.sql:1:11: expected one query",
        ),
        (
            "sql/a.sql",
            "SELECT $1",
            "sql/a.sql: a variable must be written $name",
        ),
        (
            "sql/a.sql",
            "SELECT $as_off",
            "sql/a.sql: $as_off is no variable; did you mean \"as_of\"?",
        ),
        (
            "sql/a.sql",
            "SELECT * FROM source.ordrs",
            "sql/a.sql: source.ordrs is in neither sources.yml nor [sources]; did you mean \"orders\"?",
        ),
        (
            "sql/a.sql",
            "-- optional: [stg_ordrs]\nSELECT 1",
            "optional names \"stg_ordrs\", which is no model; did you mean \"stg_orders\"?",
        ),
        (
            "sql/a.sql",
            "-- optional: [stg_orders]\nSELECT 1",
            "which the query does not read",
        ),
        (
            "sql/a.sql",
            "-- materialized: incremental\nSELECT 1",
            "sql/a.sql: strategy (merge or partitions)",
        ),
        (
            "sql/a.sql",
            "-- materialized: snapshot\n-- key: [id]\nSELECT 1 AS id",
            "sql/a.sql: a snapshot needs a key and as_of",
        ),
        (
            "sql/A b.sql",
            "SELECT 1",
            "sql/A b.sql: a model's name must be",
        ),
        ("sql/a.yml", "tags: [x]", "sql/a.yml has no model beside it"),
        (
            "sql/seeds/a.csv",
            "x\n1\n",
            "sql/seeds/a.csv needs a.yml beside it",
        ),
        (
            "sql/variables.yml",
            "x: {type: int}",
            "variable \"x\": type must be text",
        ),
        (
            "sql/variables.yml",
            "x: {type: bigint, default: many}",
            "sql/variables.yml: variable \"x\" must be bigint, got \"many\"",
        ),
        (
            "sql/variables.yml",
            "x: {type: bigint, query: SELECT $x}\n",
            "",
        ),
    ] {
        if expected.is_empty() {
            let use_it = ("sql/a.sql", "SELECT $x");
            let message = refusal(&[(path, text), use_it]).await;
            assert!(
                message.contains("variable \"x\" is found from itself"),
                "{message}"
            );
            continue;
        }
        let message = refusal(&[(path, text)]).await;
        assert!(message.contains(expected), "{text}: {message}");
        assert!(!message.contains('\n'), "{message}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn circles_are_shown() {
    let message = refusal(&[
        ("sql/a.sql", "SELECT * FROM b"),
        ("sql/b.sql", "WITH a AS (SELECT * FROM c) SELECT * FROM a"),
        ("sql/c.sql", "SELECT * FROM a"),
    ])
    .await;
    assert_eq!(
        message,
        "models read each other in a circle: a reads b reads c reads a"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_models_of_one_name_are_refused() {
    let message = refusal(&[("sql/a/x.sql", "SELECT 1"), ("sql/b/x.sql", "SELECT 2")]).await;
    assert_eq!(
        message,
        "sql/a/x.sql and sql/b/x.sql are two models of one name: rename one of them"
    );
    let message = refusal(&[
        ("sql/x.sql", "-- tags: [a]\nSELECT 1"),
        ("sql/x.yml", "tags: [b]"),
    ])
    .await;
    assert!(
        message.contains("in its header and in sql/x.yml"),
        "{message}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn selections_and_values_that_mean_nothing_are_refused() {
    let folder = project("", &[]);
    let all = read(&folder, &[]).await.unwrap();
    for (term, expected) in [
        (
            "mart_cohort",
            "selection \"mart_cohort\" matches no model; did you mean \"mart_cohorts\"?",
        ),
        ("tag:ordrs", "matches no model; did you mean \"orders\"?"),
        (
            "path:nowhere",
            "selection \"path:nowhere\" matches no model",
        ),
    ] {
        let error = all.select(&selection(&[term])).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
    for (name, value, expected) in [
        (
            "as_off",
            "x",
            "--var: there is no variable \"as_off\"; did you mean \"as_of\"?",
        ),
        (
            "as_of",
            "noon",
            "--var: variable \"as_of\" must be timestamp, got \"noon\"",
        ),
        (
            "funnel",
            "opn",
            "must be one of closed, open, got \"opn\"; did you mean \"open\"?",
        ),
    ] {
        let error = read(&folder, &[(name, value)]).await.unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
    let folder = project("[vars]\nactive_dayz = 3", &[]);
    let error = read(&folder, &[]).await.unwrap_err().to_string();
    assert!(
        error.contains(
            "[vars]: there is no variable \"active_dayz\"; did you mean \"active_days\"?"
        ),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_project_there_are_no_models() {
    let engine = crate::tests::engine().await;
    let error = crate::models::Project::open(&engine, &[].into()).unwrap_err();
    assert!(
        error.to_string().starts_with("there is no project here"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn files_and_values_that_do_not_fit_fail_the_model() {
    let folder = project(
        "[sources.orders]\nlocation = 'nowhere.csv'\n[sources.visits]\nlocation = 'visits.csv'",
        &[
            ("visits.csv", "id\n1\n"),
            (
                "sql/own/bad.sql",
                "-- materialized: table\nSELECT CAST('x' AS INT) AS n FROM source.visits",
            ),
            ("sql/own/twice.sql", "SELECT 1 AS n, 2 AS n"),
            ("sql/seeds/few.csv", "n\nx\n"),
            ("sql/seeds/few.yml", "columns: [{name: n, type: bigint}]"),
        ],
    );
    let terms = ["stg_orders", "bad", "twice", "few"];
    let told = told(&build(&folder, &terms, &[]).await.unwrap());
    for expected in [
        "stg_orders failed: the shipped staging/stg_orders.sql: ",
        "nowhere.csv",
        "bad failed: sql/own/bad.sql: ",
        "twice failed: sql/own/twice.sql: ",
        "few failed: sql/seeds/few.csv: ",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
}
