//! The columns of a table of plain files, and what is known of files that have them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::Session;
use datafusion::common::plan_err;
use datafusion::error::Result;
use object_store::ObjectMeta;
use object_store::path::Path;

use super::listing::DataFile;
use super::statistics::FileStatistics;
use super::{Source, infer};
use crate::formats::message;

/// The columns, as long as the files that tell them stay as they are.
pub(super) struct Columns {
    /// Those in the files.
    pub(super) file_schema: SchemaRef,
    /// Those, and the partition columns.
    pub(super) table_schema: SchemaRef,
    pub(super) statistics: FileStatistics,
    /// The files that told the columns, as they were then; none tell declared columns.
    told_by: Option<Vec<ObjectMeta>>,
    /// Files whose columns were checked, as they were then.
    verified: Mutex<HashMap<Path, ObjectMeta>>,
}

impl Columns {
    /// The declared columns, or those that the files have now.
    pub(super) async fn find(
        session: &dyn Session,
        source: &Source,
        files: &[DataFile],
    ) -> Result<Self> {
        let (kind, selection) = (source.kind.as_ref(), &source.selection);
        let (found, told_by) = match &source.declared {
            Some(declared) => (Arc::clone(declared), None),
            None => {
                let told_by = told_by(source, files).cloned().collect();
                let found = infer::schema(session, selection, files, kind).await?;
                (found, Some(told_by))
            }
        };
        let is_partition = |field: &Field| {
            let mut partitions = source.partition_columns.iter();
            partitions.any(|partition| partition.name() == field.name())
        };
        let in_files = found.fields().iter().filter(|field| !is_partition(field));
        let in_files: Vec<_> = in_files.cloned().collect();
        if in_files.len() < found.fields().len() && source.declared.is_none() && !kind.by_name() {
            return plan_err!(
                "table \"{}\" has a partition folder and a column of the same name; {} files are read by \
                 position, so rename one of them",
                source.name,
                selection.format.name()
            );
        }
        let partitions = source.partition_columns.iter().cloned().map(Arc::new);
        let all: Vec<_> = in_files.iter().cloned().chain(partitions).collect();
        let schema = |fields| Arc::new(Schema::new_with_metadata(fields, found.metadata().clone()));
        let (file_schema, table_schema) = (schema(in_files), schema(all));
        Ok(Self {
            statistics: FileStatistics::new(&source.kind, selection, &file_schema),
            file_schema,
            table_schema,
            told_by,
            verified: Mutex::default(),
        })
    }

    /// Whether these files still have the columns, as far as can be told without reading them.
    pub(super) fn hold(&self, source: &Source, files: &[DataFile]) -> bool {
        let told = self.told_by.as_ref();
        told.is_none_or(|told| told.iter().eq(told_by(source, files)))
    }

    /// Checks a file once for each state it was seen in.
    pub(super) async fn verify(
        &self,
        session: &dyn Session,
        source: &Source,
        file: &DataFile,
    ) -> Result<()> {
        let meta = &file.meta;
        let seen = self
            .verified
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&meta.location)
            .is_some_and(|old| old == meta);
        if !seen {
            let store = source.selection.store();
            source
                .kind
                .verify(session, store, file, &self.file_schema)
                .await
                .map_err(|error| {
                    let name = message::file_name(source.selection.store_url(), &meta.location);
                    message::in_file(&name, error)
                })?;
            let mut verified = self.verified.lock().unwrap_or_else(PoisonError::into_inner);
            verified.insert(meta.location.clone(), meta.clone());
        }
        Ok(())
    }
}

/// The files that tell a table's columns.
fn told_by<'a>(source: &Source, files: &'a [DataFile]) -> impl Iterator<Item = &'a ObjectMeta> {
    files
        .iter()
        .take(source.kind.sampled())
        .map(|file| &file.meta)
}
