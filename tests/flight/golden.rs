//! Every metadata command's answer, for an empty and for a full catalog, as files in
//! `tests/flight/golden/`: the whole schema, nullability and metadata included, and the rows.
//!
//! `UPDATE_GOLDEN=1` rewrites the files; read the difference before committing it.

use std::fmt::Write;
use std::path::PathBuf;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use arrow_flight::error::FlightError;
use arrow_flight::sql::{
    CommandGetCatalogs, CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys,
    CommandGetImportedKeys, CommandGetPrimaryKeys, CommandGetSqlInfo, CommandGetTableTypes,
    CommandGetTables, CommandGetXdbcTypeInfo, ProstMessageExt,
};
use arrow_flight::{FlightDescriptor, IpcMessage};
use prost::Message;

use super::server::{TestServer, fetch};
use super::types::{described, every_type};
use crate::support::{cells, root};

/// A server with tables of every kind and column.
async fn full() -> TestServer {
    let server = TestServer::start().await;
    for sql in [
        "CREATE TABLE orders (id BIGINT NOT NULL, amount DECIMAL(10, 2), note VARCHAR, \
         PRIMARY KEY (id))",
        "CREATE VIEW paid AS SELECT * FROM orders WHERE amount > 0",
    ] {
        server.engine.sql(sql).await.unwrap();
    }
    for (name, batch) in [("everything", every_type()), ("described", described())] {
        server
            .engine
            .register_batches(name, None, vec![batch])
            .unwrap();
    }
    server
}

/// The commands whose rows are the catalog's, narrowed to the schema that tables are made in.
fn of_the_catalog() -> Vec<(&'static str, Vec<u8>)> {
    let orders = || "orders".to_owned();
    let tables = |include_schema| CommandGetTables {
        db_schema_filter_pattern: Some("public".to_owned()),
        include_schema,
        ..CommandGetTables::default()
    };
    let schemas = CommandGetDbSchemas {
        db_schema_filter_pattern: Some("public".to_owned()),
        ..CommandGetDbSchemas::default()
    };
    let primary = CommandGetPrimaryKeys {
        table: orders(),
        ..CommandGetPrimaryKeys::default()
    };
    let exported = CommandGetExportedKeys {
        table: orders(),
        ..CommandGetExportedKeys::default()
    };
    let imported = CommandGetImportedKeys {
        table: orders(),
        ..CommandGetImportedKeys::default()
    };
    let crossed = CommandGetCrossReference {
        pk_table: orders(),
        fk_table: orders(),
        ..CommandGetCrossReference::default()
    };
    vec![
        ("catalogs", CommandGetCatalogs {}.as_any().encode_to_vec()),
        ("db_schemas", schemas.as_any().encode_to_vec()),
        ("tables", tables(false).as_any().encode_to_vec()),
        ("tables_with_schema", tables(true).as_any().encode_to_vec()),
        ("primary_keys", primary.as_any().encode_to_vec()),
        ("exported_keys", exported.as_any().encode_to_vec()),
        ("imported_keys", imported.as_any().encode_to_vec()),
        ("cross_reference", crossed.as_any().encode_to_vec()),
    ]
}

/// The commands whose rows are the same whatever the catalog holds.
fn of_the_server() -> Vec<(&'static str, Vec<u8>)> {
    let info = CommandGetSqlInfo { info: vec![] };
    let types = CommandGetXdbcTypeInfo { data_type: None };
    vec![
        (
            "table_types",
            CommandGetTableTypes {}.as_any().encode_to_vec(),
        ),
        ("sql_info", info.as_any().encode_to_vec()),
        ("xdbc_type_info", types.as_any().encode_to_vec()),
    ]
}

/// The answer to a command, whose schema is the same wherever it is promised.
async fn answer(server: &TestServer, command: Vec<u8>) -> Result<String, FlightError> {
    let mut client = server.flight().await;
    let descriptor = FlightDescriptor::new_cmd(command);
    let alone = client.inner_mut().get_schema(descriptor.clone()).await;
    let info = client.inner_mut().get_flight_info(descriptor).await;
    let (schema, batches) = fetch(&mut client, info.unwrap().into_inner()).await?;
    assert_eq!(
        Schema::try_from(alone.unwrap().into_inner()).unwrap(),
        *schema
    );
    assert!(batches.len() <= 1, "at most one batch");
    let mut text = String::new();
    schema_text(&mut text, &schema, "");
    for batch in &batches {
        text.push('\n');
        rows_text(&mut text, batch);
    }
    Ok(text)
}

fn schema_text(text: &mut String, schema: &Schema, indent: &str) {
    for field in schema.fields() {
        writeln!(text, "{indent}{}", field_text(field)).unwrap();
    }
    if !schema.metadata().is_empty() {
        writeln!(text, "{indent}metadata {:?}", schema.metadata()).unwrap();
    }
}

fn field_text(field: &Field) -> String {
    let null = if field.is_nullable() { "" } else { " not null" };
    let mut metadata: Vec<_> = field.metadata().iter().collect();
    metadata.sort();
    let metadata: Vec<String> = metadata
        .into_iter()
        .map(|(key, value)| format!(" {}={value:?}", key.trim_start_matches("ARROW:FLIGHT:SQL:")))
        .collect();
    format!(
        "{}: {}{null}{}",
        field.name(),
        field.data_type(),
        metadata.concat()
    )
}

/// One line a row. Schemas in cells follow their row; of SqlInfo's values only the type is shown,
/// since they change with every function and every version.
fn rows_text(text: &mut String, batch: &RecordBatch) {
    let plain: Vec<usize> = (0..batch.num_columns())
        .filter(|at| {
            !matches!(
                batch.column(*at).data_type(),
                DataType::Binary | DataType::Union(_, _)
            )
        })
        .collect();
    let rows = cells(&[batch.project(&plain).unwrap()]).unwrap();
    for (row, mut cells) in rows.into_iter().enumerate() {
        let mut nested = String::new();
        for column in batch.columns() {
            match column.data_type() {
                DataType::Union(children, _) => {
                    let id = column.as_union().type_id(row);
                    let (_, child) = children.iter().find(|(other, _)| *other == id).unwrap();
                    cells.push(child.name().clone());
                }
                DataType::Binary => {
                    let bytes = column.as_binary::<i32>().value(row).to_vec();
                    let schema = Schema::try_from(IpcMessage(bytes.into())).unwrap();
                    schema_text(&mut nested, &schema, "    ");
                }
                _ => {}
            }
        }
        write!(text, "{}\n{nested}", cells.join(" | ")).unwrap();
    }
}

fn compare(name: &str, got: &str, different: &mut Vec<String>) {
    let file: PathBuf = root().join(format!("tests/flight/golden/{name}.txt"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, got).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    if expected != got {
        different.push(format!("== {name}: expected\n{expected}\ngot\n{got}"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn metadata_is_as_it_was() {
    let mut different = Vec::new();
    let empty = TestServer::start().await;
    let full = full().await;
    for (name, command) in of_the_catalog() {
        let got = answer(&empty, command.clone()).await.unwrap();
        compare(&format!("empty/{name}"), &got, &mut different);
        let got = answer(&full, command).await.unwrap();
        compare(&format!("full/{name}"), &got, &mut different);
    }
    for (name, command) in of_the_server() {
        let got = answer(&empty, command.clone()).await.unwrap();
        assert_eq!(got, answer(&full, command).await.unwrap(), "{name}");
        compare(&format!("any/{name}"), &got, &mut different);
    }
    assert!(different.is_empty(), "{}", different.join("\n"));
}
