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
        let schemas = listed
            .iter()
            .map(|listed| encoded(listed, types))
            .collect::<Result<Vec<_>, _>>()?;
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

/// The table's columns as they are sent when it is queried, as an IPC message.
fn encoded(listed: &Listed, types: Types) -> Result<Vec<u8>, ServerError> {
    let schema = described(listed, types);
    let options = IpcWriteOptions::default();
    let message = IpcMessage::try_from(SchemaAsIpc::new(&schema, &options))?;
    Ok(message.0.to_vec())
}
