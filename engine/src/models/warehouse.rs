//! The warehouse of a target: where models are built, and what queries see of them.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use datafusion::catalog::Session;

use super::manifest::{ManifestFile, Stamp};
use crate::EngineError;
use crate::catalog::Catalog;
use crate::config::ProjectSettings;
use crate::stores::Location;

/// A folder or bucket with the tables of models.
#[derive(Debug)]
pub(crate) struct Warehouse {
    pub(crate) location: Location,
    pub(crate) file: ManifestFile,
    seen: Mutex<Option<Stamp>>,
}

impl Warehouse {
    /// The warehouse of a project's target, which need not be there yet.
    ///
    /// # Errors
    /// When no tables can be made there.
    pub(crate) fn of(
        project: &ProjectSettings,
        base: &Path,
        session: &dyn Session,
    ) -> Result<Self, EngineError> {
        let location = Location::of_tables(&project.warehouse, base);
        let location = location.map_err(|why| EngineError::Config {
            message: format!("targets.{}.warehouse: {why}", project.target),
        })?;
        Ok(Self {
            file: ManifestFile::of(session, &location)?,
            location,
            seen: Mutex::default(),
        })
    }

    /// Makes the catalog agree with what builds have left, if that is another than before.
    ///
    /// # Errors
    /// When the manifest cannot be read; then the catalog stays as it is.
    pub(crate) async fn refresh(&self, catalog: &Catalog) -> Result<(), EngineError> {
        let stamp = self.file.stamp().await?;
        let is_known = *self.seen.lock().unwrap_or_else(PoisonError::into_inner) == Some(stamp);
        if is_known {
            return Ok(());
        }
        let (manifest, stamp, _) = self.file.read().await?;
        catalog.take_built(&self.location, &manifest)?;
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(stamp);
        Ok(())
    }
}
