//! Metadata commands: the specification's schemas, whether there are rows or not.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, UnionArray};
use arrow::datatypes::{DataType, Field, Int32Type, Schema, UInt32Type};
use arrow_flight::error::FlightError;
use arrow_flight::sql::client::FlightSqlServiceClient;
use arrow_flight::sql::{
    CommandGetCrossReference, CommandGetDbSchemas, CommandGetExportedKeys, CommandGetImportedKeys,
    CommandGetPrimaryKeys, CommandGetTables, CommandGetXdbcTypeInfo, SqlInfo,
};
use arrow_flight::{FlightInfo, IpcMessage};
use tonic::transport::Channel;

use super::server::{TestServer, fetch};
use crate::support::cells;

type Flight = FlightSqlServiceClient<Channel>;

fn text(name: &str, nullable: bool) -> Field {
    Field::new(name, DataType::Utf8, nullable)
}

/// Fetches a table of metadata and checks its schema.
async fn table(
    client: &mut Flight,
    info: Result<FlightInfo, FlightError>,
    expected: Vec<Field>,
) -> Vec<RecordBatch> {
    let (schema, batches) = fetch(client, info.unwrap()).await.unwrap();
    assert_eq!(*schema, Schema::new(expected));
    assert!(batches.len() <= 1);
    batches
}

fn rows(batches: &[RecordBatch]) -> Vec<Vec<String>> {
    cells(batches).unwrap()
}

async fn full() -> TestServer {
    let server = TestServer::start().await;
    for sql in [
        "CREATE SCHEMA shop",
        "CREATE TABLE shop.orders (id BIGINT NOT NULL, amount DECIMAL(10, 2), note VARCHAR, \
         PRIMARY KEY (id))",
        "CREATE TABLE shop.order_lines (id BIGINT)",
        "CREATE VIEW paid AS SELECT * FROM shop.orders",
    ] {
        server.engine.sql(sql).await.unwrap();
    }
    server
}

fn tables_fields(include_schema: bool) -> Vec<Field> {
    let mut fields = vec![
        text("catalog_name", true),
        text("db_schema_name", true),
        text("table_name", false),
        text("table_type", false),
    ];
    if include_schema {
        fields.push(Field::new("table_schema", DataType::Binary, false));
    }
    fields
}

