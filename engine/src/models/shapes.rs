//! The columns that a model would have, found without its rows.
//!
//! What does without a model reads an empty relation of its columns instead. Their types come from
//! planning it, and what it is made of, over relations without rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use datafusion::catalog::{
    CatalogProvider, CatalogProviderList, MemoryCatalogProvider, MemoryCatalogProviderList,
    MemorySchemaProvider, SchemaProvider,
};
use datafusion::datasource::empty::EmptyTable;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;

use super::model::{Kind, Model};
use super::project::Project;
use super::variables::Value;
use super::{seed, snapshot};
use crate::environment::{CATALOG, SCHEMA, SOURCES};
use crate::parameters::Parameter;
use crate::{EngineError, Session, sql};

impl Project {
    /// A query of no rows with the columns of a model.
    ///
    /// # Errors
    /// When the model cannot be planned, or reads a source that nothing declares.
    pub(super) async fn empty(&self, name: &str) -> Result<String, EngineError> {
        let columns = self.shape(name).await?;
        let columns = columns.fields().iter().map(|field| {
            let null = sql::literal(&ScalarValue::try_from(field.data_type())?)?;
            Ok(format!("{null} AS {}", sql::quoted_name(field.name())))
        });
        let columns = columns.collect::<Result<Vec<_>, EngineError>>()?;
        Ok(format!("SELECT {} WHERE FALSE", columns.join(", ")))
    }

    /// The columns of a model.
    async fn shape(&self, name: &str) -> Result<SchemaRef, EngineError> {
        let before = self.graph.before(name, usize::MAX);
        let models = self.models();
        let made_of = models
            .iter()
            .filter(|model| before.contains(&model.name) || model.name == name);
        let scratch = Scratch::over(&self.session);
        let values = self.typed();
        for model in made_of {
            for source in &self.graph.needs(&model.name).sources {
                scratch.add(SOURCES, source, self.source(source).await?)?;
            }
            let columns = self.planned(model, &scratch, &values).await;
            let columns = columns.map_err(|error| error.about(&model.label))?;
            if model.name == name {
                return Ok(columns);
            }
            scratch.add(SCHEMA, &model.name, columns)?;
        }
        Err(EngineError::Internal {
            message: format!("{name:?} is no model"),
        })
    }

    async fn planned(
        &self,
        model: &Model,
        scratch: &Scratch,
        values: &BTreeMap<Parameter, ScalarValue>,
    ) -> Result<SchemaRef, EngineError> {
        let Some(query) = model.query() else {
            return seed::columns(model);
        };
        let text = sql::with_values(query.statement.ast(), values)?;
        let columns = scratch.columns(&text).await?;
        Ok(match model.kind {
            Kind::Snapshot => snapshot::columns(&columns),
            _ => columns,
        })
    }

    /// The columns of a source: those it has, else those that are declared.
    async fn source(&self, name: &str) -> Result<SchemaRef, EngineError> {
        let catalog = &self.session.shared().catalog;
        if let Some(columns) = catalog.columns_of(name).await? {
            return Ok(columns);
        }
        let declared = self.library.sources.get(name);
        let Some(declared) = declared else {
            return Err(EngineError::Config {
                message: format!("sources.yml does not declare the columns of source {name:?}"),
            });
        };
        let fields = declared
            .columns
            .iter()
            .map(|column| Field::new(&column.name, column.type_alone(), true));
        Ok(Arc::new(Schema::new(fields.collect::<Fields>())))
    }

    /// Values of all variables; NULL in the place of those that are found by a query.
    fn typed(&self) -> BTreeMap<Parameter, ScalarValue> {
        let mut values = self.known();
        for variable in self.library.variables.values() {
            if let Value::Found(_) = variable.value
                && let Ok(null) = ScalarValue::try_from(&variable.data_type)
            {
                values.insert(Parameter::Name(variable.name.clone()), null);
            }
        }
        values
    }
}

/// A session over relations without rows.
struct Scratch {
    session: Session,
    schemas: BTreeMap<&'static str, Arc<MemorySchemaProvider>>,
}

impl Scratch {
    fn over(session: &Session) -> Self {
        let catalog = MemoryCatalogProvider::new();
        let mut schemas = BTreeMap::new();
        for name in [SCHEMA, SOURCES] {
            let schema = Arc::new(MemorySchemaProvider::new());
            // A catalog in memory takes any schema.
            let _ = catalog.register_schema(name, Arc::clone(&schema) as _);
            schemas.insert(name, schema);
        }
        let catalogs = MemoryCatalogProviderList::new();
        catalogs.register_catalog(CATALOG.to_owned(), Arc::new(catalog));
        let state = SessionStateBuilder::new_from_existing(session.context().state())
            .with_catalog_list(Arc::new(catalogs))
            .build();
        Self {
            session: session.over(SessionContext::new_with_state(state)),
            schemas,
        }
    }

    fn add(&self, schema: &str, name: &str, columns: SchemaRef) -> Result<(), EngineError> {
        if let Some(schema) = self.schemas.get(schema)
            && !schema.table_exist(name)
        {
            let table = Arc::new(EmptyTable::new(columns));
            schema.register_table(name.to_owned(), table)?;
        }
        Ok(())
    }

    /// The columns of a query; one that is nothing but NULL is text.
    async fn columns(&self, text: &str) -> Result<SchemaRef, EngineError> {
        let planned = self.session.plan_text(text).await?;
        let schema = planned.schema();
        let fields = schema.fields().iter().map(|field| {
            let data_type = match field.data_type() {
                DataType::Null => DataType::Utf8,
                other => other.clone(),
            };
            Field::new(field.name(), data_type, true)
        });
        Ok(Arc::new(Schema::new(fields.collect::<Fields>())))
    }
}
