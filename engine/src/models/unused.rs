//! What a warehouse has of models that the project has no longer.

use std::collections::BTreeMap;

use super::lock::BuildLock;
use super::manifest::Relation;
use super::project::Project;
use super::warehouse;
use crate::EngineError;

type Models = BTreeMap<String, Relation>;

impl Project {
    /// Takes models out of the warehouse that the project no longer has, with their tables, and returns
    /// their names.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when a build is at work there; when it cannot be written.
    pub async fn drop_unused(&self) -> Result<Vec<String>, EngineError> {
        let warehouse = self.warehouse()?;
        let _lock = BuildLock::take(&warehouse.location)?;
        let (mut manifest, _, version) = warehouse.file.read().await?;
        let models = std::mem::take(&mut manifest.models);
        let is_used = |name: &String| self.library.models.contains_key(name);
        let (used, unused): (Models, Models) =
            models.into_iter().partition(|(name, _)| is_used(name));
        manifest.models = used;
        if unused.is_empty() {
            return Ok(Vec::new());
        }
        // Files go when nobody finds them any more.
        warehouse.file.write(&manifest, version).await?;
        warehouse.refresh(&self.session.shared().catalog).await?;
        let state = self.session.context().state();
        for folder in unused.values().filter_map(|unused| unused.folder.as_ref()) {
            let location = warehouse.location.child(folder, true)?;
            warehouse::remove(&state, &location).await?;
        }
        Ok(unused.into_keys().collect())
    }
}