async fn tables(client: &mut Flight, query: CommandGetTables) -> Vec<Vec<String>> {
    let fields = tables_fields(query.include_schema);
    let info = client.get_tables(query).await;
    rows(&table(client, info, fields).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn catalogs_schemas_and_kinds_of_tables() {
    for server in [TestServer::start().await, full().await] {
        let mut client = server.flight().await;
        let info = client.get_catalogs().await;
        let catalogs = table(&mut client, info, vec![text("catalog_name", false)]).await;
        assert_eq!(rows(&catalogs), [["cohortql"]]);
        let info = client.get_table_types().await;
        let kinds = table(&mut client, info, vec![text("table_type", false)]).await;
        assert_eq!(rows(&kinds), [["TABLE"], ["VIEW"]]);
    }
    let server = full().await;
    let mut client = server.flight().await;
    for (catalog, pattern, expected) in [
        (None, None, vec!["public", "shop", "system"]),
        (Some("cohortql"), Some("sh%"), vec!["shop"]),
        (Some(""), None, vec![]),
        (Some("cohort%"), None, vec![]),
        (None, Some("SHOP"), vec![]),
    ] {
        let query = CommandGetDbSchemas {
            catalog: catalog.map(str::to_owned),
            db_schema_filter_pattern: pattern.map(str::to_owned),
        };
        let info = client.get_db_schemas(query).await;
        let fields = vec![text("catalog_name", true), text("db_schema_name", false)];
        let schemas = rows(&table(&mut client, info, fields).await);
        let names: Vec<&String> = schemas.iter().map(|row| &row[1]).collect();
        assert_eq!(names, expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_pass_their_filters_in_order() {
    let queries = ["cohortql", "system", "queries", "TABLE"];
    let running = ["cohortql", "system", "running", "TABLE"];
    let empty = TestServer::start().await;
    let mut client = empty.flight().await;
    let all = tables(&mut client, CommandGetTables::default()).await;
    assert_eq!(all, [queries, running]);

    let server = full().await;
    let mut client = server.flight().await;
    let lines = ["cohortql", "shop", "order_lines", "TABLE"];
    let orders = ["cohortql", "shop", "orders", "TABLE"];
    let paid = ["cohortql", "public", "paid", "VIEW"];
    let all = tables(&mut client, CommandGetTables::default()).await;
    assert_eq!(all, [paid, lines, orders, queries, running]);
    let kinds = |kinds: &[&str]| CommandGetTables {
        table_types: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
        ..CommandGetTables::default()
    };
    for (asked, expected) in [
        (kinds(&["VIEW"]), vec![paid]),
        (
            kinds(&["BASE TABLE"]),
            vec![lines, orders, queries, running],
        ),
        (
            kinds(&["TABLE", "VIEW"]),
            vec![paid, lines, orders, queries, running],
        ),
        (kinds(&["SYSTEM TABLE"]), vec![]),
    ] {
        assert_eq!(tables(&mut client, asked).await, expected);
    }
    let named = |pattern: &str| CommandGetTables {
        db_schema_filter_pattern: Some("sh_p".to_owned()),
        table_name_filter_pattern: Some(pattern.to_owned()),
        ..CommandGetTables::default()
    };
    assert_eq!(tables(&mut client, named("order%")).await, [lines, orders]);
    assert_eq!(tables(&mut client, named("order\\_lines")).await, [lines]);
    assert!(tables(&mut client, named("order\\%")).await.is_empty());
    let nowhere = CommandGetTables {
        catalog: Some(String::new()),
        ..CommandGetTables::default()
    };
    assert!(tables(&mut client, nowhere).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_columns_of_tables_are_described() {
    let server = full().await;
    let mut client = server.flight().await;
    let query = CommandGetTables {
        table_name_filter_pattern: Some("orders".to_owned()),
        include_schema: true,
        ..CommandGetTables::default()
    };
    let info = client.get_tables(query).await;
    let batches = table(&mut client, info, tables_fields(true)).await;
    let bytes = batches[0].column(4).as_binary::<i32>().value(0).to_vec();
    let schema = Schema::try_from(IpcMessage(bytes.into())).unwrap();
    let types: Vec<&DataType> = schema.fields().iter().map(|f| f.data_type()).collect();
    assert_eq!(
        types,
        [
            &DataType::Int64,
            &DataType::Decimal128(10, 2),
            &DataType::Utf8
        ]
    );
    assert!(!schema.field(0).is_nullable());
    let said = |column: usize, key: &str| {
        let key = format!("ARROW:FLIGHT:SQL:{key}");
        schema.field(column).metadata()[&key].clone()
    };
    assert_eq!(said(0, "TYPE_NAME"), "BIGINT");
    assert_eq!(said(1, "TYPE_NAME"), "DECIMAL");
    assert_eq!(said(1, "PRECISION"), "10");
    assert_eq!(said(1, "SCALE"), "2");
    assert_eq!(said(2, "TYPE_NAME"), "VARCHAR");
    assert_eq!(said(2, "IS_AUTO_INCREMENT"), "0");
    assert_eq!(said(2, "REMARKS"), "");
    assert_eq!(said(2, "TABLE_NAME"), "orders");
}

fn foreign_key_fields() -> Vec<Field> {
    vec![
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
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_typed_even_where_there_are_none() {
    for server in [TestServer::start().await, full().await] {
        let mut client = server.flight().await;
        let name = "orders".to_owned();
        let imported = CommandGetImportedKeys {
            table: name.clone(),
            ..CommandGetImportedKeys::default()
        };
        let exported = CommandGetExportedKeys {
            table: name.clone(),
            ..CommandGetExportedKeys::default()
        };
        let crossed = CommandGetCrossReference {
            pk_table: name.clone(),
            fk_table: name,
            ..CommandGetCrossReference::default()
        };
        for info in [
            client.get_imported_keys(imported).await,
            client.get_exported_keys(exported).await,
            client.get_cross_reference(crossed).await,
        ] {
            assert!(
                table(&mut client, info, foreign_key_fields())
                    .await
                    .is_empty()
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn declared_primary_keys_are_told() {
    let server = full().await;
    let mut client = server.flight().await;
    let fields = vec![
        text("catalog_name", true),
        text("db_schema_name", true),
        text("table_name", false),
        text("column_name", false),
        text("key_name", true),
        Field::new("key_sequence", DataType::Int32, false),
    ];
    let key = ["cohortql", "shop", "orders", "id", "orders_pkey", "1"];
    for (name, expected) in [("orders", vec![key]), ("order_lines", vec![])] {
        let query = CommandGetPrimaryKeys {
            table: name.to_owned(),
            ..CommandGetPrimaryKeys::default()
        };
        let info = client.get_primary_keys(query).await;
        let keys = table(&mut client, info, fields.clone()).await;
        assert_eq!(rows(&keys), expected);
    }
}

/// The codes and values of GetSqlInfo.
async fn sql_info(client: &mut Flight, codes: Vec<SqlInfo>) -> (Vec<u32>, UnionArray) {
    let info = client.get_sql_info(codes).await.unwrap();
    let (schema, batches) = fetch(client, info).await.unwrap();
    assert_eq!(
        schema.field(0),
        &Field::new("info_name", DataType::UInt32, false)
    );
    let codes = batches[0].column(0).as_primitive::<UInt32Type>();
    let values = batches[0].column(1).as_union().clone();
    (codes.values().to_vec(), values)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_standard_code_of_sql_info_is_answered() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let (codes, values) = sql_info(&mut client, vec![]).await;
    let standard = (0..=11).chain(100..=101).chain(500..=576);
    assert_eq!(codes, standard.collect::<Vec<u32>>());
    let DataType::Union(children, _) = values.data_type() else {
        panic!("a union");
    };
    let names: Vec<&str> = children
        .iter()
        .map(|(_, field)| field.name().as_str())
        .collect();
    assert_eq!(
        names,
        [
            "string_value",
            "bool_value",
            "bigint_value",
            "int32_bitmask",
            "string_list",
            "int32_to_int32_list_map"
        ]
    );
    // The specification's type of each code: 0 text, 1 flag, 2 int64, 3 int32, 4 list, 5 map.
    let type_of = |code: u32| {
        let at = codes.iter().position(|other| *other == code).unwrap();
        values.type_id(at)
    };
    for (code, type_id) in [
        (0, 0),
        (3, 1),
        (8, 3),
        (9, 1),
        (100, 3),
        (500, 1),
        (503, 3),
        (504, 0),
        (507, 3),
        (508, 4),
        (509, 4),
        (513, 0),
        (515, 1),
        (517, 5),
        (522, 3),
        (528, 3),
        (532, 1),
        (535, 3),
        (541, 2),
        (556, 1),
        (557, 2),
        // Where the JDBC driver and the specification differ.
        (562, 2),
        (564, 3),
        (567, 3),
        (572, 1),
        (576, 1),
    ] {
        assert_eq!(type_of(code), type_id, "code {code}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sql_info_says_what_is_missing() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    let asked = vec![
        SqlInfo::FlightSqlServerName,
        SqlInfo::FlightSqlServerTransaction,
        SqlInfo::SqlSavepointsSupported,
        SqlInfo::SqlKeywords,
    ];
    let (codes, values) = sql_info(&mut client, asked).await;
    assert_eq!(codes, [0, 8, 508, 573]);
    let value = |at: usize| -> ArrayRef { values.value(at) };
    assert_eq!(value(0).as_string::<i32>().value(0), "CohortQL");
    assert_eq!(value(1).as_primitive::<Int32Type>().value(0), 0);
    assert!(value(2).as_list::<i32>().value(0).len() > 300);
    assert!(!value(3).as_boolean().value(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn xdbc_types_are_listed_and_filtered() {
    let server = TestServer::start().await;
    let mut client = server.flight().await;
    for (data_type, at_least) in [(None, 20), (Some(12), 1), (Some(4), 2), (Some(-16), 0)] {
        let info = client
            .get_xdbc_type_info(CommandGetXdbcTypeInfo { data_type })
            .await
            .unwrap();
        let (schema, batches) = fetch(&mut client, info).await.unwrap();
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        assert_eq!(names.len(), 19);
        assert_eq!(names[..3], ["type_name", "data_type", "column_size"]);
        let count: usize = batches.iter().map(RecordBatch::num_rows).sum();
        assert!(count >= at_least, "{count} types of {data_type:?}");
        assert_eq!(count == 0, at_least == 0);
    }
}
