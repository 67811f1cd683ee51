//! GetTables: tables and views, with their columns where asked for.

use std::sync::Arc;

use arrow::array::{ArrayRef, BinaryArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::sql::CommandGetTables;
use arrow_flight::{IpcMessage, SchemaAsIpc};
use arrow_ipc::writer::IpcWriteOptions;
use cohortql_engine::Session;
use cohortql_protocol::Types;

use super::columns::described;
use super::listing::{Kind, Listed, list};
use super::pattern::{is_catalog, passes};
use crate::error::ServerError;
use crate::sessions::TableTerm;

pub(super) fn schema(include_schema: bool) -> SchemaRef {
    let mut fields = vec![
        Field::new("catalog_name", DataType::Utf8, true),
        Field::new("db_schema_name", DataType::Utf8, true),
        Field::new("table_name", DataType::Utf8, false),
        Field::new("table_type", DataType::Utf8, false),
    ];
    if include_schema {
        fields.push(Field::new("table_schema", DataType::Binary, false));
    }
    Arc::new(Schema::new(fields))
}

pub(super) async fn rows(
    session: &Session,
    query: &CommandGetTables,
    types: Types,
    term: TableTerm,
) -> Result<RecordBatch, ServerError> {
    let mut listed = list(session, |catalog, schema, name| {
        is_catalog(query.catalog.as_deref(), catalog)
            && passes(query.db_schema_filter_pattern.as_deref(), schema)
            && passes(query.table_name_filter_pattern.as_deref(), name)
    })
    .await;
    listed.retain(|table| asked_for(&query.table_types, table.kind));
    let text = |value: &dyn Fn(&Listed) -> &str| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(listed.iter().map(value)))
    };
    let mut columns = vec![
        text(&|table| &table.catalog),
        text(&|table| &table.schema),
        text(&|table| &table.name),
        text(&|table| table.kind.name(term)),
    ];
    if query.include_schema {
        let mut schemas = Vec::with_capacity(listed.len());
        for table in &listed {
            let described = match table.open(session).await {
                Some(opened) => described(table, &opened.schema(), types),
                None => Schema::empty(),
            };
            schemas.push(encoded(&described)?);
        }
        columns.push(Arc::new(BinaryArray::from_iter_values(schemas)));
    }
    Ok(RecordBatch::try_new(schema(query.include_schema), columns)?)
}

/// Whether a kind is among those asked for; nothing asked means all. Tools that learnt the
/// standard's names ask for a BASE TABLE.
fn asked_for(kinds: &[String], kind: Kind) -> bool {
    kinds.is_empty()
        || kinds.iter().any(|asked| match asked.as_str() {
            "TABLE" | "BASE TABLE" => kind == Kind::Table,
            "VIEW" => kind == Kind::View,
            _ => false,
        })
}

/// A table's columns as they are sent when it is queried, as an IPC message.
fn encoded(columns: &Schema) -> Result<Vec<u8>, ServerError> {
    let options = IpcWriteOptions::default();
    let message = IpcMessage::try_from(SchemaAsIpc::new(columns, &options))?;
    Ok(message.0.to_vec())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use cohortql_engine::Engine;
    use datafusion::catalog::{
        CatalogProvider, MemoryCatalogProvider, SchemaProvider, TableProvider,
    };
    use datafusion::error::Result;
    use datafusion::logical_expr::TableType;

    use super::*;

    /// A schema with a table and a view, which counts how often one is opened.
    #[derive(Debug, Default)]
    struct Far(AtomicUsize);

    #[async_trait::async_trait]
    impl SchemaProvider for Far {
        fn table_names(&self) -> Vec<String> {
            vec!["table".to_owned(), "view".to_owned()]
        }

        async fn table(&self, _name: &str) -> Result<Option<Arc<dyn TableProvider>>> {
            self.0.fetch_add(1, Ordering::SeqCst);
            Ok(None)
        }

        async fn table_type(&self, name: &str) -> Result<Option<TableType>> {
            Ok(Some(match name {
                "view" => TableType::View,
                _ => TableType::Base,
            }))
        }

        fn table_exist(&self, _name: &str) -> bool {
            true
        }
    }

    #[tokio::test]
    async fn tables_are_opened_only_for_the_columns_that_are_asked_for() {
        let engine = Engine::builder().build().await.unwrap();
        let (session, far) = (engine.session(), Arc::new(Far::default()));
        let catalog = MemoryCatalogProvider::new();
        catalog
            .register_schema("far", Arc::clone(&far) as _)
            .unwrap();
        session
            .context()
            .register_catalog("away", Arc::new(catalog));
        for (include_schema, kinds, listed, opened) in [
            (false, &[][..], 2, 0),
            (false, &["VIEW"], 1, 0),
            (true, &["VIEW"], 1, 1),
            (true, &["SYSTEM TABLE"], 0, 1),
            (true, &[], 2, 3),
        ] {
            let query = CommandGetTables {
                catalog: Some("away".to_owned()),
                include_schema,
                table_types: kinds.iter().map(ToString::to_string).collect(),
                ..CommandGetTables::default()
            };
            let rows = rows(&session, &query, Types::Plain, TableTerm::Table).await;
            assert_eq!(rows.unwrap().num_rows(), listed);
            assert_eq!(far.0.load(Ordering::SeqCst), opened);
        }
    }
}
