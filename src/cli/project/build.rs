//! `cohortql test` and `cohortql build`: tests, by themselves or as models are built.

use std::collections::BTreeMap;
use std::time::Instant;

use chrono::Utc;
use cohortql_engine::models::{self, BuildOptions, Built, Event, Model, Project};

use super::lines::Lines;
use super::{Run, Test, results};
use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::open;

/// What a command asks for, beside models and tests.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) command: &'static str,
    pub(super) vars: BTreeMap<String, String>,
    pub(super) options: BuildOptions,
}

/// Runs the tests of a selection, and says what became of each.
pub(crate) fn test(test: &Test, settings: &Settings) -> Result<(), CliError> {
    open::runtime()?.block_on(async {
        let (_engine, project) = test.models.open(settings).await?;
        let chosen = project.choose(&test.models.selection());
        let (_, tests) = chosen.map_err(CliError::Project)?;
        let options = BuildOptions {
            fail_fast: test.fail_fast,
            ..BuildOptions::default()
        };
        let asked = Asked {
            command: "test",
            vars: test.models.vars(),
            options,
        };
        carry_out(&project, &[], &tests, asked).await
    })
}

/// Builds the models of a selection and runs their tests, and says what became of each.
pub(crate) fn build(run: &Run, settings: &Settings) -> Result<(), CliError> {
    open::runtime()?.block_on(async {
        let (_engine, project) = run.models.open(settings).await?;
        let chosen = project.choose(&run.models.selection());
        let (models, tests) = chosen.map_err(CliError::Project)?;
        carry_out(&project, &models, &tests, run.asked("build")).await
    })
}

/// Builds models and runs tests. Fails when some of them do.
pub(super) async fn carry_out(
    project: &Project,
    models: &[&Model],
    tests: &[&models::Test],
    asked: Asked,
) -> Result<(), CliError> {
    let (_, judged) = attempt(project, models, tests, asked).await?;
    judged
}

/// Builds models and runs tests, and gives what it comes to beside whether it succeeded.
pub(super) async fn attempt(
    project: &Project,
    models: &[&Model],
    tests: &[&models::Test],
    asked: Asked,
) -> Result<(Built, Result<(), CliError>), CliError> {
    let width = match models {
        [] => tests.iter().map(|test| test.name.len()).max(),
        models => models.iter().map(|model| model.name.len()).max(),
    };
    let lines = Lines::new(width.unwrap_or(0), models.is_empty());
    results::forget(project)?;
    let (started_at, started) = (Utc::now(), Instant::now());
    let report = |event: Event<'_>| lines.say(event);
    let built = tokio::select! {
        built = project.build_and_test(models, tests, asked.options, &report) => built?,
        _ = tokio::signal::ctrl_c() => return Err(CliError::Interrupted),
    };
    let elapsed = started.elapsed();
    results::write(project, &asked, (started_at, elapsed), &built)?;
    let judged = lines.finish(&built, project.target(), elapsed);
    Ok((built, judged))
}
