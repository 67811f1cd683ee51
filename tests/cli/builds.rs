//! `snapshot`, `retry`, `clean` and `state:modified`: what is done of a project, and done again.

use tempfile::TempDir;

use super::models::{project, results, run, write};

/// A project with a model that fails until its file is mended, one that reads it, and a test.
fn shop() -> TempDir {
    let folder = project();
    write(
        &folder,
        "sql/own/behind.sql",
        "-- materialized: table\n-- columns: [{name: n, tests: [not_null]}]\nSELECT n + $more AS n FROM broken",
    );
    let table = "-- materialized: table\n";
    write(
        &folder,
        "sql/own/broken.sql",
        &format!("{table}SELECT CAST('x' AS INT) AS n"),
    );
    write(
        &folder,
        "sql/own/fine.sql",
        &format!("{table}SELECT 1 AS n"),
    );
    let config = std::fs::read_to_string(folder.path().join("cohortql.toml")).unwrap();
    let config = format!("{config}[vars]\nmore = {{ type = 'bigint', default = 1 }}\n");
    write(&folder, "cohortql.toml", &config);
    folder
}

#[test]
fn what_failed_is_tried_again_and_nothing_else() {
    let folder = shop();
    let none = run(&folder, &["retry"]);
    assert_eq!(none.code, Some(2));
    assert!(
        none.stderr
            .contains("run_results.json: nothing was built yet, or the last build did not come to its end: run, test or build first"),
        "{}",
        none.stderr
    );
    let arguments = ["build", "path:own", "--var", "more=5", "--target", "prod"];
    let failed = run(&folder, &arguments);
    assert_eq!(failed.code, Some(1), "{}", failed.stdout);
    assert!(
        failed
            .stdout
            .contains("skipped: it reads broken, which was not built: behind\n"),
        "{}",
        failed.stdout
    );
    let still = run(&folder, &["retry"]);
    assert_eq!(still.code, Some(1), "{}", still.stdout);
    write(&folder, "sql/own/broken.sql", "SELECT 1 AS n");
    let said = run(&folder, &["retry"]).quiet();
    assert!(!said.contains("fine"), "{said}");
    assert!(
        said.contains("target prod: 2 built, 0 failed, 0 skipped; tests: 1 passed"),
        "{said}"
    );
    let of_prod = [
        "--target",
        "prod",
        "--format",
        "csv",
        "-c",
        "select n from behind",
    ];
    assert_eq!(run(&folder, &of_prod).quiet(), "n\n6\n");
    let last = results(folder.path());
    assert_eq!(
        (&last["command"], &last["vars"]["more"]),
        (&"build".into(), &"5".into())
    );
    assert_eq!(
        run(&folder, &["retry"]).quiet(),
        "nothing has failed in the last build\n"
    );
}

#[test]
fn only_what_was_modified_is_built() {
    let folder = shop();
    write(&folder, "sql/own/broken.sql", "SELECT 1 AS n");
    run(&folder, &["run", "path:own"]).quiet();
    let modified = ["run", "path:own,state:modified+"];
    let said = run(&folder, &modified).quiet();
    assert!(
        said.starts_with("target dev: 0 built, 0 failed, 0 skipped"),
        "{said}"
    );
    write(&folder, "sql/own/broken.sql", "SELECT 2 AS n");
    let listed = run(&folder, &["ls", "path:own,state:modified+"]).quiet();
    assert_eq!(listed, "broken\nbehind\n");
    let prod = run(&folder, &["ls", "path:own,state:new", "--state", "prod"]).quiet();
    assert_eq!(prod, "broken\nbehind\nfine\n");
    let said = run(&folder, &modified).quiet();
    assert!(said.contains("target dev: 2 built, 0 failed"), "{said}");
}

#[test]
fn snapshots_are_taken_by_themselves() {
    let folder = shop();
    let snap = "-- materialized: snapshot\n-- key: [n]\n-- as_of: moment\nSELECT n FROM fine";
    write(&folder, "sql/own/snap_fine.sql", snap);
    let config = std::fs::read_to_string(folder.path().join("cohortql.toml")).unwrap();
    let config = format!("{config}moment = {{ type = 'date', default = 2024-01-01 }}\n");
    write(&folder, "cohortql.toml", &config);
    run(&folder, &["run", "fine"]).quiet();
    let said = run(&folder, &["snapshot", "path:own"]).quiet();
    assert!(said.starts_with("snapshot    snap_fine "), "{said}");
    assert!(
        said.contains("target dev: 1 built, 0 failed, 0 skipped"),
        "{said}"
    );
}

#[test]
fn what_builds_leave_is_removed() {
    let folder = shop();
    run(&folder, &["run", "fine"]).quiet();
    write(&folder, "target/debug/mine", "kept");
    let removed = "removed target/run_results.json\n";
    assert_eq!(run(&folder, &["clean"]).quiet(), removed);
    assert_eq!(run(&folder, &["clean"]).quiet(), "nothing to remove\n");
    assert!(folder.path().join("target/debug/mine").exists());
    std::fs::remove_file(folder.path().join("sql/own/fine.sql")).unwrap();
    let named = run(&folder, &["clean", "--unused"]).quiet();
    assert_eq!(
        named,
        "table fine of target dev is unused: --yes drops it\n"
    );
    assert!(folder.path().join("warehouse/fine").exists());
    let said = run(&folder, &["clean", "--unused", "--yes"]).quiet();
    assert_eq!(said, "dropped fine from target dev\n");
    assert!(!folder.path().join("warehouse/fine").exists());
}
