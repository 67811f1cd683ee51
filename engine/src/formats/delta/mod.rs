//! Delta Lake tables: always the newest version, older ones on request,
//! deletion vectors applied.

mod built;
mod changes;
mod commit;
mod gated;
mod grown;
mod history;
mod noted;
mod provider;
mod stamped;
mod upkeep;
mod write;

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::plan_err;
use datafusion::error::{DataFusionError, Result};
use deltalake::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake::{DeltaTable, DeltaTableError};
use object_store::prefix::PrefixStore;

use super::files::listing::Place;
use super::{OptionHelp, TableDefinition, TableFormat};

pub(crate) use built::{BuiltTable, Shape, file_name};
pub(crate) use commit::{Replaced, Written};
pub(crate) use provider::DeltaProvider;
pub(crate) use upkeep::{Compaction, PartitionIs, Removal};
pub(crate) use write::{DeltaWrite, holds_delta};

/// The format.
#[derive(Debug)]
pub(crate) struct Delta;

#[async_trait]
impl TableFormat for Delta {
    fn name(&self) -> &'static str {
        "delta"
    }

    fn aliases(&self) -> &'static [&'static str] {
        &["deltatable"]
    }

    fn extensions(&self) -> &'static [&'static str] {
        &[]
    }

    fn options(&self) -> &'static [OptionHelp] {
        &[]
    }

    async fn open(
        &self,
        session: &dyn Session,
        definition: &TableDefinition,
    ) -> Result<Arc<dyn TableProvider>> {
        let name = &definition.name;
        let [location] = definition.locations.as_slice() else {
            return plan_err!("table \"{name}\": a Delta table has one location");
        };
        if definition.schema.is_some() || definition.partition_columns.is_some() {
            return plan_err!(
                "table \"{name}\": a Delta table brings its columns, so none are declared"
            );
        }
        let place = Place::find(session, location).await?;
        if !place.folder || location.glob().is_some() {
            return plan_err!(
                "\"{location}\" is no Delta table: expected a folder with a _delta_log"
            );
        }
        let mut table = DeltaTable::new(log_store(&place));
        table.load().await.map_err(|error| match error {
            DeltaTableError::NotATable(_) => DataFusionError::Plan(format!(
                "\"{location}\" is no Delta table: its _delta_log holds no version"
            )),
            other => failure(&location.to_string(), other),
        })?;
        let provider = DeltaProvider::new(name.clone(), location.to_string(), table)?;
        Ok(Arc::new(provider))
    }
}

/// The log of a table in the stores that the engine set up.
fn log_store(place: &Place) -> LogStoreRef {
    let prefixed = Arc::new(PrefixStore::new(
        Arc::clone(&place.store),
        place.path.clone(),
    ));
    default_logstore(
        prefixed,
        Arc::clone(&place.store),
        place.location.url(),
        &StorageConfig::default(),
    )
}

/// An error of Delta's, naming the table; what a store said is kept as it is.
fn failure(table: &str, error: DeltaTableError) -> DataFusionError {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(inner) = cause {
        if let Some(store) = inner.downcast_ref::<object_store::Error>() {
            return DataFusionError::Execution(format!(
                "cannot read Delta table \"{table}\": {store}"
            ));
        }
        cause = inner.source();
    }
    DataFusionError::Execution(format!("cannot read Delta table \"{table}\": {error}"))
}
