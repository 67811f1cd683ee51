//! Table formats: how files become tables.

use std::collections::HashMap;
use std::sync::Arc;

use datafusion::catalog::{TableProvider, TableProviderFactory};
use datafusion::datasource::listing::{
    ListingTable, ListingTableConfig, ListingTableConfigExt, ListingTableUrl,
};
use datafusion::execution::SessionState;
use datafusion::execution::session_state::SessionStateBuilder;

use crate::EngineError;
use crate::config::TableSettings;

/// What `CREATE EXTERNAL TABLE … STORED AS x` finds, by `X`.
pub fn table_factories() -> HashMap<String, Arc<dyn TableProviderFactory>> {
    SessionStateBuilder::new_with_default_features()
        .table_factories()
        .clone()
        .unwrap_or_default()
}

/// Opens the table that a declaration describes.
pub async fn open(
    state: &SessionState,
    table: &TableSettings,
) -> Result<Arc<dyn TableProvider>, EngineError> {
    let url = ListingTableUrl::parse(&table.location)?;
    let config = ListingTableConfig::new(url).infer(state).await?;
    Ok(Arc::new(ListingTable::try_new(config)?))
}

/// The table's name that a path gives: the file's or folder's, without extensions.
pub fn table_name(location: &str) -> Result<String, EngineError> {
    let last = location
        .trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or_default();
    match last.split('.').next() {
        Some(stem) if !stem.is_empty() => Ok(stem.to_owned()),
        _ => Err(EngineError::Plan {
            message: format!("cannot name a table after {location:?}: give it a name"),
            location: None,
        }),
    }
}
