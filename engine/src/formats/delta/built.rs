//! A Delta table that builds write, as it was when the build began with it.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use deltalake::delta_datafusion::{DeltaScanConfig, DeltaScanNext};
use deltalake::kernel::Transaction;
use deltalake::logstore::LogStoreRef;
use deltalake::{DeltaTable, DeltaTableError};

use super::provider::scan_of;
use super::write::same;
use super::{failure, log_store};
use crate::formats::files::listing::Place;
use crate::stores::Location;
use crate::{EngineError, ingest};

/// The columns that a build writes, and those by which it parts them into folders.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    /// As Delta Lake keeps them.
    pub(crate) columns: SchemaRef,
    pub(crate) partition_by: Vec<String>,
}

impl Shape {
    /// One folder for rows with these columns.
    ///
    /// # Errors
    /// When no table can have them.
    pub(crate) fn whole(came: &Schema) -> Result<Self, EngineError> {
        Ok(Self {
            columns: ingest::delta_columns(came)?,
            partition_by: Vec::new(),
        })
    }
}

/// A table as it was when the build began with it.
#[derive(Debug, Clone)]
pub(crate) struct BuiltTable {
    pub(super) name: String,
    pub(super) log: LogStoreRef,
    pub(super) table: Option<DeltaTable>,
    /// Names that the next commit leaves.
    pub(super) stamps: Vec<Transaction>,
}

impl BuiltTable {
    /// The table at a location, which need not be there yet.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub(crate) async fn open(
        session: &dyn Session,
        location: &Location,
    ) -> Result<Self, EngineError> {
        let log = log_store(&Place::to_be(session, location)?);
        Self::found(location.to_string(), log).await
    }

    /// The table of a log, which need not be there yet.
    pub(super) async fn found(name: String, log: LogStoreRef) -> Result<Self, EngineError> {
        let failed = |error| EngineError::from(failure(&name, error));
        let mut table = None;
        if log.is_delta_table_location().await.map_err(failed)? {
            let mut found = DeltaTable::new(Arc::clone(&log));
            found.load().await.map_err(failed)?;
            table = Some(found);
        }
        Ok(Self {
            name,
            log,
            table,
            stamps: Vec::new(),
        })
    }

    /// Its columns; none where there is no table yet.
    pub(crate) fn columns(&self) -> Result<Option<SchemaRef>, EngineError> {
        let Some(table) = &self.table else {
            return Ok(None);
        };
        let snapshot = table.snapshot().map_err(|error| self.failed(error))?;
        Ok(Some(snapshot.snapshot().arrow_schema()))
    }

    /// Whether files of this shape fit the table.
    pub(crate) fn has(&self, shape: &Shape) -> Result<bool, EngineError> {
        let (Some(table), Some(columns)) = (&self.table, self.columns()?) else {
            return Ok(false);
        };
        let snapshot = table.snapshot().map_err(|error| self.failed(error))?;
        Ok(same(&columns, &shape.columns)
            && *snapshot.metadata().partition_columns() == shape.partition_by)
    }

    /// How its columns and partitions are to change for a shape; empty where it is to stay as it is,
    /// or to be made.
    pub(crate) fn changes(&self, shape: &Shape) -> Result<Vec<String>, EngineError> {
        let Some(columns) = self.columns()? else {
            return Ok(Vec::new());
        };
        if self.has(shape)? {
            return Ok(Vec::new());
        }
        let wanted = &shape.columns;
        let mut changes = Vec::new();
        for field in columns.fields() {
            let name = field.name();
            match wanted.column_with_name(name) {
                None => changes.push(format!("{name} goes")),
                Some((_, new)) if !new.data_type().equals_datatype(field.data_type()) => changes
                    .push(format!(
                        "{name} becomes {} from {}",
                        new.data_type(),
                        field.data_type()
                    )),
                Some(_) => {}
            }
        }
        let added = wanted.fields().iter().map(|field| field.name());
        let added = added.filter(|name| columns.column_with_name(name).is_none());
        changes.extend(added.map(|name| format!("{name} comes")));
        if changes.is_empty() {
            changes.push(match shape.partition_by.as_slice() {
                [] => "they are in another order, or no longer parted".to_owned(),
                by => format!("they are in another order, or parted by {}", by.join(", ")),
            });
        }
        Ok(changes)
    }

    /// How many rows it has, where its files say so.
    pub(crate) fn rows(&self) -> Option<u64> {
        let files = self.table.as_ref()?.snapshot().ok()?.log_data();
        files
            .into_iter()
            .map(|file| file.num_records())
            .try_fold(0, |sum, rows| {
                rows.and_then(|rows| u64::try_from(rows).ok())
                    .map(|rows| sum + rows)
            })
    }

    /// How many rows a partition has on average; 0 where there are none.
    pub(crate) fn rows_a_partition(&self) -> u64 {
        let Some(snapshot) = self.table.as_ref().and_then(|table| table.snapshot().ok()) else {
            return 0;
        };
        let files = snapshot.log_data().into_iter();
        let partitions: BTreeSet<Vec<_>> = files
            .map(|file| file.partition_values_map().into_iter().collect())
            .collect();
        let count = u64::try_from(partitions.len()).unwrap_or(u64::MAX);
        self.rows().unwrap_or(0) / count.max(1)
    }

    /// The table, with a column that says which file a row is in.
    pub(crate) fn with_files(&self, column: &str) -> Result<Arc<dyn TableProvider>, EngineError> {
        let Some(table) = &self.table else {
            return Err(self.not_there());
        };
        let snapshot = table.snapshot().map_err(|error| self.failed(error))?;
        let config = DeltaScanConfig::new()
            .with_wrap_partition_values(false)
            .with_file_column_name(column);
        let scan = DeltaScanNext::new(snapshot.snapshot().clone(), config)?;
        Ok(Arc::new(scan))
    }

    /// The rows of some of its files.
    pub(crate) fn of_files(
        &self,
        files: &BTreeSet<String>,
    ) -> Result<Arc<dyn TableProvider>, EngineError> {
        let Some(table) = &self.table else {
            return Err(self.not_there());
        };
        let scan = scan_of(table, &self.name)?.with_file_paths(files);
        Ok(Arc::new(scan))
    }

    pub(super) fn failed(&self, error: DeltaTableError) -> EngineError {
        failure(&self.name, error).into()
    }

    fn not_there(&self) -> EngineError {
        EngineError::Internal {
            message: format!("there is no table at \"{}\" to read", self.name),
        }
    }
}

/// The last part of a file's path, which no other file of a table has.
pub(crate) fn file_name(path: &str) -> &str {
    path.rsplit_once('/').map_or(path, |(_, name)| name)
}
