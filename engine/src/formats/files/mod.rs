//! Tables made of plain files: listed afresh for every query, so that new,
//! replaced and deleted files count at once.

pub(crate) mod apart;
mod changes;
mod columns;
mod infer;
mod insert;
pub(super) mod listing;
pub(super) mod named;
mod partitions;
mod single;
mod statistics;
mod table;
pub(super) mod widen;

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::plan_err;
use datafusion::datasource::file_format::FileFormat;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::physical_plan::FileScanConfig;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_plan::ExecutionPlan;
use object_store::{ObjectMeta, ObjectStore};

use self::listing::{DataFile, Place};
pub(crate) use self::single::single_files;
pub(super) use self::table::FileTable;
use super::{TableDefinition, TableFormat, classify, message};

/// What a format of plain files adds to [`TableFormat`].
#[async_trait]
pub(super) trait FileKind: fmt::Debug + Send + Sync {
    /// DataFusion's format, for files compressed so.
    fn format(
        &self,
        session: &dyn Session,
        compression: FileCompressionType,
    ) -> Arc<dyn FileFormat>;

    /// The columns of some files.
    async fn infer(
        &self,
        session: &dyn Session,
        store: &Arc<dyn ObjectStore>,
        files: &[DataFile],
    ) -> Result<SchemaRef> {
        let metas: Vec<_> = files.iter().map(|file| file.meta.clone()).collect();
        self.format(session, FileCompressionType::UNCOMPRESSED)
            .infer_schema(session, store, &metas)
            .await
    }

    /// How many files, the first ones, tell the columns.
    fn sampled(&self) -> usize {
        usize::MAX
    }

    /// Checks a file that a query sees for the first time.
    ///
    /// # Errors
    /// When its columns are not the table's, in a format that would mix them up.
    async fn verify(
        &self,
        _session: &dyn Session,
        _store: &Arc<dyn ObjectStore>,
        _file: &DataFile,
        _schema: &Schema,
    ) -> Result<()> {
        Ok(())
    }

    /// Whether columns are found by name; else a partition column may not be in
    /// the files as well.
    fn by_name(&self) -> bool {
        true
    }

    /// The plan that reads the files.
    async fn scan(
        &self,
        session: &dyn Session,
        compression: FileCompressionType,
        config: FileScanConfig,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        self.format(session, compression)
            .create_physical_plan(session, config)
            .await
    }
}

/// Opens a table of plain files.
pub(super) async fn open(
    session: &dyn Session,
    definition: &TableDefinition,
    format: &'static dyn TableFormat,
    kind: Arc<dyn FileKind>,
) -> Result<Arc<dyn TableProvider>> {
    let selection = Selection::of(session, definition, format).await?;
    let files = selection.list().await?;
    if files.is_empty() {
        return Err(selection.nothing_found(definition).await?);
    }
    let source = Source {
        name: definition.name.clone(),
        sql: definition.sql.clone(),
        partition_columns: partition_columns(definition, &selection, &files)?,
        declared: definition.schema.clone(),
        selection,
        kind,
    };
    Ok(Arc::new(FileTable::open(session, source, &files).await?))
}

/// The files of a table, for who reads them one by one.
#[derive(Debug)]
pub(crate) struct FileSet {
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) files: Vec<DataFile>,
    store_url: ObjectStoreUrl,
    /// Whether the names of folders are columns.
    pub(crate) is_parted: bool,
}

impl FileSet {
    /// The files that a definition means.
    ///
    /// # Errors
    /// When there are none, or they cannot be listed.
    pub(crate) async fn of(
        session: &dyn Session,
        definition: &TableDefinition,
        format: &'static dyn TableFormat,
    ) -> Result<Self> {
        let selection = Selection::of(session, definition, format).await?;
        let files = selection.list().await?;
        if files.is_empty() {
            return Err(selection.nothing_found(definition).await?);
        }
        Ok(Self {
            store: Arc::clone(selection.store()),
            store_url: selection.store_url().clone(),
            is_parted: !partition_columns(definition, &selection, &files)?.is_empty(),
            files,
        })
    }

    /// A file as the user knows it.
    pub(crate) fn name(&self, file: &DataFile) -> String {
        message::file_name(&self.store_url, &file.meta.location)
    }
}

/// What stays as it was when a table of plain files was opened.
#[derive(Debug)]
struct Source {
    name: String,
    sql: Option<String>,
    selection: Selection,
    kind: Arc<dyn FileKind>,
    partition_columns: Vec<Field>,
    /// The columns, when they were declared.
    declared: Option<SchemaRef>,
}

