//! `cohortql watch`: builds and tests what new files touch, as they come, or everything by the clock.
//!
//! Each round opens the project anew, so that whoever edits a model need not start again. What the
//! sources hold is compared with the cursor in the warehouse, which moves once everything that they
//! touch has been built and no test has failed: a round that fails is tried again, after a while or when
//! the files change, and one that is killed begins anew.

mod files;
mod pace;
mod told;

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use cohortql_engine::config::parse_duration;
use cohortql_engine::models::{BuildOptions, Cursor, Model, Project, Subject, Test};
use cohortql_server::Webhook;

use self::files::Bell;
use self::pace::{Patience, Schedule};
use super::Models;
use super::build::{Asked, attempt};
use crate::cli::args::Settings;
use crate::cli::error::CliError;
use crate::cli::{open, print};

/// What is watched, and how.
#[derive(Debug, Args)]
pub(crate) struct Watch {
    #[command(flatten)]
    models: Models,

    /// Build everything at this distance, such as 15m, whatever files there are
    #[arg(long, value_name = "TIME", value_parser = parse_duration, conflicts_with = "cron")]
    every: Option<Duration>,

    /// Build everything at the times of a cron expression, such as '0 6 * * *', in UTC
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,

    /// Build what new files touch, and end
    #[arg(long, conflicts_with_all = ["every", "cron"])]
    once: bool,

    /// How often files are listed; those on disk are told of besides
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "30s")]
    poll: Duration,

    /// How long files must have stayed as they are before they are read
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "2s")]
    debounce: Duration,

    /// Where failures and alerts are posted, as Slack takes them
    #[arg(
        long,
        value_name = "URL",
        env = "COHORTQL_WEBHOOK",
        hide_env_values = true
    )]
    webhook: Option<String>,
}

/// Watches until Ctrl-C.
pub(crate) fn watch(watch: &Watch, settings: &Settings) -> Result<(), CliError> {
    let schedule = Schedule::of(watch.every, watch.cron.as_deref())?;
    let webhook = watch.webhook.as_deref().map(Webhook::at).transpose();
    let webhook = webhook.map_err(|why| CliError::Usage(format!("--webhook: {why}")))?;
    let watching = Watching {
        watch,
        settings,
        webhook,
    };
    open::runtime()?.block_on(async {
        tokio::select! {
            ended = watching.run(schedule) => ended,
            _ = tokio::signal::ctrl_c() => Err(CliError::Interrupted),
        }
    })
}

struct Watching<'a> {
    watch: &'a Watch,
    settings: &'a Settings,
    webhook: Option<Webhook>,
}

