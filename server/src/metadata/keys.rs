//! Primary keys, and the typed nothing of foreign keys.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int32Array, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::sql::CommandGetPrimaryKeys;
use cohortql_engine::Session;
use datafusion::catalog::TableProvider;
use datafusion::common::Constraint;

use super::listing::{Listed, list};
use super::pattern::is_catalog;
use crate::error::ServerError;

fn text(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, nullable)
}

pub(super) fn primary_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("catalog_name", true),
        text("db_schema_name", true),
        text("table_name", false),
        text("column_name", false),
        text("key_name", true),
        Field::new("key_sequence", DataType::Int32, false),
    ]))
}

/// The schema of exported and imported keys and of cross references.
pub(super) fn foreign_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("pk_catalog_name", true),
        text("pk_db_schema_name", true),
        text("pk_table_name", false),
        text("pk_column_name", false),
        text("fk_catalog_name", true),
        text("fk_db_schema_name", true),
        text("fk_table_name", false),
        text("fk_column_name", false),
        Field::new("key_sequence", DataType::Int32, false),
        text("fk_key_name", true),
        text("pk_key_name", true),
        Field::new("update_rule", DataType::UInt8, false),
        Field::new("delete_rule", DataType::UInt8, false),
    ]))
}

/// A column of a primary key, with its table and its place in the key.
type KeyColumn<'a> = (&'a Listed, String, i32);

/// The primary key of a table, one row a column; none where the table declares none.
pub(super) async fn primary(
    session: &Session,
    query: &CommandGetPrimaryKeys,
) -> Result<RecordBatch, ServerError> {
    let listed = list(session, |catalog, schema, name| {
        is_catalog(query.catalog.as_deref(), catalog)
            && query
                .db_schema
                .as_deref()
                .is_none_or(|wanted| wanted == schema)
            && name == query.table
    })
    .await;
    let mut keys: Vec<KeyColumn> = Vec::new();
    for table in &listed {
        let opened = table.open(session).await;
        let columns = opened.map_or_else(Vec::new, |opened| key_columns(opened.as_ref()));
        let columns = (1..).zip(columns);
        keys.extend(columns.map(|(sequence, column)| (table, column, sequence)));
    }
    let text = |value: fn(&KeyColumn) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values(keys.iter().map(value)))
    };
    let columns = vec![
        text(|(table, _, _)| table.catalog.clone()),
        text(|(table, _, _)| table.schema.clone()),
        text(|(table, _, _)| table.name.clone()),
        text(|(_, column, _)| column.clone()),
        text(|(table, _, _)| format!("{}_pkey", table.name)),
        Arc::new(Int32Array::from_iter_values(
            keys.iter().map(|(_, _, sequence)| *sequence),
        )),
    ];
    Ok(RecordBatch::try_new(primary_schema(), columns)?)
}

fn key_columns(table: &dyn TableProvider) -> Vec<String> {
    let schema = table.schema();
    let key = table.constraints().and_then(|constraints| {
        constraints.iter().find_map(|constraint| match constraint {
            Constraint::PrimaryKey(columns) => Some(columns.clone()),
            Constraint::Unique(_) => None,
        })
    });
    key.unwrap_or_default()
        .into_iter()
        .filter_map(|at| schema.fields().get(at))
        .map(|field| field.name().clone())
        .collect()
}
