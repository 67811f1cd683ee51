//! What the sources of a project hold, and how far builds have come with them.
//!
//! The cursor is kept in the warehouse, as `watch.json`, once everything that new files touch has been
//! built: whoever is killed before that finds the files new again, and incremental models, which note
//! by themselves what they have taken in, take none of them twice.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use object_store::path::Path;
use object_store::{ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};

use super::model::Model;
use super::project::Project;
use crate::EngineError;
use crate::formats::Place;
use crate::formats::contents::{Contents, contents_of};
use crate::stores::Location;

/// The file in the warehouse.
const FILE: &str = "watch.json";

/// What sources hold at one moment, and which alerts have been given.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    sources: BTreeMap<String, Contents>,
    /// The names of alerts whose number is beyond its bounds.
    #[serde(default)]
    pub alerts: BTreeSet<String>,
}

impl Cursor {
    /// The sources that hold something else than in another cursor; all where there is none.
    pub fn changed_since(&self, earlier: Option<&Self>) -> BTreeSet<String> {
        let none = Self::default();
        let earlier = &earlier.unwrap_or(&none).sources;
        let names = self.sources.keys().chain(earlier.keys());
        let changed = names.filter(|name| self.sources.get(*name) != earlier.get(*name));
        changed.cloned().collect()
    }
}

impl Project {
    /// What the sources hold now, and why that is not known of some. These hold what they did before.
    ///
    /// # Errors
    /// When a table cannot tell what it holds.
    pub async fn look(
        &self,
        before: Option<&Cursor>,
    ) -> Result<(Cursor, Vec<String>), EngineError> {
        let catalog = &self.session.shared().catalog;
        let (mut cursor, mut troubles) = (Cursor::default(), Vec::new());
        for name in self.settings.sources.keys() {
            match catalog.files_of(name).await {
                Ok(Some(files)) => {
                    if let Some(contents) = contents_of(files.as_ref()).await? {
                        cursor.sources.insert(name.clone(), contents);
                    }
                }
                Ok(None) => {}
                Err(error) => {
                    troubles.push(format!("source {name}: {error}"));
                    if let Some(contents) = before.and_then(|before| before.sources.get(name)) {
                        cursor.sources.insert(name.clone(), contents.clone());
                    }
                }
            }
        }
        Ok((cursor, troubles))
    }

    /// How far builds have come, if any has.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub async fn cursor(&self) -> Result<Option<Cursor>, EngineError> {
        let (store, path) = self.cursor_file()?;
        let found = match store.get(&path).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed("read", &error)),
        };
        let bytes = found
            .bytes()
            .await
            .map_err(|error| failed("read", &error))?;
        let cursor = serde_json::from_slice(&bytes);
        cursor.map(Some).map_err(|error| failed("read", &error))
    }

    /// Keeps how far builds have come.
    ///
    /// # Errors
    /// When the warehouse cannot be written.
    pub async fn keep_cursor(&self, cursor: &Cursor) -> Result<(), EngineError> {
        let (store, path) = self.cursor_file()?;
        let text = serde_json::to_vec_pretty(cursor).map_err(|error| failed("written", &error))?;
        let put = store.put(&path, PutPayload::from(text)).await;
        put.map(drop).map_err(|error| failed("written", &error))
    }

    fn cursor_file(
        &self,
    ) -> Result<(std::sync::Arc<dyn object_store::ObjectStore>, Path), EngineError> {
        let state = self.session.context().state();
        let place = Place::to_be(&state, &self.warehouse()?.location)?;
        Ok((place.store, place.path.join(FILE)))
    }

    /// Those of some models, each after those that it reads, that are made of some sources, and those
    /// that these read whose definition the warehouse does not have. [`Self::compare`] comes first.
    pub fn touched<'a>(&self, models: &[&'a Model], sources: &BTreeSet<String>) -> Vec<&'a Model> {
        let mut made: BTreeSet<&str> = BTreeSet::new();
        for model in models {
            let needs = self.graph.needs(&model.name);
            let of_sources = !needs.sources.is_disjoint(sources);
            if of_sources || needs.all().any(|read| made.contains(read.as_str())) {
                made.insert(&model.name);
            }
        }
        let mut needed = made.clone();
        for model in models.iter().rev() {
            if needed.contains(model.name.as_str()) {
                let reads = self.graph.needs(&model.name).all();
                needed.extend(reads.map(String::as_str));
            }
        }
        let state = self.state.as_deref();
        let is_modified = |name: &str| state.is_some_and(|state| state.modified.contains(name));
        let mut chosen = models.to_vec();
        chosen.retain(|model| {
            let name = model.name.as_str();
            made.contains(name) || (needed.contains(name) && is_modified(name))
        });
        chosen
    }

    /// The folders on disk in which files of sources come to lie.
    pub fn source_folders(&self) -> BTreeSet<PathBuf> {
        let locations = self
            .settings
            .sources
            .values()
            .map(|source| &source.location);
        let paths = locations.filter_map(|text| {
            let path = Location::parse(text, &self.folder).ok()?.local_path()?;
            let is_folder = path.is_dir();
            let folder = if is_folder {
                Some(path.as_path())
            } else {
                path.parent()
            };
            folder.map(std::path::Path::to_path_buf)
        });
        paths.filter(|path| path.is_dir()).collect()
    }
}

fn failed(what: &str, error: &dyn std::error::Error) -> EngineError {
    EngineError::Storage {
        message: format!("{FILE} of the warehouse cannot be {what}: {error}"),
    }
}
