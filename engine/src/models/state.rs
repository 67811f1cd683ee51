//! Which models are not as a warehouse has them: `state:new` and `state:modified` of selections.
//!
//! A build keeps with each model a digest of its definition: of the query with the values of its
//! variables, but of those that are found from the data, and of how it is kept. Words that only
//! describe it do not count.

use std::collections::BTreeSet;
use std::sync::Arc;

use ring::digest::{SHA256, digest};

use super::manifest::ManifestFile;
use super::model::{Body, Model};
use super::project::Project;
use super::selection::Selection;
use crate::stores::Location;
use crate::{EngineError, sql};

/// How the models differ from those that a warehouse has.
#[derive(Debug, Default)]
pub(super) struct State {
    /// It has none of the name.
    pub(super) new: BTreeSet<String>,
    /// Its own is of another definition; those that are new included.
    pub(super) modified: BTreeSet<String>,
}

impl Project {
    /// Whether a selection asks for models that are new or modified, for which [`Self::compare`] comes
    /// first.
    pub fn compares(&self, selection: &Selection) -> bool {
        let own = &self.settings.models;
        let terms = [
            &selection.select,
            &selection.exclude,
            &own.select,
            &own.exclude,
        ];
        let mut terms = terms.into_iter().flatten();
        terms.any(|term| term.contains("state:"))
    }

    /// Compares the models with what the warehouse of a target holds, that of the project's own
    /// unless one is named, so that selections may name those that are new or modified.
    ///
    /// # Errors
    /// When there is no such target, or its warehouse cannot be read.
    pub async fn compare(&mut self, target: Option<&str>) -> Result<(), EngineError> {
        let manifest = match target {
            None => self.warehouse()?.file.read().await?.0,
            Some(target) => {
                let location = self.settings.warehouse_of(target)?;
                let state = self.session.context().state();
                let location = Location::of_tables(&location, &self.folder);
                let location = location.map_err(|why| EngineError::Config {
                    message: format!("targets.{target}.warehouse: {why}"),
                })?;
                ManifestFile::of(&state, &location)?.read().await?.0
            }
        };
        let mut state = State::default();
        for model in self.library.models.values() {
            let built = manifest.models.get(&model.name);
            let same = match built {
                None => {
                    state.new.insert(model.name.clone());
                    false
                }
                Some(relation) => relation.definition == Some(self.definition(model)?),
            };
            if !same {
                state.modified.insert(model.name.clone());
            }
        }
        self.state = Some(Arc::new(state));
        Ok(())
    }

    /// The digest of a model's definition.
    pub(super) fn definition(&self, model: &Model) -> Result<String, EngineError> {
        let properties = &model.properties;
        let types = properties.columns.iter().map(|column| &column.type_name);
        let body = match &model.body {
            Body::Rows(text) => format!("{text}{:?}", types.collect::<Vec<_>>()),
            Body::Query(query) => sql::with_values(query.statement.ast(), &self.known())?,
        };
        let kept = (
            (model.kind.word(), properties.strategy),
            (&properties.key, &properties.partition_by),
            (&properties.cluster_by, &properties.as_of),
        );
        Ok(hexadecimal(&format!("{body}\n{kept:?}")))
    }
}

/// The digest of a text.
pub(super) fn hexadecimal(text: &str) -> String {
    let digest = digest(&SHA256, text.as_bytes());
    digest
        .as_ref()
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
