//! `cohortql run`, `test`, `build`, `ls` and `compile`: the models of the project that
//! `cohortql.toml` describes.

mod build;
mod compile;
mod lines;
mod list;
mod results;
mod run;
mod skipped;
mod tested;

use std::collections::BTreeMap;

use clap::Args;
use cohortql_engine::Engine;
use cohortql_engine::models::{Project, Selection};

use super::args::{Settings, Tables};
use super::error::CliError;
use super::open;

pub(crate) use build::{build, test};
pub(crate) use compile::compile;
pub(crate) use list::list;
pub(crate) use run::run;

/// Which models are meant, and the values of their variables.
#[derive(Debug, Args)]
struct Models {
    /// Models, such as mart_cohorts, +mart_cohorts, stg_orders+, tag:orders, marts/,
    /// source:orders; any of them, for test and build also names of tests [default: those of [models] in cohortql.toml, else all]
    #[arg(value_name = "SELECT")]
    select: Vec<String>,

    /// Models to leave out, named the same way
    #[arg(long, value_name = "SELECT")]
    exclude: Vec<String>,

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
        let vars: BTreeMap<String, String> = self.vars.iter().cloned().collect();
        let project = Project::open(&engine, &vars).map_err(CliError::Project)?;
        Ok((engine, project))
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
