//! `run`, `test`, `build`, `ls` and `compile`: what they say, write and end with.

use std::path::Path;
use std::process::Stdio;

use tempfile::TempDir;

use super::server::Server;
use super::{Run, command, finish};

const CONFIG: &str = "[project]\nname = 'shop'\n\
                      [sources.orders]\nlocation = 'orders.csv'\n\
                      [sources.orders.columns]\nordered_at = 'day'\n\
                      [targets.prod]\nwarehouse = 'prod'\n\
                      [models]\nselect = ['+int_orders', 'fct_events']\n";
const ORDERS: &str =
    "order_id,customer_id,day,status,amount\n1,7,2024-01-01,paid,5\n2,7,2024-02-01,closed,6\n";

pub(super) fn project() -> TempDir {
    let folder = TempDir::new().unwrap();
    write(&folder, "cohortql.toml", CONFIG);
    write(&folder, "orders.csv", ORDERS);
    folder
}

pub(super) fn write(folder: &TempDir, path: &str, text: &str) {
    let path = folder.path().join(path);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

pub(super) fn run(folder: &TempDir, arguments: &[&str]) -> Run {
    let mut command = command(arguments);
    command.arg("--project").arg(folder.path());
    finish(command.stdin(Stdio::null()).output().unwrap())
}

pub(super) fn results(folder: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(folder.join("target/run_results.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_run_builds_says_and_writes_what_it_did() {
    let folder = project();
    let said = run(&folder, &["run"]).quiet();
    let mut lines = said.lines();
    assert!(
        lines.next().unwrap().starts_with("view        stg_orders "),
        "{said}"
    );
    let orders = lines.next().unwrap();
    assert!(orders.starts_with("incremental int_orders "), "{said}");
    assert!(orders.contains(" 2 rows "), "{said}");
    assert!(
        said.contains("skipped: source \"events\" is not in [sources]: fct_events\n"),
        "{said}"
    );
    let last = said.lines().last().unwrap();
    assert!(
        last.starts_with("target dev: 2 built, 0 failed, ") && last.contains(" skipped in "),
        "{said}"
    );
    let results = results(folder.path());
    assert_eq!(results["target"], "dev");
    let found = results["results"].as_array().unwrap();
    let of = |model: &str| {
        found
            .iter()
            .find(|result| result["model"] == model)
            .unwrap()
    };
    assert_eq!(of("int_orders")["status"], "built");
    assert_eq!(of("int_orders")["rows"], 2);
    assert_eq!(
        of("fct_events")["message"],
        "source \"events\" is not in [sources]"
    );
    let csv = ["--format", "csv", "-c"];
    let ask = [
        &csv[..],
        &["select order_id, order_status from int_orders order by 1"],
    ]
    .concat();
    assert_eq!(
        run(&folder, &ask).quiet(),
        "order_id,order_status\n1,Other\n2,Cancelled\n"
    );
}

#[test]
fn a_failure_is_told_from_a_mistake() {
    let folder = project();
    write(&folder, "sql/broken.sql", "SELECT nothing FROM stg_orders");
    let failed = run(&folder, &["run", "+broken"]);
    assert_eq!(failed.code, Some(1), "{}", failed.stderr);
    assert!(
        failed
            .stdout
            .contains("failed      broken: sql/broken.sql: column \"nothing\""),
        "{}",
        failed.stdout
    );
    assert_eq!(failed.stderr, "error: 1 of 2 models failed\n");
    assert_eq!(results(folder.path())["results"][1]["status"], "failed");
    for (arguments, expected) in [
        (
            &["run", "mart_cohort"][..],
            "error: selection \"mart_cohort\" matches no model; did you mean \"mart_cohorts\"?\n",
        ),
        (
            &["run", "--target", "prd"],
            "project.target: expected a target of [targets], got \"prd\"; did you mean \"prod\"?\n",
        ),
        (
            &["ls", "--var", "as_off=1"],
            "error: --var: there is no variable \"as_off\"; did you mean \"as_of\"?\n",
        ),
        (
            &["ls", "--var", "as_of"],
            "expected NAME=VALUE, got \"as_of\"",
        ),
    ] {
        let refused = run(&folder, arguments);
        assert_eq!(refused.code, Some(2), "{}", refused.stderr);
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
    }
    let nowhere = TempDir::new().unwrap();
    let refused = run(&nowhere, &["run"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused
            .stderr
            .starts_with("error: there is no project here"),
        "{}",
        refused.stderr
    );
}

#[test]
fn models_are_listed_and_shown_with_their_values() {
    let folder = project();
    assert_eq!(
        run(&folder, &["ls", "1+int_orders", "--exclude", "*_payments"]).quiet(),
        "stg_orders\nint_order_item_totals\nint_orders\n"
    );
    let long = run(&folder, &["ls", "--long", "int_order_item_totals"]).quiet();
    assert_eq!(
        long,
        "int_order_item_totals  view         intermediate/int_order_item_totals.sql  reads \
         stg_order_items\n"
    );
    let shown = run(
        &folder,
        &["compile", "stg_orders", "--var", "order_rows=lines"],
    )
    .quiet();
    assert!(
        shown.starts_with(
            "-- stg_orders (view), staging/stg_orders.sql\n-- reads: source.orders\n\
             -- $order_rows = 'lines'\nWITH"
        ),
        "{shown}"
    );
    assert!(shown.contains("CASE 'lines'"), "{shown}");
    let shown = run(&folder, &["compile", "int_customer_rfm"]).quiet();
    assert!(
        shown.contains("-- $orders_as_of = SELECT coalesce(arrow_cast(NULL, "),
        "{shown}"
    );
}

#[test]
fn a_server_shows_what_is_built_while_it_runs() {
    let folder = project();
    let project = folder.path().to_str().unwrap();
    let server = Server::start(&["serve", "--listen", "127.0.0.1:0", "--project", project]);
    let ask = |sql: &str| {
        let arguments = ["--connect", &server.url, "--format", "csv", "-c", sql];
        finish(command(arguments).stdin(Stdio::null()).output().unwrap())
    };
    let count = "select count(*) as orders from int_orders";
    assert!(ask(count).failed().contains("int_orders"));
    run(&folder, &["run"]).quiet();
    assert_eq!(ask(count).quiet(), "orders\n2\n");
    write(
        &folder,
        "orders.csv",
        &format!("{ORDERS}3,8,2024-03-01,,7\n"),
    );
    run(&folder, &["run"]).quiet();
    assert_eq!(ask(count).quiet(), "orders\n3\n");
}

#[test]
fn tests_say_what_they_found_and_end_with_it() {
    let folder = project();
    let own = "-- columns:\n--   - name: n\n--     tests: [not_null, {range: {max: 1, severity: warn}}, \
               {range: {max: 2}}]\nSELECT * FROM (VALUES (1), (2)) AS v(n)";
    write(&folder, "sql/numbers.sql", own);
    write(&folder, "sql/doubled.sql", "SELECT 2 * n AS n FROM numbers");
    let said = run(&folder, &["build", "numbers+"]).quiet();
    let lines: Vec<&str> = said.lines().collect();
    assert!(lines[0].starts_with("view        numbers "), "{said}");
    assert!(
        lines[1].starts_with("WARN        range_numbers_n ")
            && lines[1].contains(" 1 wrong ")
            && lines[1].ends_with("  1 row has a \"n\" out of range: see failures.range_numbers_n"),
        "{said}"
    );
    assert!(lines[2].starts_with("view        doubled "), "{said}");
    assert!(
        lines[3].starts_with(
            "target dev: 2 built, 0 failed, 0 skipped; tests: 2 passed, 1 warned, 0 failed, 0 \
             skipped in "
        ),
        "{said}"
    );
    let results = results(folder.path());
    let found = &results["tests"][1];
    assert_eq!(
        (&found["test"], &found["status"]),
        (&"range_numbers_n".into(), &"warned".into())
    );
    assert_eq!(
        (&found["failures"], &found["model"]),
        (&1.into(), &"numbers".into())
    );

    write(&folder, "sql/numbers.sql", &own.replace("(2))", "(3))"));
    let failed = run(&folder, &["build", "numbers+"]);
    assert_eq!(failed.code, Some(1), "{}", failed.stderr);
    assert_eq!(failed.stderr, "error: 1 of 3 tests failed\n");
    assert!(
        failed.stdout.contains("FAIL        range_numbers_n_2 "),
        "{}",
        failed.stdout
    );
    assert!(
        failed
            .stdout
            .contains("skipped: it reads numbers, whose test range_numbers_n_2 failed: doubled\n"),
        "{}",
        failed.stdout
    );
    let tested = run(&folder, &["test", "not_null_numbers_n"]).quiet();
    assert!(
        tested.contains("\ntarget dev: 1 passed, 0 warned, 0 failed, 0 skipped in "),
        "{tested}"
    );
    let ask = [
        "--format",
        "csv",
        "-c",
        "select n from failures.range_numbers_n_2",
    ];
    assert_eq!(run(&folder, &ask).quiet(), "n\n3\n");
    let missing = run(&folder, &["test", "not_null_int_orders_order_id"]);
    assert_eq!(missing.code, Some(1));
    assert!(
        missing.stdout.starts_with(
            "ERROR       not_null_int_orders_order_id: the shipped intermediate/int_orders.sql: \
             column \"order_id\": it reads \"int_orders\", which is not built yet: build \
             +not_null_int_orders_order_id to have it too\n"
        ),
        "{}",
        missing.stdout
    );
    let refused = run(&folder, &["test", "not_null_int_orders_order_idd"]);
    assert_eq!(refused.code, Some(2));
    assert!(
        refused
            .stderr
            .contains("matches no model or test; did you mean"),
        "{}",
        refused.stderr
    );
}
