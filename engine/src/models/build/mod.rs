//! Building models, one after the other, each after those that it reads.
//!
//! A model is in the manifest, and so seen by queries, once it is there as a whole. One that fails
//! stays what it was, and what reads it is not tried, as is what reads one whose test fails.

mod history;
mod incremental;
mod obstacles;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use futures::{StreamExt, stream};
use object_store::UpdateVersion;
use ring::rand::{SecureRandom, SystemRandom};

use super::checks::{Subject, Test, TestOutcome, Waiting};
use super::lock::BuildLock;
use super::manifest::{Manifest, Relation};
use super::missing::Missing;
use super::model::{Body, Model};
use super::outcome::{Event, Extent, Outcome, Report, Status};
use super::project::Project;
use super::seed;
use super::values::Values;
use super::warehouse::Warehouse;
use crate::{EngineError, Session};

/// The word of a relation that stands for a model which cannot be built.
const EMPTY: &str = "empty";

/// How models are built.
#[derive(Debug, Clone, Copy, Default)]
pub struct BuildOptions {
    /// Forget what earlier builds have left: snapshots begin anew, and incremental models are built in
    /// full.
    pub full_refresh: bool,
    /// Try nothing further after a model or a test has failed.
    pub fail_fast: bool,
}

/// What a build has come to.
#[derive(Debug, Clone)]
pub struct Built {
    /// The models, in the order in which they were built.
    pub models: Vec<Outcome>,
    /// The tests, in the order in which they were run.
    pub tests: Vec<TestOutcome>,
}

/// What a build has made of a model.
struct Made {
    relation: Relation,
    extent: Extent,
}

impl Made {
    fn whole(relation: Relation) -> Self {
        Self {
            relation,
            extent: Extent::Whole,
        }
    }
}

/// A build that goes on.
pub(super) struct Build<'a> {
    pub(super) project: &'a Project,
    pub(super) session: Session,
    pub(super) warehouse: &'a Warehouse,
    options: BuildOptions,
    pub(super) manifest: Manifest,
    version: Option<UpdateVersion>,
    pub(super) values: Values<'a>,
    pub(super) report: Report<'a>,
    /// Bytes that the queries of a model have read.
    bytes_read: AtomicU64,
    /// What cannot be had.
    pub(super) missing: Missing,
    /// Models that failed, and those that read them.
    pub(super) failed: BTreeSet<String>,
    /// Tells this build from others.
    pub(super) invocation: String,
    /// How many tests are to be run, and what has become of those that were.
    pub(super) to_be_tested: usize,
    pub(super) tested: Vec<TestOutcome>,
    /// What a test has found wrong, with the test's name.
    wrong: BTreeMap<Subject, String>,
}

impl Project {
    /// Builds models, which must come each after those that it reads, and tells of each.
    ///
    /// # Errors
    /// Those of [`Self::build_and_test`].
    pub async fn build(
        &self,
        models: &[&Model],
        options: BuildOptions,
        report: Report<'_>,
    ) -> Result<Vec<Outcome>, EngineError> {
        let built = self.build_and_test(models, &[], options, report).await?;
        Ok(built.models)
    }

    /// Builds models, which must come each after those that it reads, and runs tests, each as soon
    /// as all that it reads has been built; tells of each.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when another build is at work in the warehouse; when the warehouse
    /// cannot be reached. What goes wrong with a model or a test is in its outcome.
    pub async fn build_and_test(
        &self,
        models: &[&Model],
        tests: &[&Test],
        options: BuildOptions,
        report: Report<'_>,
    ) -> Result<Built, EngineError> {
        let warehouse = self.warehouse()?;
        let _lock = BuildLock::take(&warehouse.location)?;
        let (manifest, _, version) = warehouse.file.read().await?;
        let mut build = Build {
            project: self,
            session: self.session.clone(),
            warehouse,
            options,
            manifest,
            version,
            values: Values::of(self),
            report,
            bytes_read: AtomicU64::default(),
            missing: self.missing().await,
            failed: BTreeSet::new(),
            invocation: invocation()?,
            to_be_tested: tests.len(),
            tested: Vec::with_capacity(tests.len()),
            wrong: BTreeMap::new(),
        };
        let built = build.all(models, tests).await;
        // What was found out stays, also where the rest could not be.
        let kept = build.keep_results().await;
        let models = built?;
        kept?;
        Ok(Built {
            models,
            tests: build.tested,
        })
    }
}

