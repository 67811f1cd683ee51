//! The functions beside other programs that compute the same: each test runs a script of this
//! folder, which asks both the same questions of random data and compares every answer.
//!
//! By hand: `python tests/peers/NAME.py target/debug/cohortql`, with what
//! `tests/peers/requirements.txt` names installed.

use std::process::Command;

use crate::support::{named_by, root, run};

fn agree(name: &str) {
    let Some(python) = named_by("COHORTQL_PYTHON", name) else {
        return;
    };
    let mut command = Command::new(python);
    command
        .arg(root().join("tests/peers").join(name).with_extension("py"))
        .arg(env!("CARGO_BIN_EXE_cohortql"));
    run(command);
}

macro_rules! peers {
    ($($name:ident: $with:literal),* $(,)?) => {
        $(
            #[doc = $with]
            #[test]
            fn $name() {
                agree(stringify!($name));
            }
        )*

        /// A script that no test runs proves nothing.
        #[test]
        fn every_script_has_a_test() {
            let scripts = std::fs::read_dir(root().join("tests/peers")).unwrap();
            let paths = scripts.map(|entry| entry.unwrap().path());
            let mut scripts: Vec<String> = paths
                .filter(|path| path.extension().is_some_and(|extension| extension == "py"))
                .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
                .collect();
            scripts.sort();
            assert_eq!(scripts, [$(stringify!($name)),*]);
        }
    };
}

peers! {
    baskets: "mlxtend",
    cohorts: "ClickHouse, DuckDB and numpy",
    experiments: "scipy and statsmodels",
    funnels: "ClickHouse",
    lifetime: "lifetimes",
    sequences: "ClickHouse",
    sessions: "DuckDB and pandas",
    survival: "lifelines",
}
