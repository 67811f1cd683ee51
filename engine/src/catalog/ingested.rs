//! Tables that bulk ingestion finds and makes.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::logical_expr::TableType;

use super::change::{Change, Taken};
use super::definition::{Definition, Entry};
use super::record::Record;
use super::{Catalog, missing_schema};
use crate::environment::SCHEMA;
use crate::sql::quoted_name;
use crate::statement::STORED_RECURSION_LIMIT;
use crate::stores::Location;
use crate::{EngineError, Statement};

impl Catalog {
    /// Whether a view is at a place.
    pub(crate) fn has_view(&self, (schema, name): &(String, String)) -> bool {
        let entry = self.find(schema).and_then(|schema| schema.get(name));
        entry.is_some_and(|entry| entry.table_type() == TableType::View)
    }

    /// The table at a place, with the columns that it has by now; none when there is none.
    ///
    /// # Errors
    /// When there is no such schema, or when the table cannot be opened.
    pub(crate) async fn opened(
        &self,
        (schema, name): &(String, String),
    ) -> Result<Option<Arc<dyn TableProvider>>, EngineError> {
        let schema = self.find(schema).ok_or_else(|| missing_schema(schema))?;
        let Some(entry) = schema.get(name) else {
            return Ok(None);
        };
        schema.current(name, entry).await.map(Some)
    }

    /// Makes a table of rows in memory, or puts it in the place of one.
    pub(crate) fn keep_in_memory(
        &self,
        (schema, name): &(String, String),
        table: Arc<dyn TableProvider>,
        replaces: bool,
    ) -> Result<(), EngineError> {
        self.change(Change::Put {
            schema: schema.clone(),
            name: name.clone(),
            entry: Entry::Provided(table),
            taken: match replaces {
                true => Taken::Replace,
                false => Taken::Refuse,
            },
        })
    }

    /// Makes a table of a Delta table, as `CREATE EXTERNAL TABLE` does.
    pub(crate) fn keep_delta(
        &self,
        (schema, name): &(String, String),
        location: &Location,
    ) -> Result<(), EngineError> {
        let sql = format!(
            "CREATE EXTERNAL TABLE {}.{} STORED AS DELTA LOCATION '{}'",
            quoted_name(schema),
            quoted_name(name),
            location.text().replace('\'', "''")
        );
        let statement = Statement::parse_all(&sql, STORED_RECURSION_LIMIT)?.pop();
        let record = statement
            .map(|statement| Record::of(statement, SCHEMA))
            .transpose()?
            .flatten()
            .filter(|record| record.defines(schema, name))
            .ok_or_else(|| EngineError::Unsupported {
                message: format!("the catalog cannot keep a table of the name {name:?}"),
                location: None,
            })?;
        self.change(Change::Put {
            schema: schema.clone(),
            name: name.clone(),
            entry: Entry::Defined(Arc::new(Definition::recorded(record, None))),
            taken: Taken::Refuse,
        })
    }
}
