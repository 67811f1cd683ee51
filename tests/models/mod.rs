//! The shipped models, built and tested by the binary over each project of this folder, beside
//! independent queries in DuckDB.
//!
//! By hand: `python tests/models/compare.py target/debug/cohortql DATA PROJECT`, with what
//! `tests/peers/requirements.txt` names installed.

mod buckets;
mod killed;

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::{named_by, reference_data, root, run};

fn agree(project: &str) {
    asked(project, "tests/models/compare.py");
}

/// The wrong rows that tests count are those that queries in `DuckDB` count.
#[test]
fn tests_count_what_is_wrong() {
    asked("dirty", "tests/models/counts.py");
}

/// Has a script compare what becomes of a project.
fn asked(project: &str, script: &str) {
    let Some(data) = reference_data(project) else {
        return;
    };
    let Some(python) = named_by("COHORTQL_PYTHON", project) else {
        return;
    };
    let mut command = Command::new(python);
    command
        .arg(root().join(script))
        .arg(env!("CARGO_BIN_EXE_cohortql"))
        .arg(data)
        .arg(project);
    run(command);
}

macro_rules! projects {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                agree(stringify!($name));
            }
        )*

        /// A project that no test builds proves nothing.
        #[test]
        fn every_project_has_a_test() {
            let projects = std::fs::read_dir(root().join("tests/models/projects")).unwrap();
            let projects: BTreeSet<String> = projects
                .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
                .collect();
            let tested = [$(stringify!($name)),*].map(str::to_owned);
            assert_eq!(projects, BTreeSet::from(tested));
        }
    };
}

projects! {
    cdnow,
    cdnow_sample,
    clickstream,
    dirty,
    ecom_orders,
    ecom_orders_replicated,
    groceries,
    jaffle_classic,
    nothing,
    one_order,
    online_retail,
    rees46,
}
