//! Names that commits leave in a table, so that who comes again knows what it has.

use std::collections::BTreeSet;
use std::sync::Arc;

use deltalake::kernel::Transaction;

use super::built::{BuiltTable, Shape, file_name};
use super::provider::DeltaProvider;
use crate::EngineError;

impl DeltaProvider {
    /// The table as the newest commit leaves it, to be written.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub(crate) async fn to_write(&self) -> Result<BuiltTable, EngineError> {
        let table = self.newest().await?;
        Ok(BuiltTable {
            name: self.location().to_owned(),
            log: table.log_store(),
            table: Some(table),
            stamps: Vec::new(),
        })
    }
}

impl BuiltTable {
    /// The table in the same place, as it is now.
    pub(crate) async fn again(&self) -> Result<Self, EngineError> {
        Self::found(self.name.clone(), Arc::clone(&self.log)).await
    }

    /// Whether the table is there.
    pub(crate) fn is_there(&self) -> bool {
        self.table.is_some()
    }

    /// The columns and partitions that it has; none where there is no table yet.
    pub(crate) fn shape(&self) -> Result<Option<Shape>, EngineError> {
        let (Some(table), Some(columns)) = (&self.table, self.columns()?) else {
            return Ok(None);
        };
        let snapshot = table.snapshot().map_err(|error| self.failed(error))?;
        Ok(Some(Shape {
            columns,
            partition_by: snapshot.metadata().partition_columns().to_vec(),
        }))
    }

    /// The paths of files of these names.
    pub(crate) fn paths(&self, names: &BTreeSet<String>) -> Result<BTreeSet<String>, EngineError> {
        let Some(table) = &self.table else {
            return Ok(BTreeSet::new());
        };
        let snapshot = table.snapshot().map_err(|error| self.failed(error))?;
        let paths = snapshot.log_data().into_iter();
        Ok(paths
            .map(|file| file.path().into_owned())
            .filter(|path| names.contains(file_name(path)))
            .collect())
    }

    /// Whether the table checks or names values by rules of its own, which only its own writer knows.
    pub(crate) fn has_rules(&self) -> Result<bool, EngineError> {
        let Some(table) = &self.table else {
            return Ok(false);
        };
        let snapshot = table.snapshot().map_err(|error| self.failed(error))?;
        let mut properties = snapshot.metadata().configuration().iter();
        let has_checks = properties.any(|(name, value)| {
            name.starts_with("delta.constraints.")
                || (name == "delta.columnMapping.mode" && value != "none")
        });
        let columns = snapshot.schema();
        let mut columns = columns.fields();
        Ok(has_checks
            || columns.any(|column| {
                let mut kinds = column.metadata().keys();
                kinds.any(|kind| {
                    kind.starts_with("delta.generation") || kind.starts_with("delta.identity")
                })
            }))
    }

    /// Leaves a name in the table with the next commit.
    pub(crate) fn stamped(mut self, name: String) -> Self {
        let next = self.version().map_or(0, |version| version + 1);
        self.stamps.push(Transaction::new(name, next));
        self
    }

    /// The version that has left a name.
    pub(crate) async fn stamp(&self, name: &str) -> Result<Option<i64>, EngineError> {
        let Some(table) = &self.table else {
            return Ok(None);
        };
        let snapshot = table.snapshot().map_err(|error| self.failed(error))?;
        let found = snapshot.transaction_version(self.log.as_ref(), name).await;
        found.map_err(|error| self.failed(error))
    }

    fn version(&self) -> Option<i64> {
        let version = self.table.as_ref()?.version()?;
        i64::try_from(version).ok()
    }
}
