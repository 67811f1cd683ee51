//! Projects: their models, built and read.

mod building;
mod serving;
mod snapshots;
mod sources;
mod wrong;

use std::collections::BTreeMap;
use std::fs;

use tempfile::TempDir;

use crate::models::{BuildOptions, Outcome, Project, Selection, Status};
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
    let config = Config::read(&folder.path().join("cohortql.toml"))?;
    Engine::builder()
        .target_partitions(2)
        .config(config)
        .project_dir(folder.path())
        .build()
        .await
}

/// The models of a project, with values of variables.
async fn read(folder: &TempDir, vars: &[(&str, &str)]) -> Result<Project, EngineError> {
    let vars: BTreeMap<String, String> = vars
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Project::open(&open(folder).await?, &vars)
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
            Status::Built { rows: Some(rows) } => format!("{rows} rows"),
            Status::Built { rows: None } => "built".to_owned(),
            Status::Failed(error) => format!("failed: {error}"),
            Status::Skipped(reason) => format!("skipped: {reason}"),
        };
        format!("{} {status}", outcome.model)
    });
    lines.collect::<Vec<_>>().join("\n")
}
