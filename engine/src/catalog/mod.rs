//! The catalog: which tables and views there are, and how those made by SQL survive a restart.
//!
//! All sessions of an engine share one [`Catalog`]. Its schemas hold two kinds of entries: those
//! registered by code, which live as long as the engine, and those defined by SQL or by
//! `cohortql.toml`, which are opened when they are first used, so that one missing bucket keeps
//! nobody from the other tables. With a project folder the definitions made by SQL are kept in
//! its `.cohortql/catalog.sql`; tables made by `CREATE TABLE` live in memory and are not kept.
//!
//! Every change is made under a lock on that file, after taking in what others have written, so
//! that two processes in one folder lose nothing of each other's.

mod built;
mod change;
mod ddl;
mod definition;
mod file;
mod ingested;
mod lock;
mod lookups;
mod memory;
mod record;
mod schema;
mod view;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock, Weak};

use datafusion::catalog::{CatalogProvider, SchemaProvider, TableProvider};
use datafusion::common::TableReference;
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::logical_expr::TableType;

use crate::access::GuardedSchema;
use crate::engine::Shared;
use crate::environment::{CATALOG, SCHEMA};
use crate::formats::TableDefinition;
use crate::models::Manifest;
use crate::{EngineError, system};

use definition::{Definition, Entry};
use file::CatalogFile;
use schema::Schema;

pub(crate) use ddl::{apply, place};
pub(crate) use lookups::noting_lookups;
pub(crate) use memory::{Kept, is_in_memory, repeated};
pub(crate) use view::planning_for;

/// The engine's catalog, `cohortql`.
#[derive(Debug)]
pub struct Catalog {
    schemas: RwLock<BTreeMap<String, Arc<Schema>>>,
    opener: Arc<Opener>,
    file: Option<CatalogFile>,
    changing: Mutex<()>,
    /// What builds have left in the warehouse, as it is in the schema.
    built: Mutex<Manifest>,
}

/// Finds the engine whose sessions open definitions; the engine owns the catalog, not the other
/// way round.
#[derive(Debug, Default)]
pub(crate) struct Opener {
    shared: OnceLock<Weak<Shared>>,
}

impl Opener {
    /// The engine.
    fn shared(&self) -> std::result::Result<Arc<Shared>, EngineError> {
        let shared = self.shared.get().and_then(Weak::upgrade);
        shared.ok_or_else(|| EngineError::Internal {
            message: "the catalog was used after its engine was gone".to_owned(),
        })
    }

    /// A state to plan definitions with: the engine's options, whatever a session has set.
    fn state(&self) -> std::result::Result<SessionState, EngineError> {
        Ok(self.shared()?.template.clone())
    }
}

impl Catalog {
    /// The catalog of a project folder, or one that lives in memory.
    pub(crate) fn open(project: Option<&Path>) -> std::result::Result<Self, EngineError> {
        let catalog = Self {
            schemas: RwLock::default(),
            opener: Arc::default(),
            file: project.map(CatalogFile::in_project),
            changing: Mutex::default(),
            built: Mutex::default(),
        };
        catalog.add_schema(SCHEMA);
        catalog.refresh()?;
        Ok(catalog)
    }

    /// Tells which engine this is the catalog of.
    pub(crate) fn attach(&self, shared: &Arc<Shared>) {
        // Set once, by the builder.
        let _ = self.opener.shared.set(Arc::downgrade(shared));
    }

    /// Adds a table of `cohortql.toml`, to be opened when it is first used.
    pub(crate) fn declare(&self, table: TableDefinition) {
        let name = table.name.clone();
        let definition = Definition::declared(table);
        self.public()
            .put(&name, Entry::Defined(Arc::new(definition)));
    }

