//! Files that become part of a table that builds write, with one commit that says which of them hold
//! its rows from now on, and what the build noted.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroU64;
use std::sync::Arc;

use arrow::array::RecordBatch;
use deltalake::DeltaTableError;
use deltalake::datafile::writer::{DeltaWriter, WriterConfig};
use deltalake::kernel::engine::arrow_conversion::TryFromArrow;
use deltalake::kernel::transaction::{CommitBuilder, CommitProperties, TableReference};
use deltalake::kernel::{Action, Add, StructType};
use deltalake::operations::create::CreateBuilder;
use deltalake::operations::get_num_idx_cols_and_stats_columns;
use deltalake::protocol::{DeltaOperation, SaveMode};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::Value;

use super::built::{BuiltTable, Shape, file_name};
use super::noted::NOTE;
use super::write::{properties, refused};
use crate::EngineError;

/// Bytes of a file, about.
const FILE_BYTES: NonZeroU64 = NonZeroU64::new(128 << 20).unwrap();

/// Rows that are encoded at a time.
const ROWS_AT_ONCE: usize = 8192;

/// Which files a commit takes out of the table.
#[derive(Debug, Clone)]
pub(crate) enum Replaced {
    All,
    /// Those of these names.
    Files(BTreeSet<String>),
}

impl Replaced {
    /// None.
    pub(crate) fn nothing() -> Self {
        Self::Files(BTreeSet::new())
    }
}

/// Files that no commit has made part of the table yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Written(Vec<Add>);

impl Extend<Written> for Written {
    fn extend<T: IntoIterator<Item = Written>>(&mut self, written: T) {
        self.0
            .extend(written.into_iter().flat_map(|written| written.0));
    }
}

impl BuiltTable {
    /// Writes rows into files.
    ///
    /// # Errors
    /// Whatever the rows or the store fail with; then what was written belongs to nobody.
    pub(crate) async fn write(
        &self,
        shape: &Shape,
        mut rows: BoxStream<'static, Result<RecordBatch, EngineError>>,
    ) -> Result<Written, EngineError> {
        let (indexed, described) = get_num_idx_cols_and_stats_columns(None, HashMap::new());
        let config = WriterConfig::new(
            Arc::clone(&shape.columns),
            shape.partition_by.clone(),
            Some(properties()),
            Some(FILE_BYTES),
            Some(ROWS_AT_ONCE),
            indexed,
            described,
        );
        let mut writer = DeltaWriter::new(self.log.object_store(None), config);
        while let Some(batch) = rows.next().await {
            let written = match batch {
                Ok(batch) => writer
                    .write(&batch)
                    .await
                    .map_err(|error| refused(&self.name, error)),
                Err(error) => Err(error),
            };
            if let Err(error) = written {
                // What the rows failed with is what there is to say.
                let _ = writer.abort().await;
                return Err(error);
            }
        }
        let written = writer.close().await;
        written
            .map(Written)
            .map_err(|error| refused(&self.name, error))
    }

    /// Makes written files part of the table in the place of others, and keeps a note with them.
    /// Readers see all of it at once. A table whose columns the shape only adds to gets the others too;
    /// one of another shape is replaced whole.
    ///
    /// # Errors
    /// [`EngineError::Conflict`] when somebody else has changed the table meanwhile; then the table
    /// is what they have made of it.
    pub(crate) async fn commit(
        self,
        shape: &Shape,
        replaced: &Replaced,
        written: Written,
        note: Option<Value>,
    ) -> Result<Self, EngineError> {
        let note: Vec<_> = note
            .map(|note| (NOTE.to_owned(), note))
            .into_iter()
            .collect();
        // Tried again, it would go on top of what somebody else has made of the table.
        let properties = CommitProperties::default()
            .with_metadata(note)
            .with_application_transactions(self.stamps.clone())
            .with_max_retries(0);
        let mut actions: Vec<_> = written.0.into_iter().map(Action::Add).collect();
        let growth = self.growth(shape)?;
        let fits = growth.is_some() || self.has(shape)?;
        actions.extend(growth.into_iter().flatten());
        let Some(table) = self.table.as_ref().filter(|_| fits) else {
            let columns = StructType::try_from_arrow(shape.columns.as_ref())
                .map_err(|error| self.failed(DeltaTableError::Arrow { source: error }))?;
            let mode = match self.table {
                Some(_) => SaveMode::Overwrite,
                None => SaveMode::ErrorIfExists,
            };
            let made = CreateBuilder::new()
                .with_log_store(Arc::clone(&self.log))
                .with_columns(columns.fields().cloned())
                .with_partition_columns(&shape.partition_by)
                .with_save_mode(mode)
                .with_actions(actions)
                .with_commit_properties(properties)
                .await;
            let made = match made {
                Ok(made) => made,
                // It was not there before.
                Err(_) if self.table.is_none() && self.again().await?.is_there() => {
                    return Err(refused(
                        &self.name,
                        DeltaTableError::VersionAlreadyExists(0),
                    ));
                }
                Err(error) => return Err(refused(&self.name, error)),
            };
            return Ok(Self {
                table: Some(made),
                stamps: Vec::new(),
                ..self
            });
        };
        let snapshot = table.snapshot().map_err(|error| self.failed(error))?;
        let goes = |path: &str| match replaced {
            Replaced::All => true,
            Replaced::Files(names) => names.contains(file_name(path)),
        };
        let files = snapshot.log_data().into_iter();
        let gone = files.filter(|file| goes(&file.path()));
        actions.extend(gone.map(|file| Action::Remove(file.remove_action(true))));
        let operation = DeltaOperation::Write {
            mode: SaveMode::Overwrite,
            partition_by: (!shape.partition_by.is_empty()).then(|| shape.partition_by.clone()),
            predicate: None,
        };
        CommitBuilder::from(properties)
            .with_actions(actions)
            .build(
                Some(snapshot as &dyn TableReference),
                Arc::clone(&self.log),
                operation,
            )
            .await
            .map_err(|error| refused(&self.name, error))?;
        let mut table = table.clone();
        table
            .update_state()
            .await
            .map_err(|error| self.failed(error))?;
        Ok(Self {
            table: Some(table),
            stamps: Vec::new(),
            ..self
        })
    }
}
