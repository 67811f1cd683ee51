//! `cohortql run`, `snapshot`, `test`, `build`, `retry`, `watch`, `ls`, `compile`, `docs` and `clean`: the
//! models of the project that `cohortql.toml` describes.

mod build;
mod clean;
mod compile;
mod docs;
mod lines;
mod list;
mod results;
mod retry;
mod run;
mod skipped;
mod tested;
mod watch;

use std::collections::BTreeMap;

use clap::Args;
use cohortql_engine::Engine;
use cohortql_engine::models::{Project, Selection};

use super::args::{Settings, Tables};
use super::error::CliError;
use super::open;

pub(crate) use build::{build, test};
pub(crate) use clean::{Clean, clean};
pub(crate) use compile::compile;
pub(crate) use docs::{Docs, docs};
pub(crate) use list::list;
pub(crate) use retry::{Retry, retry};
pub(crate) use run::{run, snapshot};
pub(crate) use watch::{Watch, watch};

/// Which models are meant, and the values of their variables.
#[derive(Debug, Default, Args)]
struct Models {
    /// Models, such as mart_cohorts, +mart_cohorts, stg_orders+, tag:orders, marts/,
    /// source:orders, state:modified; any of them, for test and build also names of tests
    /// [default: those of [models] in cohortql.toml, else all]
    #[arg(value_name = "SELECT")]
    select: Vec<String>,

    /// Models to leave out, named the same way
    #[arg(long, value_name = "SELECT")]
    exclude: Vec<String>,

    /// The target with which state:new and state:modified compare [default: the one that is built]
    #[arg(long, value_name = "TARGET")]
    state: Option<String>,

    /// The value of a variable, such as as_of=2024-06-30; may be given several times
    #[arg(long = "var", value_name = "NAME=VALUE", value_parser = variable)]
    vars: Vec<(String, String)>,
}

/// Models to be built.
#[derive(Debug, Args)]
pub(crate) struct Run {
    #[command(flatten)]
    models: Models,

    /// Forget what earlier builds have left: snapshots begin anew, incremental models are built in full
    #[arg(long)]
    full_refresh: bool,

    /// Try nothing further after a model or a test has failed
    #[arg(long)]
    fail_fast: bool,
}

/// Tests to be run.
#[derive(Debug, Args)]
pub(crate) struct Test {
    #[command(flatten)]
    models: Models,

    /// Try no further test after one has failed
    #[arg(long)]
    fail_fast: bool,
}

/// Models to be listed.
#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    models: Models,

    /// Say also what becomes of each, its file and what it reads
    #[arg(short, long)]
    long: bool,
}

/// Models to be shown.
#[derive(Debug, Args)]
pub(crate) struct Compile {
    #[command(flatten)]
    models: Models,
}

impl Models {
    fn selection(&self) -> Selection {
        Selection {
            select: self.select.clone(),
            exclude: self.exclude.clone(),
        }
    }

    /// The engine of the project, and the project.
    async fn open(&self, settings: &Settings) -> Result<(Engine, Project), CliError> {
        let tables = Tables { paths: Vec::new() };
        let engine = open::engine(settings, &tables).await.map_err(usage)?;
        let mut project = Project::open(&engine, &self.vars()).map_err(CliError::Project)?;
        if project.compares(&self.selection()) {
            let compared = project.compare(self.state.as_deref()).await;
            compared.map_err(CliError::Project)?;
        }
        Ok((engine, project))
    }

    fn vars(&self) -> BTreeMap<String, String> {
        self.vars.iter().cloned().collect()
    }
}

/// What is wrong before anything is built is a matter of usage.
fn usage(error: CliError) -> CliError {
    match error {
        CliError::Engine(error) => CliError::Project(error),
        other => other,
    }
}

/// Splits `name=value`.
fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("expected NAME=VALUE, got {text:?}")),
    }
}
