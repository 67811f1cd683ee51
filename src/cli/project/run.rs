//! `cohortql run`: builds models.

use cohortql_engine::models::BuildOptions;

use super::Run;
use super::build::carry_out;
use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::open;

/// Builds the models of a selection, and says what became of each.
pub(crate) fn run(run: &Run, settings: &Settings) -> Result<(), CliError> {
    open::runtime()?.block_on(async {
        let (_engine, project) = run.models.open(settings).await?;
        let models = project.select(&run.models.selection());
        let models = models.map_err(CliError::Project)?;
        carry_out(&project, &models, &[], run.options()).await
    })
}

impl Run {
    pub(super) fn options(&self) -> BuildOptions {
        BuildOptions {
            full_refresh: self.full_refresh,
            fail_fast: self.fail_fast,
        }
    }
}
