//! `init`: what a project begins with, and that it builds.

use tempfile::TempDir;

use super::models::{run, write};
use super::{Run, command, finish};

fn init(folder: &TempDir, arguments: &[&str]) -> Run {
    let mut command = command(["init"]);
    command.args(arguments).current_dir(folder.path());
    finish(command.output().unwrap())
}

fn config(folder: &TempDir, path: &str) -> String {
    std::fs::read_to_string(folder.path().join(path).join("cohortql.toml")).unwrap()
}

#[test]
fn a_template_builds_at_once_and_every_test_of_it_passes() {
    let folder = TempDir::new().unwrap();
    let said = init(&folder, &["shop", "--template", "ecommerce"]).quiet();
    assert_eq!(
        said,
        "shop/cohortql.toml begins a project.\n\
         Sources: customers, events, order_items, orders, payments, products.\n\
         Next: cd shop && cohortql build\n"
    );
    let ignored = std::fs::read_to_string(folder.path().join("shop/.gitignore")).unwrap();
    assert_eq!(ignored, "target/\nwarehouse/\n.cohortql/\n");
    let mut build = command(["build"]);
    build.current_dir(folder.path().join("shop"));
    let built = finish(build.output().unwrap()).quiet();
    let last = built.lines().last().unwrap();
    assert!(
        last.contains(" built, 0 failed, 2 skipped; tests: "),
        "{last}"
    );
    assert!(last.contains(" passed, 0 warned, 0 failed, "), "{last}");
    let mut ask = command(["--format", "csv", "-c"]);
    ask.arg(
        "SELECT (SELECT sum(revenue) FROM mart_monthly_revenue) = \
         (SELECT sum(amount) FROM int_orders WHERE is_completed) AS same, \
         (SELECT count(*) FROM mart_monthly_revenue) AS months",
    );
    ask.current_dir(folder.path().join("shop"));
    assert_eq!(
        finish(ask.output().unwrap()).quiet(),
        "same,months\ntrue,6\n"
    );
    // Scores are fifths, to the customer at each bound: whoever scores 4 or 5 is in the best two, and in
    // one of three segments.
    let mut shares = command(["--format", "csv", "-c"]);
    shares.arg(
        "SELECT abs(count(*) FILTER (WHERE recency_score >= 4) * 5 - 2 * count(*)) <= 10 AS fifths, \
         count(*) FILTER (WHERE recency_score >= 4) = count(*) FILTER (WHERE segment IN \
         ('Champions', 'Loyal Customers', 'Recent Customers')) AS same, count(*) > 1000 AS many \
         FROM dim_user_rfm",
    );
    shares.current_dir(folder.path().join("shop"));
    assert_eq!(
        finish(shares.output().unwrap()).quiet(),
        "fifths,same,many\ntrue,true,true\n"
    );
}

#[test]
fn files_of_data_become_sources() {
    let folder = TempDir::new().unwrap();
    write(
        &folder,
        "data/orders.csv",
        "ID,customer_id,created_at,Amount\n1,7,2024-01-01,5\n",
    );
    write(
        &folder,
        "data/events/a.csv",
        "event_time,event_type,user_id\n2024-01-01,view,7\n",
    );
    write(&folder, "data/unknown.csv", "a\n1\n");
    let said = init(&folder, &["--name", "a \"shop\""]).quiet();
    assert_eq!(
        said,
        "./cohortql.toml begins a project.\n\
         Sources: events, orders.\n\
         data/orders.csv has no column order_id, ordered_at: say below [sources.orders.columns] \
         what they are.\n\
         Next: cohortql build\n"
    );
    let text = config(&folder, "");
    assert!(text.contains("name = 'a \"shop\"'\n"), "{text}");
    assert!(
        text.contains("[sources.events]\nlocation = \"data/events/\"\n"),
        "{text}"
    );
    assert!(text.contains("there are also ID, created_at.\n"), "{text}");
    assert!(
        text.contains("# order_id = \"\"  # identifies the order (needed)\n"),
        "{text}"
    );
    assert!(!text.contains("customer_id = "), "{text}");
    // It is a project as it stands, and one that builds once the columns are named.
    run(&folder, &["ls"]).quiet();
    let named = text
        .replace("# order_id = \"\"", "order_id = \"ID\"")
        .replace("# ordered_at = \"\"", "ordered_at = \"created_at\"");
    write(&folder, "cohortql.toml", &named);
    let built = run(&folder, &["build", "+int_orders"]).quiet();
    assert!(built.contains("2 built, 0 failed"), "{built}");
}

#[test]
fn nothing_that_is_there_is_written_over() {
    let folder = TempDir::new().unwrap();
    write(&folder, ".gitignore", "mine\n");
    let said = init(&folder, &[]).quiet();
    assert!(said.contains("No files were found in data/"), "{said}");
    assert!(config(&folder, "").contains("# [sources.orders]\n"));
    let ignored = std::fs::read_to_string(folder.path().join(".gitignore")).unwrap();
    assert_eq!(ignored, "mine\n");
    let again = init(&folder, &["--template", "ecommerce"]).failed();
    assert!(
        again.contains("there is a project already: ./cohortql.toml"),
        "{again}"
    );
    write(&folder, "other/data/x.csv", "a\n1\n");
    let taken = init(&folder, &["other", "--template", "ecommerce"]).failed();
    assert!(
        taken.contains("the template makes other/data/, which is there already"),
        "{taken}"
    );
    assert!(!folder.path().join("other/cohortql.toml").exists());
}
