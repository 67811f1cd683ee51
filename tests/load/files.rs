//! Files, from the command line.

use super::{Project, adds_up, number};
use crate::support::S3Server;

#[test]
fn what_became_of_the_rows_is_said() {
    let project = Project::new();
    project.file("a.csv", "id,amount\n1,1.50\n2,x\n");
    let columns = ["--columns", "id BIGINT, amount DECIMAL(9,2)"];
    let said = project.load(&["a.csv", "--into", "orders", columns[0], columns[1]]);
    let (first, second) = said.split_once('\n').unwrap();
    assert_eq!(first, "public.orders: 2 read = 1 inserted + 1 quarantined");
    assert!(
        second.starts_with("public.orders_quarantine says why rows do not fit"),
        "{second}"
    );
    let again = project.load(&["a.csv", "--into", "orders", columns[0], columns[1]]);
    assert!(
        again.contains("nothing to do, these rows were loaded before"),
        "{again}"
    );
    project.file("b.csv", "id,amount\n1,2\n3,4\n");
    let merge = [
        "b.csv", "--into", "orders", "--mode", "merge", "--key", "id",
    ];
    let said = project.load(&merge);
    assert_eq!(
        said,
        "public.orders: 2 read = 1 inserted + 1 updated + 0 quarantined\n"
    );
    let outcome = project.outcome(&merge);
    adds_up(&outcome);
    assert_eq!(
        (number(&outcome, "unchanged"), &outcome["mode"]),
        (2, &"merge".into())
    );
    assert_eq!(
        project.rows("SELECT * FROM orders ORDER BY id"),
        "1,2.00\n3,4.00"
    );
}

#[test]
fn arguments_that_make_no_sense_are_refused() {
    let project = Project::new();
    project.file("a.csv", "id\n1\n");
    for (arguments, expected) in [
        (
            &["a.csv", "--into", "t", "--mode", "merge"][..],
            "--mode merge needs --key",
        ),
        (
            &["a.csv", "--into", "t", "--key", "id"],
            "--key is for --mode merge",
        ),
        (
            &["a.csv", "--into", "t", "--query", "SELECT 1"],
            "are for databases",
        ),
        (
            &["postgres://a@b/c", "--into", "t"],
            "needs --table SCHEMA.NAME or --query",
        ),
        (
            &["none.csv", "--into", "t"],
            "does not exist; did you mean \"a.csv\"?",
        ),
    ] {
        let error = project.refusal(arguments);
        assert!(error.contains(expected), "{error}");
    }
    let output = project.command(["load", "a.csv", "--into", "t", "--max-quarantined", "x"]);
    let output = { output }.output().unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(
        error.contains("expected a number of rows or a share"),
        "{error}"
    );
}

#[test]
fn a_table_that_hides_deleted_rows_is_loaded_as_well() {
    let project = Project::new();
    let full = |file: &str| {
        [
            "load",
            file,
            "--into",
            "people",
            "--mode",
            "merge",
            "--key",
            "id",
            "--soft-delete",
        ]
        .map(str::to_owned)
    };
    project.file("a.csv", "id\n1\n2\n");
    super::said(&project.command(full("a.csv")).output().unwrap());
    let config = "[tables.shown]\nlocation = \"tables/public/people\"\n\
                  soft_delete_column = \"_deleted\"\n";
    project.file("cohortql.toml", config);
    project.file("b.csv", "id\n1\n");
    super::said(&project.command(full("b.csv")).output().unwrap());
    assert_eq!(project.rows("SELECT * FROM shown"), "1");
    let mut through = full("a.csv");
    "shown".clone_into(&mut through[3]);
    super::said(&project.command(through).output().unwrap());
    assert_eq!(project.rows("SELECT * FROM shown ORDER BY id"), "1\n2");
}

#[tokio::test(flavor = "multi_thread")]
async fn buckets_are_loaded_from_and_into() {
    let project = Project::new();
    std::fs::create_dir_all(project.path("buckets/shop")).unwrap();
    let server = S3Server::start(&project.path("buckets"), &project.path("")).await;
    project.file("cohortql.toml", &server.config("shop"));
    project.file("buckets/shop/a.csv", "id\n1\nx\n");
    project.file("buckets/shop/b.csv", "id\n2\n");
    let loading = move || {
        let into = [
            "--into",
            "orders",
            "--location",
            "s3://shop/warehouse/orders",
        ];
        let load = |source: &str, more: &[&str]| {
            let all: Vec<_> = [source].iter().chain(&into).chain(more).copied().collect();
            let outcome = project.outcome(&all);
            adds_up(&outcome);
            number(&outcome, "inserted")
        };
        assert_eq!(load("s3://shop/a.csv", &["--columns", "id BIGINT"]), 1);
        assert_eq!(
            load("s3://shop/*.csv", &["--mode", "merge", "--key", "id"]),
            1
        );
        let all = project.rows("SELECT id FROM orders ORDER BY id");
        (
            all,
            project.rows("SELECT DISTINCT source FROM orders_quarantine"),
        )
    };
    let (all, sources) = tokio::task::spawn_blocking(loading).await.unwrap();
    assert_eq!(
        (all.as_str(), sources.as_str()),
        ("1\n2", "s3://shop/a.csv")
    );
}
