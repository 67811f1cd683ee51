//! Building models, one after the other, each after those that it reads.
//!
//! A model is in the manifest, and so seen by queries, once it is there as a whole. One that fails
//! stays what it was, and what reads it is not tried.

mod history;
mod rows;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use futures::{StreamExt, stream};
use object_store::UpdateVersion;

use super::lock::BuildLock;
use super::manifest::{Manifest, Relation};
use super::model::{Body, Model};
use super::outcome::{Event, Outcome, Status};
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
    /// Forget what earlier builds have left: snapshots begin anew.
    pub full_refresh: bool,
    /// Try no further model after one has failed.
    pub fail_fast: bool,
}

/// A build that goes on.
struct Build<'a> {
    project: &'a Project,
    session: Session,
    warehouse: &'a Warehouse,
    options: BuildOptions,
    manifest: Manifest,
    version: Option<UpdateVersion>,
    values: Values<'a>,
    /// Why models cannot be built.
    missing: BTreeMap<String, String>,
    /// Models that failed, and those that read them.
    failed: BTreeSet<String>,
}

impl Project {
    /// Builds models, which must come each after those that it reads, and tells of each.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when another build is at work in the warehouse; when the warehouse
    /// cannot be reached. What goes wrong with a model is in its outcome.
    pub async fn build(
        &self,
        models: &[&Model],
        options: BuildOptions,
        report: &(dyn Fn(Event<'_>) + Send + Sync),
    ) -> Result<Vec<Outcome>, EngineError> {
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
            missing: self.missing().await,
            failed: BTreeSet::new(),
        };
        let mut outcomes = Vec::with_capacity(models.len());
        for (number, model) in (1..).zip(models) {
            let started = Instant::now();
            let status = match build.obstacle(model) {
                Some(reason) => Status::Skipped(reason),
                None => {
                    report(Event::Started {
                        model: &model.name,
                        number,
                        of: models.len(),
                    });
                    build.one(model).await?
                }
            };
            let outcome = Outcome {
                model: model.name.clone(),
                kind: model.kind,
                status,
                elapsed: started.elapsed(),
            };
            report(Event::Ended(&outcome));
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }
}

impl Build<'_> {
    /// Why a model is not tried, if so.
    fn obstacle(&mut self, model: &Model) -> Option<String> {
        if let Some(reason) = self.missing.get(&model.name) {
            return Some(reason.clone());
        }
        let needs = self.project.graph.needs(&model.name);
        if let Some(read) = needs.all().find(|read| self.failed.contains(*read)) {
            let reason = format!("it reads {read}, which was not built");
            self.failed.insert(model.name.clone());
            return Some(reason);
        }
        (self.options.fail_fast && !self.failed.is_empty())
            .then(|| "an earlier model failed".to_owned())
    }

    /// Builds a model. What it fails with is its status.
    async fn one(&mut self, model: &Model) -> Result<Status, EngineError> {
        match self.relation(model).await {
            Ok(relation) => {
                let rows = relation.rows;
                self.keep(&model.name, relation).await?;
                Ok(Status::Built { rows })
            }
            Err(EngineError::Cancelled) => Err(EngineError::Cancelled),
            Err(error) => {
                self.failed.insert(model.name.clone());
                Ok(Status::Failed(error.about(&model.label)))
            }
        }
    }

    async fn relation(&mut self, model: &Model) -> Result<Relation, EngineError> {
        self.prepare(model).await?;
        match &model.body {
            Body::Rows(text) => {
                let columns = seed::columns(model)?;
                let batches = seed::rows(model, &columns, text)?;
                let rows = stream::iter(batches.into_iter().map(Ok)).boxed();
                let rows = self.write(&model.name, &columns, rows).await?;
                Ok(Relation::table(model, None, BTreeMap::new(), rows))
            }
            Body::Query(query) => self.of_query(model, query).await,
        }
    }

    /// Sees to what a model reads: it is there, or stands empty where the model does without it.
    async fn prepare(&mut self, model: &Model) -> Result<(), EngineError> {
        let needs = self.project.graph.needs(&model.name);
        for read in needs.all() {
            if self.missing.contains_key(read) {
                let query = self.project.empty(read).await?;
                let relation = Relation::view(EMPTY, query, BTreeMap::new());
                self.keep(read, relation).await?;
                continue;
            }
            let built = self.manifest.models.get(read);
            if built.is_none_or(|relation| relation.kind == EMPTY) {
                return Err(EngineError::NotFound {
                    message: format!(
                        "it reads {read:?}, which is not built yet: build +{} to have it too",
                        model.name
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
        let file = &self.warehouse.file;
        self.version = file.write(&self.manifest, self.version.take()).await?;
        let catalog = &self.session.shared().catalog;
        self.warehouse.refresh(catalog).await
    }
}
