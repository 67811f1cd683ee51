//! The catalog as a principal may see it.

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::{CatalogProvider, CatalogProviderList, SchemaProvider, TableProvider};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::TableType;

use super::rights::Rights;
use super::{Access, Guard, GuardedTable};
use crate::EngineError;
use crate::environment::CATALOG;

/// The catalogs of an engine behind the rights of a principal. Only the engine's own catalog is there.
#[derive(Debug)]
pub(crate) struct GuardedCatalogs {
    guard: Arc<Guard>,
    inner: Arc<dyn CatalogProviderList>,
}

impl GuardedCatalogs {
    pub(crate) fn new(state: SessionState, access: Access) -> Self {
        let inner = Arc::clone(state.catalog_list());
        Self {
            guard: Arc::new(Guard { access, state }),
            inner,
        }
    }
}

impl CatalogProviderList for GuardedCatalogs {
    fn register_catalog(
        &self,
        _name: String,
        _catalog: Arc<dyn CatalogProvider>,
    ) -> Option<Arc<dyn CatalogProvider>> {
        None
    }

    fn catalog_names(&self) -> Vec<String> {
        let mut names = self.inner.catalog_names();
        names.retain(|name| name == CATALOG);
        names
    }

    fn catalog(&self, name: &str) -> Option<Arc<dyn CatalogProvider>> {
        let inner = self.inner.catalog(name).filter(|_| name == CATALOG)?;
        Some(Arc::new(GuardedCatalog {
            guard: Arc::clone(&self.guard),
            inner,
        }))
    }
}

#[derive(Debug)]
struct GuardedCatalog {
    guard: Arc<Guard>,
    inner: Arc<dyn CatalogProvider>,
}

impl CatalogProvider for GuardedCatalog {
    fn schema_names(&self) -> Vec<String> {
        let mut names = self.inner.schema_names();
        names.retain(|name| self.guard.access.knows(name));
        names
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        if !self.guard.access.knows(name) {
            return None;
        }
        Some(Arc::new(GuardedSchema {
            name: name.to_owned(),
            guard: Arc::clone(&self.guard),
            inner: self.inner.schema(name)?,
        }))
    }
}

/// A schema in which only what may be seen is there.
#[derive(Debug)]
pub(crate) struct GuardedSchema {
    name: String,
    guard: Arc<Guard>,
    inner: Arc<dyn SchemaProvider>,
}

impl GuardedSchema {
    /// The schema itself, to ask for the reason why a table that may be seen cannot be opened.
    pub(crate) fn showing(&self, table: &str) -> Option<&Arc<dyn SchemaProvider>> {
        (self.rights(table) != Rights::None).then_some(&self.inner)
    }

    /// Whether nothing of a table is hidden.
    pub(crate) fn shows_all_of(&self, table: &str) -> bool {
        self.rights(table) == Rights::Whole
    }

    fn rights(&self, table: &str) -> Rights {
        self.guard.access.rights(&self.name, table)
    }
}

#[async_trait]
impl SchemaProvider for GuardedSchema {
    fn table_names(&self) -> Vec<String> {
        let mut names = self.inner.table_names();
        names.retain(|name| self.rights(name) != Rights::None);
        names
    }

    async fn table(&self, name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
        if self.rights(name) == Rights::None {
            return Ok(None);
        }
        let Some(table) = self.inner.table(name).await? else {
            return Ok(None);
        };
        let guard = &self.guard;
        match GuardedTable::new(guard, (&self.name, name), table) {
            Ok(guarded) => Ok(guarded.map(|table| Arc::new(table) as Arc<dyn TableProvider>)),
            Err(error) => {
                // What is wrong with the rights is not for those who have them.
                tracing::error!(schema = self.name, table = name, %error, "rights that do not fit");
                let message = format!(
                    "the rights on table {name:?} do not fit it; the server's log says why"
                );
                Err(EngineError::Denied { message }.into())
            }
        }
    }

    async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
        match self.rights(name) {
            Rights::None => Ok(None),
            _ => self.inner.table_type(name).await,
        }
    }

    fn register_table(
        &self,
        name: String,
        _table: Arc<dyn TableProvider>,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        plan_err!("table {name:?} cannot be registered here")
    }

    fn table_exist(&self, name: &str) -> bool {
        self.rights(name) != Rights::None && self.inner.table_exist(name)
    }
}
