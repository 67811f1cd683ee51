//! A schema of the catalog.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use datafusion::catalog::{SchemaProvider, TableProvider};
use datafusion::error::Result;
use datafusion::logical_expr::TableType;

use super::definition::Entry;
use super::{Opener, lookups};
use crate::{EngineError, formats, system};

/// Tables and views by name.
#[derive(Debug)]
pub(crate) struct Schema {
    name: String,
    opener: Arc<Opener>,
    entries: RwLock<BTreeMap<String, Entry>>,
    failures: Mutex<BTreeMap<String, EngineError>>,
}

impl Schema {
    pub(super) fn new(name: &str, opener: Arc<Opener>) -> Self {
        Self {
            name: name.to_owned(),
            opener,
            entries: RwLock::default(),
            failures: Mutex::default(),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Entry> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.get(name).cloned()
    }

    pub(super) fn put(&self, name: &str, entry: Entry) -> Option<Entry> {
        self.forget_failure(name);
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.insert(name.to_owned(), entry)
    }

    pub(super) fn remove(&self, name: &str) -> Option<Entry> {
        self.forget_failure(name);
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        entries.remove(name)
    }

    /// Why a table could not be opened when it was last asked for.
    pub(super) fn failure(&self, name: &str) -> Option<EngineError> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(name).cloned()
    }

    pub(super) fn not_empty(&self) -> EngineError {
        EngineError::Plan {
            message: format!(
                "schema {:?} is not empty: drop its tables first, or use DROP SCHEMA … CASCADE",
                self.name
            ),
            location: None,
        }
    }

    /// The table of an entry with the columns that it has by now.
    pub(super) async fn current(
        &self,
        name: &str,
        entry: Entry,
    ) -> std::result::Result<Arc<dyn TableProvider>, EngineError> {
        let table = match entry {
            Entry::Provided(table) => table,
            Entry::Defined(definition) => definition.open(&self.opener).await?,
        };
        let shared = self.opener.shared()?;
        let current = formats::current(&shared.template, table).await;
        current.map_err(|error| EngineError::from(error).about(&format!("table {name:?}")))
    }

    fn forget_failure(&self, name: &str) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.remove(name);
    }

    fn remember_failure(&self, name: &str, error: EngineError) {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.insert(name.to_owned(), error);
    }
}

#[async_trait]
impl SchemaProvider for Schema {
    fn table_names(&self) -> Vec<String> {
        let entries = self.entries.read().unwrap_or_else(PoisonError::into_inner);
        entries.keys().cloned().collect()
    }

    /// A table that cannot be opened is reported as absent, and the reason kept for
    /// [`Schema::failure`]: as an error it would keep the information schema from listing all the
    /// others.
    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        let Some(entry) = self.get(name) else {
            return Ok(None);
        };
        lookups::note(&self.name, name);
        match self.current(name, entry).await {
            Ok(table) => {
                self.forget_failure(name);
                Ok(Some(table))
            }
            Err(error) => {
                tracing::warn!(schema = self.name, table = name, %error, "cannot open a table");
                self.remember_failure(name, error);
                Ok(None)
            }
        }
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        Ok(self.get(name).map(|entry| entry.table_type()))
    }

    fn register_table(
        &self,
        name: String,
        table: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        system::may_change(&self.name)?;
        // What the catalog file defines is only hidden by a table of the same name, not lost.
        let taken = self
            .get(&name)
            .is_some_and(|entry| entry.record().is_none());
        if taken {
            return Err(EngineError::AlreadyExists {
                message: format!("table {name:?} exists already"),
            }
            .into());
        }
        self.put(&name, Entry::Provided(table));
        Ok(None)
    }

    fn deregister_table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        system::may_change(&self.name)?;
        match self.remove(name) {
            Some(Entry::Provided(table)) => Ok(Some(table)),
            _ => Ok(None),
        }
    }

    fn table_exist(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}