impl Watching<'_> {
    async fn run(&self, schedule: Option<Schedule>) -> Result<(), CliError> {
        match schedule {
            Some(schedule) => self.by_the_clock(schedule).await,
            None => self.by_files().await,
        }
    }

    async fn by_the_clock(&self, mut schedule: Schedule) -> Result<(), CliError> {
        let mut was_well = true;
        loop {
            schedule.wait().await?;
            let round = async {
                let (_engine, project) = self.open().await?;
                let before = project.cursor().await?;
                let (mut now, _) = project.look(before.as_ref()).await?;
                now.alerts = before.map(|before| before.alerts).unwrap_or_default();
                self.round(&project, None, now).await
            };
            was_well = self.judge(round.await, was_well).await?;
        }
    }

    async fn by_files(&self) -> Result<(), CliError> {
        let mut bell = Bell::default();
        let mut patience = Patience::default();
        // What the sources held when a round failed.
        let mut failed_with: Option<Cursor> = None;
        let mut was_well = true;
        let mut told = BTreeSet::new();
        loop {
            let round = async {
                let (_engine, project) = self.open().await?;
                bell.hang(&project.source_folders());
                let Some((now, changed)) = self.changes(&project, &mut told).await? else {
                    return Ok(None);
                };
                if failed_with.as_ref() == Some(&now) && !patience.is_over() {
                    return Ok(None);
                }
                let names: Vec<_> = changed.iter().map(String::as_str).collect();
                print(format!("changed: {}\n", names.join(", ")).as_bytes())?;
                let done = self.round(&project, Some(&changed), now.clone()).await;
                failed_with = done.is_err().then_some(now);
                done.map(Some)
            };
            match round.await.transpose() {
                None if self.watch.once => return print(b"nothing has changed\n"),
                None => {}
                Some(done) if self.watch.once => return done,
                Some(done) => {
                    was_well = self.judge(done, was_well).await?;
                    match was_well {
                        true => patience = Patience::default(),
                        false => patience.lengthen(),
                    }
                }
            }
            let _ = tokio::time::timeout(self.watch.poll, bell.rung()).await;
        }
    }

    async fn open(&self) -> Result<(cohortql_engine::Engine, Project), CliError> {
        let (engine, mut project) = self.watch.models.open(self.settings).await?;
        project.compare(None).await?;
        Ok((engine, project))
    }

    /// What the sources hold and which have changed, once they have stayed as they are for a while;
    /// nothing when none has. A trouble is told once.
    async fn changes(
        &self,
        project: &Project,
        told: &mut BTreeSet<String>,
    ) -> Result<Option<(Cursor, BTreeSet<String>)>, CliError> {
        let before = project.cursor().await?;
        let (mut now, mut troubles) = project.look(before.as_ref()).await?;
        while !now.changed_since(before.as_ref()).is_empty() {
            tokio::time::sleep(self.watch.debounce).await;
            let (then, of_then) = project.look(before.as_ref()).await?;
            let is_still = then.changed_since(Some(&now)).is_empty();
            (now, troubles) = (then, of_then);
            if is_still {
                break;
            }
        }
        for trouble in &troubles {
            if told.insert(trouble.clone()) {
                print(format!("{trouble}\n").as_bytes())?;
            }
        }
        told.retain(|trouble| troubles.contains(trouble));
        let changed = now.changed_since(before.as_ref());
        now.alerts = before.map(|before| before.alerts).unwrap_or_default();
        Ok((!changed.is_empty()).then_some((now, changed)))
    }

    /// Builds and tests what some sources touch, or everything, and moves the cursor when all is well.
    async fn round(
        &self,
        project: &Project,
        changed: Option<&BTreeSet<String>>,
        mut now: Cursor,
    ) -> Result<(), CliError> {
        let chosen = project.choose(&self.watch.models.selection());
        let (models, tests) = chosen.map_err(CliError::Project)?;
        let (models, tests) = match changed {
            None => (models, tests),
            Some(changed) => {
                let models = project.touched(&models, changed);
                let tests = of_models(project, tests, &models, changed);
                (models, tests)
            }
        };
        let asked = Asked {
            command: "build",
            vars: self.watch.models.vars(),
            options: BuildOptions::default(),
        };
        let (built, judged) = attempt(project, &models, &tests, asked).await?;
        if judged.is_err() {
            self.post(&told::of_failure(project, &built)).await;
        }
        judged?;
        self.tell_alerts(project, &mut now).await?;
        Ok(project.keep_cursor(&now).await?)
    }

    /// Tells of numbers that have gone beyond their bounds since the last round, or come back.
    async fn tell_alerts(&self, project: &Project, now: &mut Cursor) -> Result<(), CliError> {
        let mut given = BTreeSet::new();
        for alert in project.alerts().await? {
            let was_given = now.alerts.contains(&alert.name);
            if alert.beyond.is_some() {
                given.insert(alert.name.clone());
            }
            if let Some(text) = told::of_alert(project, &alert, was_given) {
                print(format!("{text}\n").as_bytes())?;
                self.post(&text).await;
            }
        }
        now.alerts = given;
        Ok(())
    }

    /// Posts a text where that was asked for. That nobody takes it stops nothing.
    async fn post(&self, text: &str) {
        if let Some(webhook) = &self.webhook
            && let Err(why) = webhook.post(text).await
        {
            crate::cli::report(&CliError::Usage(format!(
                "the webhook takes nothing: {why}"
            )));
        }
    }

    /// Says what a round has failed with, and goes on. What only the user can mend ends the watching.
    async fn judge(&self, done: Result<(), CliError>, was_well: bool) -> Result<bool, CliError> {
        match done {
            Ok(()) => {
                if !was_well {
                    self.post("builds succeed again").await;
                }
                Ok(true)
            }
            Err(error @ (CliError::Interrupted | CliError::ReaderGone | CliError::Usage(_))) => {
                Err(error)
            }
            Err(error) => {
                crate::cli::report(&error);
                if !matches!(error, CliError::NotBuilt(_)) {
                    self.post(&error.to_string()).await;
                }
                Ok(false)
            }
        }
    }
}

/// The tests that look at nothing but models that are built, and sources that have changed.
fn of_models<'a>(
    project: &Project,
    mut tests: Vec<&'a Test>,
    models: &[&Model],
    changed: &BTreeSet<String>,
) -> Vec<&'a Test> {
    tests.retain(|test| {
        project.looked_at(test).iter().all(|subject| match subject {
            Subject::Model(name) => models.iter().any(|model| model.name == *name),
            Subject::Source(name) => changed.contains(name),
        })
    });
    tests
}