impl Build<'_> {
    async fn all(
        &mut self,
        models: &[&Model],
        tests: &[&Test],
    ) -> Result<Vec<Outcome>, EngineError> {
        let mut waiting = Waiting::of(tests, models);
        if !tests.is_empty() {
            self.forget_tests().await?;
            self.test(waiting.ready()).await?;
        }
        let mut outcomes = Vec::with_capacity(models.len());
        for (number, model) in (1..).zip(models) {
            let started = Instant::now();
            let status = match self.obstacle(model) {
                Some(reason) => Status::Skipped(reason),
                None => {
                    (self.report)(Event::Started {
                        model: &model.name,
                        number,
                        of: models.len(),
                    });
                    self.one(model).await?
                }
            };
            let outcome = Outcome {
                model: model.name.clone(),
                kind: model.kind,
                status,
                elapsed: started.elapsed(),
                bytes_read: self.bytes_read.swap(0, Ordering::Relaxed),
            };
            (self.report)(Event::Ended(&outcome));
            outcomes.push(outcome);
            waiting.settled(&model.name);
            self.test(waiting.ready()).await?;
        }
        Ok(outcomes)
    }

    /// Builds a model. What it fails with is its status.
    async fn one(&mut self, model: &Model) -> Result<Status, EngineError> {
        match self.made(model).await {
            Ok(Made { relation, extent }) => {
                let rows = relation.rows;
                let definition = Some(self.project.definition(model)?);
                let relation = Relation {
                    definition,
                    ..relation
                };
                self.keep(&model.name, relation).await?;
                Ok(Status::Built { rows, extent })
            }
            Err(EngineError::Cancelled) => Err(EngineError::Cancelled),
            Err(error) => {
                self.failed.insert(model.name.clone());
                Ok(Status::Failed(error.about(&model.label)))
            }
        }
    }

    async fn made(&mut self, model: &Model) -> Result<Made, EngineError> {
        self.prepare(&model.name).await?;
        match &model.body {
            Body::Rows(text) => {
                let columns = seed::columns(model)?;
                let batches = seed::rows(model, &columns, text)?;
                let rows = stream::iter(batches.into_iter().map(Ok)).boxed();
                let rows = self.write(model, &columns, rows).await?;
                let relation = Relation::table(model, None, BTreeMap::new(), rows);
                Ok(Made::whole(relation))
            }
            Body::Query(query) => self.of_query(model, query).await,
        }
    }

    /// Sees to what a model or test reads: it is there, or stands empty where that does without it.
    pub(super) async fn prepare(&mut self, name: &str) -> Result<(), EngineError> {
        let needs = self.project.graph.needs(name);
        for read in needs.all() {
            if self.missing.model(read).is_some() {
                let query = self.project.empty(read).await?;
                let relation = Relation::view(EMPTY, query, BTreeMap::new());
                self.keep(read, relation).await?;
                continue;
            }
            let built = self.manifest.models.get(read);
            if built.is_none_or(|relation| relation.kind == EMPTY) {
                return Err(EngineError::NotFound {
                    message: format!(
                        "it reads {read:?}, which is not built yet: build +{name} to have it too"
                    ),
                    location: None,
                });
            }
        }
        Ok(())
    }

    /// Puts a model into the manifest, from where queries see it.
    async fn keep(&mut self, name: &str, relation: Relation) -> Result<(), EngineError> {
        self.manifest.models.insert(name.to_owned(), relation);
        self.save().await
    }

    /// Writes the manifest, from where queries see what is in it.
    pub(super) async fn save(&mut self) -> Result<(), EngineError> {
        let file = &self.warehouse.file;
        self.version = file.write(&self.manifest, self.version.take()).await?;
        let catalog = &self.session.shared().catalog;
        self.warehouse.refresh(catalog).await
    }
}

/// A name that no other build has.
fn invocation() -> Result<String, EngineError> {
    let mut random = [0; 8];
    SystemRandom::new()
        .fill(&mut random)
        .map_err(|_| EngineError::Internal {
            message: "the system gives no random numbers".to_owned(),
        })?;
    Ok(format!("{:016x}", u64::from_be_bytes(random)))
}
