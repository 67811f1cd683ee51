//! Catalogs, schemas and kinds of tables.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow_flight::sql::CommandGetDbSchemas;
use cohortql_engine::Session;

use super::listing::{Kind, schemas as all_schemas};
use super::pattern::{is_catalog, passes};
use crate::error::ServerError;
use crate::sessions::TableTerm;

fn text(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, nullable)
}

pub(super) fn catalogs_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![text("catalog_name", false)]))
}

pub(super) fn schemas_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![
        text("catalog_name", true),
        text("db_schema_name", false),
    ]))
}

pub(super) fn table_types_schema() -> SchemaRef {
    Arc::new(Schema::new(vec![text("table_type", false)]))
}

pub(super) fn catalogs(session: &Session) -> Result<RecordBatch, ServerError> {
    let mut names = session.context().catalog_names();
    names.sort();
    batch(catalogs_schema(), vec![column(names)])
}

pub(super) fn schemas(
    session: &Session,
    query: &CommandGetDbSchemas,
) -> Result<RecordBatch, ServerError> {
    let (catalogs, schemas): (Vec<String>, Vec<String>) = all_schemas(session)
        .into_iter()
        .filter(|(catalog, schema)| {
            is_catalog(query.catalog.as_deref(), catalog)
                && passes(query.db_schema_filter_pattern.as_deref(), schema)
        })
        .unzip();
    batch(schemas_schema(), vec![column(catalogs), column(schemas)])
}

pub(super) fn table_types(term: TableTerm) -> Result<RecordBatch, ServerError> {
    let names = [Kind::Table, Kind::View].map(|kind| kind.name(term).to_owned());
    batch(table_types_schema(), vec![column(names.to_vec())])
}

fn column(values: Vec<String>) -> ArrayRef {
    Arc::new(StringArray::from(values))
}

fn batch(schema: SchemaRef, columns: Vec<ArrayRef>) -> Result<RecordBatch, ServerError> {
    Ok(RecordBatch::try_new(schema, columns)?)
}