/// Which files belong to a table.
#[derive(Debug, Clone)]
pub(super) struct Selection {
    places: Vec<Place>,
    format: &'static dyn TableFormat,
    compression: Option<FileCompressionType>,
}

impl Selection {
    /// The files that a definition means.
    async fn of(
        session: &dyn Session,
        definition: &TableDefinition,
        format: &'static dyn TableFormat,
    ) -> Result<Self> {
        let compression = match definition.options.text("compression") {
            Some(text) => Some(classify::compression_named(text)?),
            None => None,
        };
        let mut places: Vec<Place> = Vec::with_capacity(definition.locations.len());
        for location in &definition.locations {
            let place = Place::find(session, location).await?;
            if let Some(first) = places.first()
                && first.store_url != place.store_url
            {
                return plan_err!(
                    "table \"{}\" has locations in different stores, {} and {}",
                    definition.name,
                    first.store_url,
                    place.store_url
                );
            }
            places.push(place);
        }
        Ok(Self {
            places,
            format,
            compression,
        })
    }

    fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.places[0].store
    }

    fn store_url(&self) -> &ObjectStoreUrl {
        &self.places[0].store_url
    }

    /// Whether looking takes requests over a network.
    fn is_remote(&self) -> bool {
        self.places[0].location.local_path().is_none()
    }

    /// The files that hold rows now.
    async fn list(&self) -> Result<Vec<DataFile>> {
        let mut out = Vec::new();
        for place in &self.places {
            let mut found = place.list().await?;
            if place.folder {
                // Files with the format's extensions; where none has a known
                // one, as Hadoop writes them, all.
                let of = |m: &ObjectMeta| classify::format_of(m.location.as_ref());
                if found.iter().any(|m| of(m).is_some()) {
                    found.retain(|m| of(m).is_some_and(|f| f.name() == self.format.name()));
                }
                found.retain(|m| m.size > 0);
            } else if let Some(empty) = found.iter().find(|m| m.size == 0) {
                return plan_err!(
                    "file \"{}\" is empty",
                    message::file_name(&place.store_url, &empty.location)
                );
            }
            out.extend(found.into_iter().map(|meta| {
                let named = classify::compression_of(meta.location.as_ref());
                let compression = named
                    .or(self.compression)
                    .unwrap_or(FileCompressionType::UNCOMPRESSED);
                DataFile { meta, compression }
            }));
        }
        Ok(out)
    }

    /// A file's path below the place it was found in.
    fn relative<'a>(&self, file: &'a DataFile) -> &'a str {
        let path = &file.meta.location;
        let place = self.places.iter().find(|p| path.prefix_matches(&p.path));
        place.map_or(path.as_ref(), |p| p.relative(path))
    }

    /// Why a folder held no files.
    async fn nothing_found(&self, definition: &TableDefinition) -> Result<DataFusionError> {
        let mut empty = 0;
        let mut others = 0;
        for place in &self.places {
            for meta in place.list().await? {
                if meta.size == 0 {
                    empty += 1
                } else {
                    others += 1
                }
            }
        }
        let place = &self.places[0].location;
        let format = self.format.name();
        Ok(DataFusionError::Plan(match (empty, others) {
            (0, 0) => format!(
                "\"{place}\" holds no data files for table \"{}\"",
                definition.name
            ),
            (_, 0) => format!("the files in \"{place}\" are all empty"),
            _ => format!("\"{place}\" holds no {format} files, but {others} others"),
        }))
    }
}

/// The partition columns: those declared, or those that the folders show.
fn partition_columns(
    definition: &TableDefinition,
    selection: &Selection,
    files: &[DataFile],
) -> Result<Vec<Field>> {
    let relative = files.iter().map(|f| selection.relative(f));
    let Some(declared) = &definition.partition_columns else {
        return partitions::infer(&definition.name, relative);
    };
    let found = partitions::infer(&definition.name, relative)?;
    declared
        .iter()
        .map(|name| {
            let in_schema = definition
                .schema
                .as_ref()
                .and_then(|s| s.field_with_name(name).ok().cloned());
            let Some(found) = found.iter().find(|f| f.name() == name) else {
                return plan_err!(
                    "partition column \"{name}\" of table \"{}\" is in no folder name of \"{}\"",
                    definition.name,
                    selection.places[0].location
                );
            };
            let ty = in_schema.map_or_else(
                || found.data_type().clone(),
                |field| match field.data_type() {
                    DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
                    other => other.clone(),
                },
            );
            Ok(Field::new(name, ty, true))
        })
        .collect()
}
