//! Finding the files of a table, afresh for every query.

use std::sync::Arc;

use datafusion::catalog::Session;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use futures::{StreamExt, TryStreamExt};
use glob::Pattern;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use url::Position;

use crate::EngineError;
use crate::formats::classify;
use crate::nearest::did_you_mean;
use crate::stores::Location;

/// A file that belongs to a table.
#[derive(Debug, Clone)]
pub(crate) struct DataFile {
    /// What the store says of it.
    pub(crate) meta: ObjectMeta,
    /// How it is compressed.
    pub(crate) compression: FileCompressionType,
}

/// A location that was looked at: the store, the path in it, file or folder.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) location: Location,
    pub(crate) store_url: ObjectStoreUrl,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) path: Path,
    pub(crate) folder: bool,
}

impl Place {
    /// Looks whether `location` is a file or a folder.
    ///
    /// # Errors
    /// When there is nothing, naming what is near; when the store can't be reached.
    pub(crate) async fn find(session: &dyn Session, location: &Location) -> Result<Self> {
        let url = location.url();
        let store_url = ObjectStoreUrl::parse(&url[..Position::BeforePath])?;
        let store = session.runtime_env().object_store(&store_url)?;
        let path = Path::from_url_path(url.path())?;
        let mut place = Self {
            location: location.clone(),
            store_url,
            store,
            path,
            folder: true,
        };
        if let Some(local) = location.local_path() {
            if !local.exists() {
                return Err(missing(location, &near_on_disk(&local)));
            }
            place.folder = local.is_dir();
        } else if !url.path().ends_with('/') && !place.path.as_ref().is_empty() {
            place.folder = match place.store.head(&place.path).await {
                Ok(_) => false,
                Err(object_store::Error::NotFound { .. }) if !location.is_http() => true,
                Err(object_store::Error::NotFound { .. }) => {
                    return Err(missing(location, ""));
                }
                // Some servers fail on a folder's name instead of not finding it.
                Err(error @ object_store::Error::Generic { .. }) if !location.is_http() => {
                    match place.store.list(Some(&place.path)).next().await {
                        Some(Ok(_)) => true,
                        _ => return Err(error.into()),
                    }
                }
                Err(error) => return Err(error.into()),
            };
        }
        if place.folder {
            place.location = place.location.as_folder();
            if location.local_path().is_none() {
                let first = place
                    .store
                    .list(Some(&place.path))
                    .next()
                    .await
                    .transpose()?;
                if first.is_none() {
                    return Err(missing(location, &place.near().await));
                }
            }
        }
        Ok(place)
    }

    /// The folder of a table that need not be there yet.
    ///
    /// # Errors
    /// When there is no store for it.
    pub(crate) fn to_be(session: &dyn Session, location: &Location) -> Result<Self> {
        let location = location.as_folder();
        let url = location.url();
        let store_url = ObjectStoreUrl::parse(&url[..Position::BeforePath])?;
        Ok(Self {
            store: session.runtime_env().object_store(&store_url)?,
            path: Path::from_url_path(url.path())?,
            store_url,
            location,
            folder: true,
        })
    }

    /// Everything below the place that no tool left there for itself, by path.
    pub(crate) async fn list(&self) -> Result<Vec<ObjectMeta>> {
        if !self.folder {
            return match self.store.head(&self.path).await {
                Ok(meta) => Ok(vec![meta]),
                Err(object_store::Error::NotFound { .. }) => {
                    Err(missing(&self.location, " any more"))
                }
                Err(error) => Err(error.into()),
            };
        }
        // An empty folder is a table without rows; one that is gone is none.
        let local = self.location.local_path();
        if local.is_some_and(|folder| !folder.exists()) {
            return Err(missing(&self.location, " any more"));
        }
        let pattern = self.location.glob().map(Pattern::new).transpose();
        let pattern = pattern.map_err(|error| {
            DataFusionError::Plan(format!("\"{}\" is no pattern: {error}", self.location))
        })?;
        let mut files: Vec<_> = self
            .store
            .list(Some(&self.path))
            .map_err(DataFusionError::from)
            .try_filter(|meta| {
                let relative = self.relative(&meta.location);
                let wanted = !classify::is_hidden(relative)
                    && pattern.as_ref().is_none_or(|p| p.matches(relative));
                futures::future::ready(wanted)
            })
            .try_collect()
            .await?;
        files.sort_unstable_by(|a, b| a.location.cmp(&b.location));
        Ok(files)
    }

    /// A file's path below the place.
    pub(crate) fn relative<'a>(&self, path: &'a Path) -> &'a str {
        path.as_ref()
            .strip_prefix(self.path.as_ref())
            .unwrap_or(path.as_ref())
            .trim_start_matches('/')
    }

    /// A sibling whose name is near, for a message.
    async fn near(&self) -> String {
        let parts: Vec<_> = self.path.parts().collect();
        let Some((last, parents)) = parts.split_last() else {
            return String::new();
        };
        let parent = Path::from_iter(parents.iter().cloned());
        let Ok(listing) = self.store.list_with_delimiter(Some(&parent)).await else {
            return String::new();
        };
        let names: Vec<_> = listing
            .objects
            .iter()
            .filter_map(|o| o.location.filename())
            .chain(listing.common_prefixes.iter().filter_map(Path::filename))
            .collect();
        did_you_mean(last.as_ref(), names)
    }
}

fn missing(location: &Location, more: &str) -> DataFusionError {
    let message = format!("\"{location}\" does not exist{more}");
    EngineError::NotFound {
        message,
        location: None,
    }
    .into()
}

/// The nearest name beside a missing path, or the first folder that is missing.
fn near_on_disk(path: &std::path::Path) -> String {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
        return String::new();
    };
    if !parent.exists() {
        return format!(": there is no folder \"{}\"", parent.display());
    }
    let names: Vec<String> = std::fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    did_you_mean(&name.to_string_lossy(), names)
}
