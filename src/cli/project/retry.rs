//! `cohortql retry`: what has failed in the last build, once more.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::{fs, io};

use clap::Args;
use cohortql_engine::EngineError;
use cohortql_engine::models::BuildOptions;
use serde::Deserialize;

use super::build::{Asked, carry_out};
use super::{Models, results};
use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::{open, print};

/// How it is tried again.
#[derive(Debug, Args)]
pub(crate) struct Retry {
    /// Try nothing further after a model or a test has failed
    #[arg(long)]
    fail_fast: bool,
}

/// What `run_results.json` has of the last build.
#[derive(Debug, Deserialize)]
struct Last {
    target: String,
    command: String,
    vars: BTreeMap<String, String>,
    full_refresh: bool,
    results: Vec<LastModel>,
    tests: Vec<LastTest>,
}

#[derive(Debug, Deserialize)]
struct LastModel {
    model: String,
    status: String,
}

#[derive(Debug, Deserialize)]
struct LastTest {
    test: String,
    status: String,
}

/// Builds the models and runs the tests that failed or were skipped, for the same target and with the
/// same values of variables.
pub(crate) fn retry(retry: &Retry, settings: &Settings) -> Result<(), CliError> {
    open::runtime()?.block_on(async {
        let (_engine, project) = Models::default().open(settings).await?;
        let last = read(project.folder())?;
        let models = Models {
            vars: last.vars.clone().into_iter().collect(),
            ..Models::default()
        };
        let settings = Settings {
            // Whatever is the target otherwise: these have failed in this one.
            target: Some(last.target.clone()),
            ..settings.clone()
        };
        let (_engine, project) = models.open(&settings).await?;
        let left = last.left();
        let mut models = project.models();
        models.retain(|model| left.contains(model.name.as_str()));
        let mut tests: Vec<_> = project.tests().iter().collect();
        tests.retain(|test| left.contains(test.name.as_str()));
        if models.is_empty() && tests.is_empty() {
            return print(b"nothing has failed in the last build\n");
        }
        let asked = Asked {
            command: command(&last.command),
            options: BuildOptions {
                full_refresh: last.full_refresh,
                fail_fast: retry.fail_fast,
            },
            vars: last.vars,
        };
        carry_out(&project, &models, &tests, asked).await
    })
}

impl Last {
    /// The names of the models and tests that are left to do. What was skipped where nothing failed
    /// lacks its sources.
    fn left(&self) -> BTreeSet<&str> {
        let models = self.results.iter().map(|last| (&last.model, &last.status));
        let tests = self.tests.iter().map(|last| (&last.test, &last.status));
        let all: Vec<_> = models.chain(tests).collect();
        let is_failed = |status: &str| matches!(status, "failed" | "error");
        if !all.iter().any(|(_, status)| is_failed(status)) {
            return BTreeSet::new();
        }
        let left = all.into_iter();
        let left = left.filter(|(_, status)| is_failed(status) || *status == "skipped");
        left.map(|(name, _)| name.as_str()).collect()
    }
}

fn read(folder: &Path) -> Result<Last, CliError> {
    let path = folder.join(results::FOLDER).join(results::FILE);
    let wrong = |why: String| {
        let path = path.display();
        CliError::Project(EngineError::Config {
            message: format!("{path}: {why}: run, test or build first"),
        })
    };
    let text = fs::read(&path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => {
            wrong("nothing was built yet, or the last build did not come to its end".to_owned())
        }
        _ => error.into(),
    })?;
    serde_json::from_slice(&text).map_err(|error| wrong(error.to_string()))
}

/// The command as the next results have it.
fn command(last: &str) -> &'static str {
    let known = ["run", "snapshot", "test", "build"];
    known
        .into_iter()
        .find(|known| *known == last)
        .unwrap_or("build")
}
