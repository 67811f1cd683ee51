//! The shipped models, built by the binary over each project of this folder, beside independent
//! queries in DuckDB.
//!
//! By hand: `python tests/models/compare.py target/debug/cohortql DATA PROJECT`, with what
//! `tests/peers/requirements.txt` names installed.

mod buckets;

use std::collections::BTreeSet;
use std::process::Command;

use crate::support::{pass_over, reference_data, root};

fn agree(project: &str) {
    let Some(data) = reference_data(project) else {
        return;
    };
    let python = std::env::var_os("COHORTQL_PYTHON").filter(|python| !python.is_empty());
    let Some(python) = python else {
        pass_over(project, "COHORTQL_PYTHON is not set");
        return;
    };
    let output = Command::new(python)
        .arg(root().join("tests/models/compare.py"))
        .arg(env!("CARGO_BIN_EXE_cohortql"))
        .arg(data)
        .arg(project)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{project}: {}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
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
