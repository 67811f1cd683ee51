//! What a project adds to the catalog: its sources, and the models that builds have left.

use std::sync::{Arc, PoisonError};

use arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;

use super::Catalog;
use super::definition::{Definition, Entry};
use super::record::Record;
use crate::environment::{FAILURES, SCHEMA, SOURCES};
use crate::formats::TableDefinition;
use crate::models::{self, Manifest, MappedSource, Relation};
use crate::sql;
use crate::statement::STORED_RECURSION_LIMIT;
use crate::stores::Location;
use crate::{EngineError, Statement};

impl Catalog {
    /// Adds what models read as `source.NAME`, to be opened when it is first used.
    pub(crate) fn declare_source(&self, source: MappedSource) {
        let name = source.name.clone();
        let definition = Definition::mapped(source);
        self.add_schema(SOURCES)
            .put(&name, Entry::Defined(Arc::new(definition)));
    }

    /// The required columns that a source lacks; none when it is not mapped.
    ///
    /// # Errors
    /// When its files cannot be opened.
    pub(crate) async fn lacking(&self, source: &str) -> Result<Option<Vec<String>>, EngineError> {
        let entry = self.find(SOURCES).and_then(|schema| schema.get(source));
        match entry {
            Some(Entry::Defined(definition)) => definition.lacking(&self.opener).await,
            _ => Ok(None),
        }
    }

    /// The files of a source that is mapped.
    ///
    /// # Errors
    /// When they cannot be opened.
    pub(crate) async fn files_of(
        &self,
        source: &str,
    ) -> Result<Option<Arc<dyn TableProvider>>, EngineError> {
        let entry = self.find(SOURCES).and_then(|schema| schema.get(source));
        match entry {
            Some(Entry::Defined(definition)) => definition.read(&self.opener).await,
            _ => Ok(None),
        }
    }

    /// The columns of a source that is mapped.
    pub(crate) async fn columns_of(&self, source: &str) -> Result<Option<SchemaRef>, EngineError> {
        let place = (SOURCES.to_owned(), source.to_owned());
        if self.find(SOURCES).is_none() {
            return Ok(None);
        }
        let opened = self.opened(&place).await?;
        Ok(opened.map(|table| table.schema()))
    }

    /// Whether a table of that name is there that no build has left.
    pub(crate) fn has_other(&self, name: &str) -> bool {
        let built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        self.is_other(name, &built)
    }

    fn is_other(&self, name: &str, built: &Manifest) -> bool {
        let entry = self.public().get(name);
        entry.is_some_and(|entry| entry.record().is_none()) && !built.models.contains_key(name)
    }

    /// Makes the memory agree with what a warehouse holds. Tables of the configuration and those
    /// made by code keep their names.
    pub(crate) fn take_built(
        &self,
        warehouse: &Location,
        manifest: &Manifest,
    ) -> Result<(), EngineError> {
        let mut built = self.built.lock().unwrap_or_else(PoisonError::into_inner);
        let schema = self.public();
        for (name, relation) in &manifest.models {
            if built
                .models
                .get(name)
                .is_some_and(|known| relation.same_as(known))
            {
                continue;
            }
            if self.is_other(name, &built) {
                tracing::warn!(model = name, "another table has the name of a model");
                continue;
            }
            let definition = definition(name, relation, warehouse)?;
            schema.put(name, Entry::Defined(Arc::new(definition)));
        }
        for gone in built.models.keys() {
            if !manifest.models.contains_key(gone) {
                schema.remove(gone);
            }
        }
        self.take_failures(&built, warehouse, manifest)?;
        *built = manifest.clone();
        Ok(())
    }

    /// Makes schema `failures` agree with what a warehouse holds of rows that tests found wrong.
    fn take_failures(
        &self,
        known: &Manifest,
        warehouse: &Location,
        manifest: &Manifest,
    ) -> Result<(), EngineError> {
        if known.failures == manifest.failures {
            return Ok(());
        }
        let schema = self.add_schema(FAILURES);
        // What somebody has made there by SQL stays.
        let is_other = |test: &str| {
            let entry = schema.get(test);
            entry.is_some_and(|entry| entry.record().is_some())
        };
        for (test, folder) in &manifest.failures {
            if known.failures.get(test) == Some(folder) || is_other(test) {
                continue;
            }
            let location = models::failures_location(warehouse, folder)?;
            let table = TableDefinition::delta(test, location)?;
            schema.put(test, Entry::Defined(Arc::new(Definition::declared(table))));
        }
        for gone in known.failures.keys() {
            if !manifest.failures.contains_key(gone) && !is_other(gone) {
                schema.remove(gone);
            }
        }
        Ok(())
    }
}

/// How to open a model: as a Delta table, or as a view.
fn definition(
    name: &str,
    relation: &Relation,
    warehouse: &Location,
) -> Result<Definition, EngineError> {
    if let Some(folder) = &relation.folder {
        let table = TableDefinition::delta(name, warehouse.child(folder, true)?)?;
        return Ok(Definition::declared(table));
    }
    let query = relation.query.as_deref().unwrap_or_default();
    let create = format!("CREATE VIEW {} AS {query}", sql::quoted_name(name));
    let record = Statement::parse_all(&create, STORED_RECURSION_LIMIT)?
        .pop()
        .map(|statement| Record::of(statement, SCHEMA))
        .transpose()?
        .flatten();
    match record {
        Some(record) => Ok(Definition::built(record)),
        None => Err(EngineError::Catalog {
            message: format!("the warehouse \"{warehouse}\" has no query for the view {name:?}"),
        }),
    }
}
