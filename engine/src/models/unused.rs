//! What a warehouse has of models that the project has no longer.

use std::collections::BTreeMap;

use super::lock::BuildLock;
use super::manifest::Relation;
use super::project::Project;
use super::warehouse;
use crate::EngineError;

type Models = BTreeMap<String, Relation>;

impl Project {
    /// The models that the target's warehouse has and the project no longer, with what became of them.
    ///
    /// # Errors
    /// When the warehouse cannot be read.
    pub async fn unused(&self) -> Result<BTreeMap<String, String>, EngineError> {
        let (manifest, _, _) = self.warehouse()?.file.read().await?;
        let (_, unused) = self.parted(manifest.models);
        let kinds = unused
            .into_iter()
            .map(|(name, relation)| (name, relation.kind));
        Ok(kinds.collect())
    }

    /// Takes them out of the warehouse, with their tables, and returns their names.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when a build is at work there; when it cannot be written. Folders that
    /// cannot be removed are named, and belong to no model any more.
    pub async fn drop_unused(&self) -> Result<Vec<String>, EngineError> {
        let warehouse = self.warehouse()?;
        let _lock = BuildLock::take(&warehouse.location)?;
        let (mut manifest, _, version) = warehouse.file.read().await?;
        let (used, unused) = self.parted(std::mem::take(&mut manifest.models));
        manifest.models = used;
        if unused.is_empty() {
            return Ok(Vec::new());
        }
        // Files go when nobody finds them any more.
        warehouse.file.write(&manifest, version).await?;
        warehouse.refresh(&self.session.shared().catalog).await?;
        let state = self.session.context().state();
        let mut left = Vec::new();
        for folder in unused.values().filter_map(|unused| unused.folder.as_ref()) {
            let location = warehouse.location.child(folder, true)?;
            if let Err(error) = warehouse::remove(&state, &location).await {
                left.push(error.to_string());
            }
        }
        match left.is_empty() {
            true => Ok(unused.into_keys().collect()),
            false => Err(EngineError::Storage {
                message: left.join("; "),
            }),
        }
    }

    /// The models that the project has, and those that it has not.
    fn parted(&self, models: Models) -> (Models, Models) {
        let is_used = |name: &String| self.library.models.contains_key(name);
        models.into_iter().partition(|(name, _)| is_used(name))
    }
}
