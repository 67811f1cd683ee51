//! Projects: their models, built and read.

mod anomalies;
mod building;
mod changes;
mod checks;
mod crashes;
mod freshness;
mod incremental;
mod results;
mod serving;
mod snapshots;
mod sources;
mod state;
mod tested;
mod watched;
mod wrong;

use std::collections::BTreeMap;
use std::fs;

use tempfile::TempDir;

use crate::models::{BuildOptions, Built, Outcome, Project, Selection, Status, TestOutcome};
use crate::{Config, Engine, EngineError};

/// A project with files, by their paths; `cohortql.toml` begins with its name.
fn project(config: &str, files: &[(&str, &str)]) -> TempDir {
    let folder = TempDir::new().unwrap();
    let config = format!("[project]\nname = \"shop\"\n{config}");
    write(&folder, &[("cohortql.toml", &config)]);
    write(&folder, files);
    folder
}

fn write(folder: &TempDir, files: &[(&str, &str)]) {
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

async fn open(folder: &TempDir) -> Result<Engine, EngineError> {
    open_target(folder, None).await
}

/// The engine of a project over the warehouse of a target.
async fn open_target(folder: &TempDir, target: Option<&str>) -> Result<Engine, EngineError> {
    let mut config = Config::read(&folder.path().join("cohortql.toml"))?;
    if let (Some(project), Some(target)) = (&mut config.project, target) {
        project.target = Some(target.to_owned());
    }
    Engine::builder()
        .target_partitions(2)
        .config(config)
        .project_dir(folder.path())
        .build()
        .await
}

/// The models of a project, with values of variables.
async fn read(folder: &TempDir, vars: &[(&str, &str)]) -> Result<Project, EngineError> {
    Project::open(&open(folder).await?, &variables(vars))
}

fn variables(vars: &[(&str, &str)]) -> BTreeMap<String, String> {
    let vars = vars.iter();
    vars.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

fn selection(terms: &[&str]) -> Selection {
    Selection {
        select: terms.iter().map(|term| (*term).to_owned()).collect(),
        exclude: Vec::new(),
    }
}

/// Builds what some terms name, with values of variables.
async fn build(
    folder: &TempDir,
    terms: &[&str],
    vars: &[(&str, &str)],
) -> Result<Vec<Outcome>, EngineError> {
    build_with(folder, terms, vars, BuildOptions::default()).await
}

async fn build_with(
    folder: &TempDir,
    terms: &[&str],
    vars: &[(&str, &str)],
    options: BuildOptions,
) -> Result<Vec<Outcome>, EngineError> {
    let project = read(folder, vars).await?;
    let models = project.select(&selection(terms))?;
    project.build(&models, options, &|_| {}).await
}

/// What became of each model, a line each.
fn told(outcomes: &[Outcome]) -> String {
    let lines = outcomes.iter().map(|outcome| {
        let status = match &outcome.status {
            Status::Built {
                rows: Some(rows), ..
            } => format!("{rows} rows"),
            Status::Built { rows: None, .. } => "built".to_owned(),
            Status::Failed(error) => format!("failed: {error}"),
            Status::Skipped(reason) => format!("skipped: {reason}"),
        };
        format!("{} {status}", outcome.model)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Builds what some terms name, and runs its tests.
async fn build_and_test(folder: &TempDir, terms: &[&str]) -> Built {
    let options = BuildOptions::default();
    build_and_test_with(folder, terms, &[], options).await
}

async fn build_and_test_with(
    folder: &TempDir,
    terms: &[&str],
    vars: &[(&str, &str)],
    options: BuildOptions,
) -> Built {
    let project = read(folder, vars).await.unwrap();
    let (models, tests) = project.choose(&selection(terms)).unwrap();
    let built = project.build_and_test(&models, &tests, options, &|_| {});
    built.await.unwrap()
}

/// Runs the tests that some terms name, of what is built.
async fn test(folder: &TempDir, terms: &[&str]) -> Vec<TestOutcome> {
    let project = read(folder, &[]).await.unwrap();
    let (_, tests) = project.choose(&selection(terms)).unwrap();
    let built = project.build_and_test(&[], &tests, BuildOptions::default(), &|_| {});
    built.await.unwrap().tests
}

/// What became of each test, a line each.
fn tested(outcomes: &[TestOutcome]) -> String {
    let lines = outcomes.iter().map(|outcome| {
        let said = outcome.message.as_deref().unwrap_or_default();
        let status = outcome.status.word();
        match outcome.failures {
            Some(0) if said.is_empty() => format!("{} {status}", outcome.test),
            Some(failures) => format!("{} {status} {failures}: {said}", outcome.test),
            None => format!("{} {status}: {said}", outcome.test),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}
