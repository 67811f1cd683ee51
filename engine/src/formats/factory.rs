//! `CREATE EXTERNAL TABLE t [(columns)] STORED AS x [PARTITIONED BY (…)] LOCATION '…' [OPTIONS (…)]`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::Schema;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider, TableProviderFactory};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::CreateExternalTable;

use super::{FORMATS, TableDefinition, TableFormat, TableOptions};
use crate::engine::working_dir;
use crate::stores::Location;

/// What `STORED AS x` finds, by `X`; relative locations count from `base`, else
/// from the working directory.
pub fn table_factories(base: Option<PathBuf>) -> HashMap<String, Arc<dyn TableProviderFactory>> {
    let mut factories: HashMap<String, Arc<dyn TableProviderFactory>> = HashMap::new();
    for format in FORMATS {
        let factory = Factory {
            format,
            base: base.clone(),
        };
        let factory: Arc<dyn TableProviderFactory> = Arc::new(factory);
        for name in [format.name()].iter().chain(format.aliases()) {
            factories.insert(name.to_ascii_uppercase(), Arc::clone(&factory));
        }
    }
    factories
}

#[derive(Debug)]
struct Factory {
    format: &'static dyn TableFormat,
    base: Option<PathBuf>,
}

#[async_trait]
impl TableProviderFactory for Factory {
    async fn create(
        &self,
        session: &dyn Session,
        command: &CreateExternalTable,
    ) -> Result<Arc<dyn TableProvider>> {
        if command.unbounded {
            return plan_err!("external tables are read whole: UNBOUNDED is not supported");
        }
        if !command.order_exprs.is_empty() {
            return plan_err!("WITH ORDER is not supported: the order of files is not trusted");
        }
        let base = match &self.base {
            Some(base) => working_dir()?.join(base),
            None => working_dir()?,
        };
        let locations = command
            .locations
            .iter()
            .map(|text| Location::parse(text, &base));
        let fields = command.schema.fields().iter().cloned().collect::<Vec<_>>();
        let mut definition = TableDefinition {
            name: command.name.to_string(),
            locations: locations.collect::<Result<_>>()?,
            format: Some(self.format),
            options: TableOptions::default(),
            schema: (!fields.is_empty()).then(|| Arc::new(Schema::new(fields))),
            partition_columns: (!command.table_partition_cols.is_empty())
                .then(|| command.table_partition_cols.clone()),
            columns: Default::default(),
            soft_delete_column: None,
            sql: command.definition.clone(),
        };
        definition.set_options(TableOptions::new(command.options.clone())?)?;
        super::open(session, &definition).await
    }
}
