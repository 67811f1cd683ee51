//! `cohortql run`: builds models.

use std::time::Instant;

use chrono::Utc;
use cohortql_engine::models::BuildOptions;

use super::lines::Lines;
use super::{Run, results};
use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::open;

/// Builds the models of a selection, and says what became of each.
pub(crate) fn run(run: &Run, settings: &Settings) -> Result<(), CliError> {
    open::runtime()?.block_on(async {
        let (_engine, project) = run.models.open(settings).await?;
        let models = project.select(&run.models.selection());
        let models = models.map_err(CliError::Project)?;
        let options = BuildOptions {
            full_refresh: run.full_refresh,
            fail_fast: run.fail_fast,
        };
        let width = models.iter().map(|model| model.name.len()).max();
        let lines = Lines::new(width.unwrap_or(0));
        let (started_at, started) = (Utc::now(), Instant::now());
        let report = |event: cohortql_engine::models::Event<'_>| lines.say(event);
        let outcomes = tokio::select! {
            outcomes = project.build(&models, options, &report) => outcomes?,
            _ = tokio::signal::ctrl_c() => return Err(CliError::Interrupted),
        };
        let elapsed = started.elapsed();
        results::write(&project, started_at, elapsed, &outcomes)?;
        lines.finish(&outcomes, project.target(), elapsed)
    })
}
