//! What each kind of test finds: right and wrong rows, NULL, nothing, names and types of all sorts.

use super::{build_and_test, project, read, test, tested};
use crate::tests::cells;

/// A project with one table of one model, with these checks.
fn table(rows: &str, columns: &str, tests: &str) -> tempfile::TempDir {
    let header = format!(
        "-- materialized: table\n-- columns:\n{columns}-- tests:\n{tests}SELECT * FROM ({rows})"
    );
    project("", &[("sql/own/t.sql", &header)])
}

fn column(name: &str, tests: &str) -> String {
    format!("--   - name: {name}\n--     tests: {tests}\n")
}

async fn told(rows: &str, columns: &str, tests: &str) -> String {
    let folder = table(rows, columns, tests);
    tested(&build_and_test(&folder, &["t"]).await.tests)
}

/// A model without rows of its own tests.
const NO_TESTS: &str = "--   - expression: {sql: true, name: holds}\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_row_is_right_or_wrong_by_itself() {
    let rows = "VALUES (1, 'new', CAST(0.5 AS DECIMAL(5, 2)), DATE '2024-02-29'), \
                (2, NULL, CAST(1.01 AS DECIMAL(5, 2)), NULL), \
                (NULL, 'old', CAST(-0.01 AS DECIMAL(5, 2)), DATE '2024-03-01')) AS v(a, b, c, d";
    let columns = column("a", "[not_null, non_negative, {range: {max: 1}}]")
        + &column("b", "[{accepted_values: {values: [new, gone]}}]")
        + &column("c", "[non_negative, {range: {min: -0.005, max: 1.005}}]")
        + &column("d", "[{range: {min: 2024-02-29, max: 2024-02-29}}]");
    assert_eq!(
        told(rows, &columns, NO_TESTS).await,
        "not_null_t_a failed 1: 1 row has no \"a\": see failures.not_null_t_a\n\
         non_negative_t_a passed\n\
         range_t_a failed 1: 1 row has a \"a\" out of range: see failures.range_t_a\n\
         accepted_values_t_b failed 1: 1 row has another \"b\": see failures.accepted_values_t_b\n\
         non_negative_t_c failed 1: 1 row has a \"c\" below 0: see failures.non_negative_t_c\n\
         range_t_c failed 2: 2 rows have a \"c\" out of range: see failures.range_t_c\n\
         range_t_d failed 1: 1 row has a \"d\" out of range: see failures.range_t_d\n\
         holds passed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn moments_texts_flags_and_variables_bound_a_range() {
    let rows = "VALUES (TIMESTAMP '2024-01-01 10:00:00', 'b', true), \
                (TIMESTAMP '2024-01-01 12:00:00', 'c', false)) AS v(at, word, flag";
    let columns = column(
        "at",
        "[{range: {max: \"2024-01-01 11:00:00\"}}, {range: {max: $as_of}}]",
    ) + &column("word", "[{range: {min: b, max: bz}}]")
        + &column("flag", "[{accepted_values: {values: [true]}}]");
    let folder = table(rows, &columns, NO_TESTS);
    let vars = [("as_of", "2024-01-01 12:00:00")];
    let options = crate::models::BuildOptions::default();
    let built = super::build_and_test_with(&folder, &["t"], &vars, options).await;
    let lines = tested(&built.tests);
    let failed: Vec<_> = lines
        .lines()
        .filter(|line| line.contains("failed"))
        .map(|line| line.split(':').next().unwrap())
        .collect();
    assert_eq!(
        failed,
        [
            "range_t_at failed 1",
            "range_t_word failed 1",
            "accepted_values_t_flag failed 1"
        ],
        "{lines}"
    );
    assert!(lines.contains("range_t_at_2 passed"), "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_there_once() {
    let rows = "VALUES (1, 1), (1, 2), (2, 2), (NULL, 2), (NULL, 2), (NULL, NULL), (NULL, NULL)) \
                AS v(a, b";
    let tests = "--   - unique: {columns: [a, b]}\n\
                 --   - unique: {columns: [a, b], where: a IS NOT NULL, name: known}\n";
    assert_eq!(
        told(rows, &column("a", "[unique]"), tests).await,
        "unique_t_a failed 1: 1 value of a is there more than once: see failures.unique_t_a\n\
         unique_t_a_b failed 1: 1 value of a, b is there more than once: see failures.unique_t_a_b\n\
         known passed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn values_refer_to_those_of_another_relation() {
    let folder = project(
        "[sources.orders]\nlocation = 'orders.csv'",
        &[
            (
                "orders.csv",
                "order_id,ordered_at\n1,2024-01-01\n2,2024-01-02\n",
            ),
            (
                "sql/own/people.sql",
                "SELECT * FROM (VALUES (1), (NULL)) AS v(id)",
            ),
            (
                "sql/own/visits.sql",
                "-- columns:\n--   - name: who\n--     tests:\n\
                 --       - relationships: {to: people, column: id}\n\
                 --       - relationships: {to: source.orders, column: order_id}\n\
                 --   - name: friend\n\
                 --     tests: [{relationships: {to: visits, column: who}}]\n\
                 SELECT * FROM (VALUES (1, 2), (3, NULL), (NULL, 1), (2, 4)) AS v(who, friend)",
            ),
        ],
    );
    let told = tested(&build_and_test(&folder, &["path:own"]).await.tests);
    assert_eq!(
        told,
        "relationships_visits_who failed 2: 2 rows have a \"who\" that people has not: see \
         failures.relationships_visits_who\n\
         relationships_visits_who_2 failed 1: 1 row has a \"who\" that source.orders has not: see \
         failures.relationships_visits_who_2\n\
         relationships_visits_friend failed 1: 1 row has a \"friend\" that visits has not: see \
         failures.relationships_visits_friend"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_as_many_as_elsewhere() {
    let folder = project(
        "",
        &[
            ("sql/own/few.sql", "SELECT * FROM (VALUES (1), (2)) AS v(n)"),
            (
                "sql/own/many.sql",
                "-- tests:\n--   - row_count: {of: few}\n\
                 --   - row_count: {of: few, at: at_most, warn_above: 0, error_above: 1, name: about}\n\
                 --   - row_count: {of: few, where: n < 3, name: low}\n\
                 SELECT * FROM (VALUES (1), (2), (3)) AS v(n)",
            ),
        ],
    );
    assert_eq!(
        tested(&build_and_test(&folder, &["path:own"]).await.tests),
        "row_count_many_few failed 1: 3 rows, expected 2, as few has\n\
         about warned 1: 3 rows, expected at most 2, as few has\n\
         low passed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_hold_or_are_unknown() {
    let rows = "VALUES (1, 2), (3, 2), (NULL, 1)) AS v(a, b";
    let tests = "--   - expression: {sql: a <= b -- or less}\n\
                 --   - expression: {sql: \"a IN (SELECT 1 UNION SELECT 3)\", name: known}\n\
                 --   - expression: {sql: t.a + $active_days > 30, severity: warn, name: large}\n";
    assert_eq!(
        told(rows, &column("a", "[{expression: {sql: a <> 3}}]"), tests).await,
        "expression_t_a failed 1: a <> 3 does not hold in 1 row: see failures.expression_t_a\n\
         expression_t failed 1: a <= b does not hold in 1 row: see failures.expression_t\n\
         known passed\n\
         large passed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_wrong_with_nothing() {
    let rows = "SELECT 1 AS a, 'x' AS b WHERE false";
    let columns = column("a", "[not_null, unique, non_negative, {range: {min: 1}}]")
        + &column("b", "[{accepted_values: {values: [y], error_above: 0.5}}]");
    let tests = "--   - anomaly: {of: SUM(a)}\n--   - expression: {sql: a > 1}\n";
    let lines = told(rows, &columns, tests).await;
    for line in lines.lines() {
        assert!(line.contains(" passed"), "{lines}");
    }
    assert!(
        lines.contains("anomaly_t_sum_a passed 0: not judged: it is NULL"),
        "{lines}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn names_may_need_quotes() {
    let columns = column("'Größe \"x\"'", "[not_null, unique, {range: {min: 2}}]")
        + &column("select", "[not_null]");
    let text = format!(
        "-- columns:\n{columns}SELECT 1 AS \"Größe \"\"x\"\"\", CAST(NULL AS INT) AS \"select\""
    );
    let folder = project("[tests]\nkeep_rows = 0", &[("sql/own/t.sql", &text)]);
    assert_eq!(
        tested(&build_and_test(&folder, &["t"]).await.tests),
        "not_null_t_gr_e_x passed\n\
         range_t_gr_e_x failed 1: 1 row has a \"Größe \\\"x\\\"\" out of range\n\
         not_null_t_select failed 1: 1 row has no \"select\"\n\
         unique_t_gr_e_x passed"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn limits_allow_some_rows_and_conditions_leave_some_out() {
    let rows = "SELECT CASE WHEN value < 3 THEN NULL ELSE value END AS n, value % 2 = 0 AS even \
                FROM range(0, 100)";
    let tests = "[not_null, {not_null: {warn_above: 2, error_above: 3}}, \
                  {not_null: {error_above: 0.03}}, {not_null: {error_above: 0.02}}, \
                  {not_null: {error_above: 0.02, where: NOT even}}, \
                  {not_null: {where: NOT even, severity: warn}}]";
    let lines = told(rows, &column("n", tests), NO_TESTS).await;
    let words: Vec<_> = lines
        .lines()
        .map(|line| {
            line.split([' ', ':'])
                .skip(1)
                .take(2)
                .collect::<Vec<_>>()
                .join(" ")
        })
        .collect();
    assert_eq!(
        words,
        [
            "failed 3", "warned 3", "passed 3", "failed 3", "passed 1", "warned 1", "passed"
        ],
        "{lines}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_tested_is_named_and_keeps_no_other_from_it() {
    let rows = "SELECT 1 AS amount, 'x' AS word";
    let columns = column("amont", "[not_null]")
        + &column("word", "[non_negative, not_null]")
        + &column(
            "amount",
            "[{range: {min: soon}}, {expression: {sql: amount / (amount - 1) > 0}}]",
        );
    let lines = told(rows, &columns, "--   - expression: {sql: wrd = 'x'}\n").await;
    let found: Vec<&str> = lines.lines().collect();
    for (line, expected) in found.iter().zip([
        "not_null_t_amont error: sql/own/t.sql: column \"amont\": there is no column \"amont\"; did \
         you mean \"amount\"?",
        "non_negative_t_word error: sql/own/t.sql: column \"word\": expected a column of numbers",
        "not_null_t_word passed",
        "range_t_amount error: sql/own/t.sql: column \"amount\": expected a value of the type",
        "expression_t_amount error: sql/own/t.sql: column \"amount\": ",
        "expression_t error: sql/own/t.sql: column \"wrd\"",
    ]) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
    }
    assert_eq!(found.len(), 6, "{lines}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_query_gives_the_rows_that_are_wrong() {
    let folder = project(
        "",
        &[
            (
                "sql/own/t.sql",
                "SELECT * FROM (VALUES (1), (2), (3)) AS v(n)",
            ),
            (
                "sql/tests/none_is_high.sql",
                "SELECT * FROM t WHERE n > $least; -- high",
            ),
            (
                "sql/tests/hardly_any_is_high.sql",
                "-- Some are.\n--\n-- warn_above: 0\n-- error_above: 1\n-- tags: [mine]\n\
                 SELECT n, n AS again FROM t WHERE n > 2",
            ),
            ("sql/variables.yml", "least: {type: bigint, default: 1}"),
        ],
    );
    let built = build_and_test(&folder, &["t"]).await;
    assert_eq!(
        tested(&built.tests),
        "hardly_any_is_high warned 1: 1 row is wrong: see failures.hardly_any_is_high\n\
         none_is_high failed 2: 2 rows are wrong: see failures.none_is_high"
    );
    let outcomes = test(&folder, &["tag:mine"]).await;
    assert_eq!(outcomes.len(), 1);
    let engine = super::open(&folder).await.unwrap();
    let rows = "SELECT n FROM failures.none_is_high ORDER BY n";
    assert_eq!(cells(engine.default_session(), rows).await, "2\n3");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_makes_no_sense_is_refused() {
    for (columns, tests, expected) in [
        (
            column("a", "[nul]"),
            "",
            "sql/own/t.sql:4:13: expected a test: not_null, unique",
        ),
        (
            column("a", "[{range: {mim: 0}}]"),
            "",
            "unknown field `mim`",
        ),
        (
            column("a", "[{range: {}}]"),
            "",
            "column \"a\": range needs min, max or both",
        ),
        (
            column("a", "[{not_null: {min: 1}}]"),
            "",
            "column \"a\": not_null takes no min",
        ),
        (
            column("a", "[{not_null: {name: A b}}]"),
            "",
            "name must be lower-case letters",
        ),
        (
            column("a", "[{relationships: {to: stg_ordrs, column: x}}]"),
            "",
            "there is no model \"stg_ordrs\"; did you mean \"stg_orders\"?",
        ),
        (
            column("a", "[{not_null: {severity: warn, error_above: 1}}]"),
            "",
            "severity: warn and error_above exclude each other",
        ),
        (
            column("a", "[{accepted_values: {values: [null]}}]"),
            "",
            "not NULL",
        ),
        (
            column("a", "[{range: {max: $as_off}}]"),
            "",
            "$as_off is no variable; did you mean",
        ),
        (
            column("a", "[row_count]"),
            "",
            "row_count is a test of all rows together",
        ),
        (
            String::new(),
            "--   - not_null\n",
            "not_null is a test of a column",
        ),
        (String::new(), "--   - unique\n", "unique needs columns"),
        (
            String::new(),
            "--   - expression: {sql: a <}\n",
            "\"a <\" is no expression",
        ),
        (
            String::new(),
            "--   - expression: {sql: a = 1) OR (true}\n",
            "is no expression",
        ),
        (
            String::new(),
            "--   - row_count: {of: source.ordrs}\n",
            "did you mean \"orders\"?",
        ),
        (
            String::new(),
            "--   - row_count: {of: stg_orders, at: least}\n",
            "at must be equal or at_most, got \"least\"",
        ),
    ] {
        let columns = if columns.is_empty() {
            column("a", "[]")
        } else {
            columns
        };
        let tests = if tests.is_empty() { NO_TESTS } else { tests };
        let folder = table("SELECT 1 AS a", &columns, tests);
        let error = read(&folder, &[]).await.unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\n{expected}");
        assert!(
            error.starts_with("sql/own/t.sql") && !error.contains('\n'),
            "{error}"
        );
    }
    let folder = project("", &[("sql/a.sql", "-- severity: warn\nSELECT 1 AS n")]);
    let error = read(&folder, &[]).await.unwrap_err().to_string();
    assert!(
        error.contains("are for the queries of sql/tests/"),
        "{error}"
    );
}
