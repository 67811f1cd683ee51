//! What the sources of a project hold, and how far builds have come with them.
//!
//! A cursor is kept in the warehouse, as `watch.json`, once everything that new files touch has been
//! built: whoever is killed before that finds the files new again, and incremental models, which note
//! by themselves what they have taken in, take none of them twice. Watchers that build other models have
//! files of their own.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use serde::{Deserialize, Serialize};

use super::model::Model;
use super::project::Project;
use super::selection::Selection;
use super::state::hexadecimal;
use crate::EngineError;
use crate::formats::Place;
use crate::formats::contents::{Contents, contents_of};
use crate::stores::Location;

/// What sources hold at one moment, and what else a watcher remembers.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    sources: BTreeMap<String, Contents>,
    /// The digest of the definitions of what is built, and of where its sources are.
    #[serde(default)]
    pub definitions: String,
    /// The names of alerts whose number is beyond its bounds.
    #[serde(default)]
    pub alerts: BTreeSet<String>,
}

impl Cursor {
    /// The name of the cursor of those who build a selection with values of variables.
    pub fn name(selection: &Selection, vars: &BTreeMap<String, String>) -> String {
        let Selection { select, exclude } = selection;
        if select.is_empty() && exclude.is_empty() && vars.is_empty() {
            return "watch".to_owned();
        }
        let digest = hexadecimal(&format!("{select:?}{exclude:?}{vars:?}"));
        format!("watch-{}", digest.chars().take(16).collect::<String>())
    }

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
                Ok(Some(files)) => match contents_of(files.as_ref()).await? {
                    Some(contents) => {
                        cursor.sources.insert(name.clone(), contents);
                    }
                    None => troubles.push(format!(
                        "source {name}: its files cannot tell what is new: build it by the clock"
                    )),
                },
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

    /// How far a watcher's builds have come, if any has.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub async fn cursor(&self, watcher: &str) -> Result<Option<Cursor>, EngineError> {
        let (store, path) = self.cursor_file(watcher)?;
        let found = match store.get(&path).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => return Err(failed("read", &path, &error)),
        };
        let bytes = found.bytes().await;
        let bytes = bytes.map_err(|error| failed("read", &path, &error))?;
        let cursor = serde_json::from_slice(&bytes);
        cursor
            .map(Some)
            .map_err(|error| failed("read", &path, &error))
    }

    /// Keeps how far a watcher's builds have come.
    ///
    /// # Errors
    /// When the warehouse cannot be written.
    pub async fn keep_cursor(&self, watcher: &str, cursor: &Cursor) -> Result<(), EngineError> {
        let (store, path) = self.cursor_file(watcher)?;
        let text = serde_json::to_vec_pretty(cursor);
        let text = text.map_err(|error| failed("written", &path, &error))?;
        let put = store.put(&path, PutPayload::from(text)).await;
        put.map(drop)
            .map_err(|error| failed("written", &path, &error))
    }

    fn cursor_file(&self, watcher: &str) -> Result<(Arc<dyn ObjectStore>, Path), EngineError> {
        let state = self.session.context().state();
        let place = Place::to_be(&state, &self.warehouse()?.location)?;
        Ok((place.store, place.path.join(format!("{watcher}.json"))))
    }

    /// The same for models of the same definitions over sources that are mapped alike.
    ///
    /// # Errors
    /// When a definition cannot be written.
    pub fn definitions(&self, models: &[&Model]) -> Result<String, EngineError> {
        let mut all = format!("{:?}", self.settings.sources);
        for model in models {
            all += &format!("\n{} {}", model.name, self.definition(model)?);
        }
        Ok(hexadecimal(&all))
    }

    /// Those of some models, each after those that it reads, that are made of some sources, and those
    /// that these read whose definition the warehouse does not have; with `redefined` all that it does
    /// not have so, and what is made of them. [`Self::compare`] comes first.
    pub fn touched<'a>(
        &self,
        models: &[&'a Model],
        sources: &BTreeSet<String>,
        redefined: bool,
    ) -> Vec<&'a Model> {
        let state = self.state.as_deref();
        let is_modified = |name: &str| state.is_some_and(|state| state.modified.contains(name));
        // The way from a source to a model may lead through such as are not meant.
        let mut made: BTreeSet<&str> = BTreeSet::new();
        for name in &self.graph.order {
            let needs = self.graph.needs(name);
            if !needs.sources.is_disjoint(sources)
                || (redefined && is_modified(name))
                || needs.all().any(|read| made.contains(read.as_str()))
            {
                made.insert(name);
            }
        }
        let is_meant = |name: &str| models.iter().any(|model| model.name == name);
        let mut needed: BTreeSet<&str> =
            made.iter().copied().filter(|name| is_meant(name)).collect();
        for name in self.graph.order.iter().rev() {
            if needed.contains(name.as_str()) {
                let reads = self.graph.needs(name).all();
                needed.extend(reads.map(String::as_str));
            }
        }
        let mut chosen = models.to_vec();
        chosen.retain(|model| {
            let name = model.name.as_str();
            made.contains(name) || (needed.contains(name) && is_modified(name))
        });
        chosen
    }

    /// The folders on disk in which files of sources come to lie, and whether what is in their folders
    /// counts too.
    pub fn source_folders(&self) -> BTreeMap<PathBuf, bool> {
        let locations = self
            .settings
            .sources
            .values()
            .map(|source| &source.location);
        let paths = locations.filter_map(|text| {
            let path = Location::parse(text, &self.folder).ok()?.local_path()?;
            match path.is_dir() {
                true => Some((path, true)),
                false => path.parent().map(|folder| (folder.to_path_buf(), false)),
            }
        });
        paths.filter(|(path, _)| path.is_dir()).collect()
    }
}

fn failed(what: &str, path: &Path, error: &dyn std::error::Error) -> EngineError {
    EngineError::Storage {
        message: format!("\"{path}\" of the warehouse cannot be {what}: {error}"),
    }
}
