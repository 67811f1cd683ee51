//! `cohortql run` and `cohortql snapshot`: build models.

use cohortql_engine::models::{BuildOptions, Kind};

use super::Run;
use super::build::{Asked, carry_out};
use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::open;

/// Builds the models of a selection, and says what became of each.
pub(crate) fn run(run: &Run, settings: &Settings) -> Result<(), CliError> {
    build_models(run, settings, "run", |_| true)
}

/// Takes the snapshots of a selection.
pub(crate) fn snapshot(run: &Run, settings: &Settings) -> Result<(), CliError> {
    build_models(run, settings, "snapshot", |kind| kind == Kind::Snapshot)
}

fn build_models(
    run: &Run,
    settings: &Settings,
    command: &'static str,
    is_meant: fn(Kind) -> bool,
) -> Result<(), CliError> {
    open::runtime()?.block_on(async {
        let (_engine, project) = run.models.open(settings).await?;
        let models = project.select(&run.models.selection());
        let mut models = models.map_err(CliError::Project)?;
        models.retain(|model| is_meant(model.kind));
        carry_out(&project, &models, &[], run.asked(command)).await
    })
}

impl Run {
    /// What is asked for by a command.
    pub(super) fn asked(&self, command: &'static str) -> Asked {
        Asked {
            command,
            vars: self.models.vars(),
            options: BuildOptions {
                full_refresh: self.full_refresh,
                fail_fast: self.fail_fast,
            },
        }
    }
}
