//! What a warehouse holds: `manifest.json`, written whole after each model that was built.
//!
//! Views are kept as SQL with the values of their variables in it, tables as the folders of their
//! Delta tables. Readers compare the file's stamp and read it again when it is another.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{SecondsFormat, Utc};
use datafusion::catalog::Session;
use object_store::path::Path;
use object_store::{
    ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload, UpdateVersion,
};
use serde::{Deserialize, Serialize};

use super::model::Model;
use crate::EngineError;
use crate::formats::Place;
use crate::stores::Location;

const FILE: &str = "manifest.json";

/// The shape of the file that this engine writes.
const FORMAT: u32 = 1;

/// The models that a warehouse holds, by name.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    format: u32,
    pub(crate) models: BTreeMap<String, Relation>,
    /// The folders of rows that tests have found wrong, by the tests' names.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) failures: BTreeMap<String, String>,
}

impl Default for Manifest {
    fn default() -> Self {
        Self {
            format: FORMAT,
            models: BTreeMap::new(),
            failures: BTreeMap::new(),
        }
    }
}

/// A model that was built.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Relation {
    /// The word for what became of it.
    pub(crate) kind: String,
    /// The folder of its Delta table in the warehouse; a view has none.
    pub(crate) folder: Option<String>,
    /// Its query, with values in the place of variables; a seed has none.
    pub(crate) query: Option<String>,
    /// The values of its variables, as text.
    pub(crate) variables: BTreeMap<String, Option<String>>,
    /// The digest of what it was built from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) definition: Option<String>,
    /// How many rows were written; a view has none.
    pub(crate) rows: Option<u64>,
    /// When, in UTC, by RFC 3339.
    pub(crate) built_at: String,
}

impl Relation {
    /// A query that is run each time it is read.
    pub(super) fn view(
        kind: &str,
        query: String,
        variables: BTreeMap<String, Option<String>>,
    ) -> Self {
        Self {
            kind: kind.to_owned(),
            folder: None,
            query: Some(query),
            variables,
            definition: None,
            rows: None,
            built_at: now(),
        }
    }

    /// Rows in the folder of the model's name.
    pub(super) fn table(
        model: &Model,
        query: Option<String>,
        variables: BTreeMap<String, Option<String>>,
        rows: Option<u64>,
    ) -> Self {
        Self {
            kind: model.kind.word().to_owned(),
            folder: Some(model.name.clone()),
            query,
            variables,
            definition: None,
            rows,
            built_at: now(),
        }
    }

    /// Whether queries see the same of both.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        self.folder == other.folder && (self.folder.is_some() || self.query == other.query)
    }
}

/// Tells one writing of the file from another; none when there is no file.
pub(crate) type Stamp = Option<(Option<String>, i64, u64)>;

/// The file in its store.
#[derive(Debug)]
pub(crate) struct ManifestFile {
    store: Arc<dyn ObjectStore>,
    path: Path,
    /// What messages call the warehouse.
    warehouse: String,
    is_local: bool,
}

impl ManifestFile {
    /// The file of the warehouse at a location, which need not be there.
    pub(crate) fn of(session: &dyn Session, warehouse: &Location) -> Result<Self, EngineError> {
        let place = Place::to_be(session, warehouse)?;
        Ok(Self {
            path: place.path.clone().join(FILE),
            store: place.store,
            warehouse: warehouse.to_string(),
            is_local: warehouse.local_path().is_some(),
        })
    }

    /// What the file is now.
    pub(crate) async fn stamp(&self) -> Result<Stamp, EngineError> {
        match self.store.head(&self.path).await {
            Ok(meta) => Ok(stamp_of(&meta)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(self.failed("read", &error)),
        }
    }

    /// What the warehouse holds, and the version of the file that says so.
    pub(crate) async fn read(
        &self,
    ) -> Result<(Manifest, Stamp, Option<UpdateVersion>), EngineError> {
        let found = match self.store.get(&self.path).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => {
                return Ok((Manifest::default(), None, None));
            }
            Err(error) => return Err(self.failed("read", &error)),
        };
        let stamp = stamp_of(&found.meta);
        let version = UpdateVersion {
            e_tag: found.meta.e_tag.clone(),
            version: found.meta.version.clone(),
        };
        let bytes = found.bytes().await;
        let bytes = bytes.map_err(|error| self.failed("read", &error))?;
        let mut manifest: Manifest =
            serde_json::from_slice(&bytes).map_err(|error| self.malformed(&error.to_string()))?;
        if manifest.format > FORMAT {
            return Err(self.malformed(&format!(
                "format {} is newer than the {FORMAT} that this version reads",
                manifest.format
            )));
        }
        // Whoever writes it again writes it in this shape.
        manifest.format = FORMAT;
        Ok((manifest, stamp, Some(version)))
    }

    /// Puts the file in the place of the version that was read, and returns the new one.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when somebody else has written meanwhile.
    pub(crate) async fn write(
        &self,
        manifest: &Manifest,
        read: Option<UpdateVersion>,
    ) -> Result<Option<UpdateVersion>, EngineError> {
        let text = serde_json::to_vec_pretty(manifest)
            .map_err(|error| self.malformed(&error.to_string()))?;
        // On disk a lock keeps others away, and files have no versions.
        let mode = match (self.is_local, read) {
            (true, _) => PutMode::Overwrite,
            (false, Some(version)) => PutMode::Update(version),
            (false, None) => PutMode::Create,
        };
        let put = self
            .store
            .put_opts(&self.path, PutPayload::from(text), PutOptions::from(mode))
            .await;
        match put {
            Ok(put) => Ok(Some(UpdateVersion {
                e_tag: put.e_tag,
                version: put.version,
            })),
            Err(
                object_store::Error::Precondition { .. }
                | object_store::Error::AlreadyExists { .. },
            ) => Err(EngineError::Conflict {
                message: format!(
                    "another build has written to the warehouse \"{}\" meanwhile: wait until it is \
                     over, and build again",
                    self.warehouse
                ),
            }),
            Err(error) => Err(self.failed("written", &error)),
        }
    }

    fn failed(&self, what: &str, error: &object_store::Error) -> EngineError {
        EngineError::Storage {
            message: format!(
                "{FILE} of the warehouse \"{}\" cannot be {what}: {error}",
                self.warehouse
            ),
        }
    }

    fn malformed(&self, why: &str) -> EngineError {
        EngineError::Catalog {
            message: format!("{FILE} of the warehouse \"{}\": {why}", self.warehouse),
        }
    }
}

fn stamp_of(meta: &ObjectMeta) -> Stamp {
    let modified = meta.last_modified.timestamp_micros();
    Some((meta.e_tag.clone(), modified, meta.size))
}

fn now() -> String {
    Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true)
}
