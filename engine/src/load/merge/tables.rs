//! The tables of a merge, under names that nobody else sees.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, TableProvider,
};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use crate::environment::reserve_within;
use crate::{EngineError, Session};

const CATALOG: &str = "load";
const SCHEMA: &str = "rows";

/// One part of so many of the memory limit may be held of the rows that came, for looking keys up.
const SHARE_IN_MEMORY: u64 = 8;

/// Sorted keys are joined in at least so many parts, or not at all.
const LEAST_PARTS: usize = 2;

/// Tables, and the memory and threads of a session to ask them with.
pub(super) struct Tables(SessionContext);

impl Tables {
    /// None yet, for rows that take so many bytes.
    pub(super) fn new(session: &Session, bytes: u64) -> Result<Self, EngineError> {
        let catalogs = MemoryCatalogProviderList::new();
        let catalog = MemoryCatalogProvider::new();
        catalog.register_schema(SCHEMA, Arc::new(MemorySchemaProvider::new()))?;
        catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        let mut config = session.context().copied_config();
        let limit = session.shared().settings.memory_limit;
        if bytes > limit / SHARE_IN_MEMORY {
            // A table of keys in memory does not spill; sorted keys do, which are joined in parts only.
            let parts = config.target_partitions().max(LEAST_PARTS);
            config = config.with_target_partitions(parts);
            config.options_mut().optimizer.prefer_hash_join = false;
        }
        let options = config.options_mut();
        options.catalog.default_catalog = CATALOG.to_owned();
        options.catalog.default_schema = SCHEMA.to_owned();
        reserve_within(&mut config, usize::try_from(limit).unwrap_or(usize::MAX));
        let state = SessionStateBuilder::new_from_existing(session.context().state())
            .with_catalog_list(Arc::new(catalogs))
            .with_config(config)
            .build();
        Ok(Self(SessionContext::new_with_state(state)))
    }

    /// Gives a table a name, in the place of another.
    pub(super) fn put(&self, name: &str, table: Arc<dyn TableProvider>) -> Result<(), EngineError> {
        self.0.deregister_table(name)?;
        self.0.register_table(name, table)?;
        Ok(())
    }

    /// Asks the tables.
    pub(super) async fn ask(&self, sql: &str) -> Result<SendableRecordBatchStream, EngineError> {
        Ok(self.0.sql(sql).await?.execute_stream().await?)
    }

    /// Asks for an answer of few rows.
    pub(super) async fn few(&self, sql: &str) -> Result<Vec<RecordBatch>, EngineError> {
        Ok(self.ask(sql).await?.try_collect().await?)
    }
}