    /// Takes in what other processes have written to the catalog file since it was last read.
    pub(crate) fn refresh(&self) -> std::result::Result<(), EngineError> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        if !file.has_changed()? {
            return Ok(());
        }
        // What is read must be taken in before a change of this process adds to it.
        let _one_at_a_time = self.one_at_a_time();
        self.take_in(&file.read()?);
        Ok(())
    }

    /// Held while the memory is made to agree with the file.
    fn one_at_a_time(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn find(&self, schema: &str) -> Option<Arc<Schema>> {
        let schemas = self.schemas.read().unwrap_or_else(PoisonError::into_inner);
        schemas.get(schema).map(Arc::clone)
    }

    fn public(&self) -> Arc<Schema> {
        self.find(SCHEMA).unwrap_or_else(|| self.add_schema(SCHEMA))
    }

    /// Makes a table of the engine's own, in a schema that nobody else changes.
    pub(crate) fn provide(&self, schema: &str, name: &str, table: Arc<dyn TableProvider>) {
        self.add_schema(schema).put(name, Entry::Provided(table));
    }

    fn add_schema(&self, name: &str) -> Arc<Schema> {
        let mut schemas = self.schemas.write().unwrap_or_else(PoisonError::into_inner);
        let schema = schemas
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(Schema::new(name, Arc::clone(&self.opener))));
        Arc::clone(schema)
    }

    fn remove_schema(&self, name: &str) -> Option<Arc<Schema>> {
        let mut schemas = self.schemas.write().unwrap_or_else(PoisonError::into_inner);
        schemas.remove(name)
    }
}

impl CatalogProvider for Catalog {
    fn schema_names(&self) -> Vec<String> {
        let schemas = self.schemas.read().unwrap_or_else(PoisonError::into_inner);
        schemas.keys().cloned().collect()
    }

    fn schema(&self, name: &str) -> Option<Arc<dyn SchemaProvider>> {
        self.find(name)
            .map(|schema| schema as Arc<dyn SchemaProvider>)
    }

    /// Makes an empty schema; the tables of the one given are registered in it one by one.
    fn register_schema(
        &self,
        name: &str,
        _schema: Arc<dyn SchemaProvider>,
    ) -> Result<Option<Arc<dyn SchemaProvider>>> {
        let before = self.schema(name);
        system::may_change(name)?;
        self.add_schema(name);
        Ok(before)
    }

    fn deregister_schema(
        &self,
        name: &str,
        cascade: bool,
    ) -> Result<Option<Arc<dyn SchemaProvider>>> {
        system::may_change(name)?;
        if let Some(schema) = self.find(name)
            && !cascade
            && !schema.table_names().is_empty()
        {
            return Err(schema.not_empty().into());
        }
        let removed = self.remove_schema(name);
        Ok(removed.map(|schema| schema as Arc<dyn SchemaProvider>))
    }
}

/// Why a table that the catalog lists could not be opened for the statement just planned.
pub(crate) fn failure_of(state: &SessionState, table: &str) -> Option<EngineError> {
    let options = &state.config_options().catalog;
    let name =
        TableReference::parse_str(table).resolve(&options.default_catalog, &options.default_schema);
    let catalog = state.catalog_list().catalog(&name.catalog)?;
    let schema = catalog.schema(&name.schema)?;
    let Some(guarded) = schema.downcast_ref::<GuardedSchema>() else {
        return schema.downcast_ref::<Schema>()?.failure(&name.table);
    };
    // Behind rights, a reason is told of what they show, and does not tell of what they hide: that
    // of a view names what it reads, that of a table its columns.
    let schema = guarded.showing(&name.table)?.downcast_ref::<Schema>()?;
    let failure = schema.failure(&name.table)?;
    let is_view = schema.get(&name.table)?.table_type() == TableType::View;
    if guarded.shows_all_of(&name.table) && !is_view {
        return Some(failure);
    }
    Some(EngineError::Plan {
        message: format!(
            "{} {:?} cannot be opened; the server's log says why",
            if is_view { "view" } else { "table" },
            name.table
        ),
        location: None,
    })
}

/// Registers a table made by code.
pub(crate) fn register(
    catalog: &Catalog,
    name: &str,
    table: Arc<dyn TableProvider>,
) -> std::result::Result<(), EngineError> {
    catalog
        .public()
        .register_table(name.to_owned(), table)
        .map_err(EngineError::from)?;
    Ok(())
}

/// Where an object of this engine's own catalog is: `None` when it belongs to another.
fn own_name(state: &SessionState, name: &TableReference) -> Option<(String, String)> {
    let options = &state.config_options().catalog;
    let name = name
        .clone()
        .resolve(&options.default_catalog, &options.default_schema);
    (&*name.catalog == CATALOG).then(|| (name.schema.to_string(), name.table.to_string()))
}

fn missing_schema(name: &str) -> EngineError {
    EngineError::NotFound {
        message: format!("schema {name:?} does not exist"),
        location: None,
    }
}
