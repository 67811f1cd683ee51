//! The warehouse of a target: where models are built, and what queries see of them.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use datafusion::catalog::Session;
use futures::{StreamExt, TryStreamExt};

use super::manifest::{ManifestFile, Stamp};
use crate::EngineError;
use crate::catalog::Catalog;
use crate::config::ProjectSettings;
use crate::formats::Place;
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

/// Removes a folder with all that is in it, which need not be there.
///
/// # Errors
/// When its store cannot be reached.
pub(super) async fn remove(session: &dyn Session, folder: &Location) -> Result<(), EngineError> {
    if let Some(path) = folder.local_path() {
        return match fs::remove_dir_all(path) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot_remove(folder, &error)),
            _ => Ok(()),
        };
    }
    let place = Place::to_be(session, folder)?;
    let failed = |error| cannot_remove(folder, &error);
    let files = place.store.list(Some(&place.path));
    let paths = files.map_ok(|file| file.location).boxed();
    let removed: Vec<_> = place
        .store
        .delete_stream(paths)
        .try_collect()
        .await
        .map_err(failed)?;
    tracing::debug!(%folder, files = removed.len(), "removed");
    Ok(())
}

fn cannot_remove(folder: &Location, error: &dyn std::error::Error) -> EngineError {
    EngineError::Storage {
        message: format!("the folder \"{folder}\" cannot be removed: {error}"),
    }
}
