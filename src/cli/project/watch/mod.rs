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
use cohortql_engine::EngineError;
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

/// Looks at sources of which one or the other never comes to rest, at most.
const LOOKS: usize = 10;

/// What only the user can mend.
fn misused(message: String) -> CliError {
    CliError::Project(EngineError::Config { message })
}

/// Watches until Ctrl-C.
pub(crate) fn watch(watch: &Watch, settings: &Settings) -> Result<(), CliError> {
    let schedule = Schedule::of(watch.every, watch.cron.as_deref())?;
    let webhook = watch.webhook.as_deref().map(Webhook::at).transpose();
    let webhook = webhook.map_err(|why| misused(format!("--webhook: {why}")))?;
    let watching = Watching {
        name: Cursor::name(&watch.models.selection(), &watch.models.vars()),
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
    /// What its cursor is called.
    name: String,
    watch: &'a Watch,
    settings: &'a Settings,
    webhook: Option<Webhook>,
}

impl Watching<'_> {
    async fn run(&self, schedule: Option<Schedule>) -> Result<(), CliError> {
        // What is misspelt is known before anything is waited for.
        let (_engine, project) = self.open().await?;
        let chosen = project.choose(&self.watch.models.selection());
        chosen.map_err(CliError::Project)?;
        match schedule {
            Some(schedule) => self.by_the_clock(schedule).await,
            None => self.by_files().await,
        }
    }

    async fn by_the_clock(&self, mut schedule: Schedule) -> Result<(), CliError> {
        let mut health = Health::default();
        loop {
            schedule.wait().await?;
            let round = async {
                let (_engine, project) = self.open().await?;
                let before = project.cursor(&self.name).await?;
                let (mut now, _) = project.look(before.as_ref()).await?;
                now.alerts = before.map(|before| before.alerts).unwrap_or_default();
                self.round(&project, None, now).await
            };
            self.judge(round.await, &mut health).await?;
        }
    }

    async fn by_files(&self) -> Result<(), CliError> {
        let mut bell = Bell::default();
        let mut health = Health::default();
        // What the sources held, and how models were defined, when a round failed.
        let mut failed_with: Option<Cursor> = None;
        let mut told = BTreeSet::new();
        loop {
            let round = async {
                let (_engine, project) = self.open().await?;
                bell.hang(&project.source_folders());
                let Some((now, changed)) = self.changes(&project, &mut told).await? else {
                    return Ok(None);
                };
                if failed_with.as_ref() == Some(&now) && !health.patience.is_over() {
                    return Ok(None);
                }
                let mut names: Vec<_> = changed.sources.iter().map(String::as_str).collect();
                if changed.definitions {
                    names.push("definitions");
                }
                print(format!("changed: {}\n", names.join(", ")).as_bytes())?;
                let done = self.round(&project, Some(&changed), now.clone()).await;
                failed_with = done.is_err().then_some(now);
                done.map(Some)
            };
            match round.await.transpose() {
                None if self.watch.once => return print(b"nothing has changed\n"),
                None => {}
                Some(Err(error)) if self.watch.once => {
                    self.post_error(&error).await;
                    return Err(error);
                }
                Some(Ok(())) if self.watch.once => return Ok(()),
                Some(done) => self.judge(done, &mut health).await?,
            }
            let _ = tokio::time::timeout(self.watch.poll, bell.rung()).await;
        }
    }

    async fn open(&self) -> Result<(cohortql_engine::Engine, Project), CliError> {
        let (engine, mut project) = self.watch.models.open(self.settings).await?;
        if !project.compares(&self.watch.models.selection()) {
            project.compare(None).await?;
        }
        Ok((engine, project))
    }

    /// What the sources hold and what has changed, once they have stayed as they are for a while;
    /// nothing when nothing has. A trouble is told once.
    async fn changes(
        &self,
        project: &Project,
        told: &mut BTreeSet<String>,
    ) -> Result<Option<(Cursor, Changed)>, CliError> {
        let before = project.cursor(&self.name).await?;
        let (mut now, mut troubles) = project.look(before.as_ref()).await?;
        for _ in 0..LOOKS {
            if now.changed_since(before.as_ref()).is_empty() {
                break;
            }
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
        let chosen = project.choose(&self.watch.models.selection());
        let (models, _) = chosen.map_err(CliError::Project)?;
        now.definitions = project.definitions(&models)?;
        let changed = Changed {
            sources: now.changed_since(before.as_ref()),
            definitions: before
                .as_ref()
                .is_none_or(|before| before.definitions != now.definitions),
        };
        now.alerts = before.map(|before| before.alerts).unwrap_or_default();
        let is_any = changed.definitions || !changed.sources.is_empty();
        Ok(is_any.then_some((now, changed)))
    }

    /// Builds and tests what has changed, or everything, and moves the cursor when all is well.
    async fn round(
        &self,
        project: &Project,
        changed: Option<&Changed>,
        mut now: Cursor,
    ) -> Result<(), CliError> {
        let chosen = project.choose(&self.watch.models.selection());
        let (models, tests) = chosen.map_err(CliError::Project)?;
        now.definitions = project.definitions(&models)?;
        let (models, tests) = match changed {
            None => (models, tests),
            Some(changed) => {
                let models = project.touched(&models, &changed.sources, changed.definitions);
                let tests = touched_tests(project, tests, &models, &changed.sources);
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
        Ok(project.keep_cursor(&self.name, &now).await?)
    }

    /// Tells of numbers that have gone beyond their bounds since the last round, or come back. One
    /// that nobody could be told of is told of again.
    async fn tell_alerts(&self, project: &Project, now: &mut Cursor) -> Result<(), CliError> {
        let mut given = BTreeSet::new();
        for alert in project.alerts().await? {
            let was_given = now.alerts.contains(&alert.name);
            let mut is_given = alert.beyond.is_some() || (was_given && alert.value.is_none());
            if let Some(text) = told::of_alert(project, &alert, was_given) {
                print(format!("{text}\n").as_bytes())?;
                if !self.post(&text).await {
                    is_given = was_given;
                }
            }
            if is_given {
                given.insert(alert.name);
            }
        }
        now.alerts = given;
        Ok(())
    }

    /// Posts a text where that was asked for, and says whether nothing kept it from being read. That
    /// nobody takes it stops nothing.
    async fn post(&self, text: &str) -> bool {
        let Some(webhook) = &self.webhook else {
            return true;
        };
        let posted = webhook.post(text).await;
        if let Err(why) = &posted {
            crate::cli::report(&CliError::Usage(format!(
                "the webhook takes nothing: {why}"
            )));
        }
        posted.is_ok()
    }

    /// Posts that a round could not be, unless it is told of already.
    async fn post_error(&self, error: &CliError) {
        if !matches!(error, CliError::NotBuilt(_)) {
            self.post("a round of builds could not be: see what cohortql watch says")
                .await;
        }
    }

    /// Says what a round has failed with, and goes on.
    async fn judge(&self, done: Result<(), CliError>, health: &mut Health) -> Result<(), CliError> {
        match done {
            Ok(()) => {
                if health.last_error.take().is_some() {
                    self.post("builds succeed again").await;
                }
                *health = Health::default();
                Ok(())
            }
            Err(error @ (CliError::Interrupted | CliError::ReaderGone)) => Err(error),
            Err(error) => {
                let text = error.to_string();
                // The same again is no news.
                if health.last_error.as_ref() != Some(&text) || health.patience.is_over() {
                    crate::cli::report(&error);
                    self.post_error(&error).await;
                    health.patience.lengthen();
                }
                health.last_error = Some(text);
                Ok(())
            }
        }
    }
}

/// What has changed since the cursor moved.
struct Changed {
    sources: BTreeSet<String>,
    /// Models, or where the sources are.
    definitions: bool,
}

/// How rounds have gone.
#[derive(Default)]
struct Health {
    /// What the last one failed with, if it did.
    last_error: Option<String>,
    patience: Patience,
}

/// The tests that look at models that are built, or sources that have changed.
fn touched_tests<'a>(
    project: &Project,
    mut tests: Vec<&'a Test>,
    models: &[&Model],
    changed: &BTreeSet<String>,
) -> Vec<&'a Test> {
    tests.retain(|test| {
        project.looked_at(test).iter().any(|subject| match subject {
            Subject::Model(name) => models.iter().any(|model| model.name == *name),
            Subject::Source(name) => changed.contains(name),
        })
    });
    tests
}
