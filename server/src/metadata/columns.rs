//! What GetTables says about a column beyond its Arrow type.

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field, IntervalUnit, Schema, SchemaRef, TimeUnit};
use cohortql_protocol::{Types, wire_schema};

use super::listing::Listed;

/// Field metadata in which table formats keep a column's comment.
const COMMENTS: [&str; 2] = ["comment", "delta.comment"];

/// A table's columns in the types that are sent, each with the metadata that JDBC and ODBC drivers
/// read; `own` are those that it has.
pub(super) fn described(listed: &Listed, own: &SchemaRef, types: Types) -> Schema {
    let wire = wire_schema(own, types);
    let fields = wire.fields().iter().zip(own.fields()).map(|(sent, own)| {
        let mut metadata = sent.metadata().clone();
        metadata.extend(column_metadata(listed, sent.data_type(), own.metadata()));
        sent.as_ref().clone().with_metadata(metadata)
    });
    Schema::new(fields.collect::<Vec<Field>>())
}

fn column_metadata(
    listed: &Listed,
    data_type: &DataType,
    own: &HashMap<String, String>,
) -> Vec<(String, String)> {
    let remarks = COMMENTS
        .iter()
        .find_map(|key| own.get(*key))
        .cloned()
        .unwrap_or_default();
    let mut entries = vec![
        ("CATALOG_NAME", listed.catalog.clone()),
        ("SCHEMA_NAME", listed.schema.clone()),
        ("TABLE_NAME", listed.name.clone()),
        ("TYPE_NAME", type_name(data_type).to_owned()),
        ("IS_AUTO_INCREMENT", "0".to_owned()),
        ("IS_CASE_SENSITIVE", flag(is_text(data_type))),
        ("IS_READ_ONLY", "0".to_owned()),
        ("IS_SEARCHABLE", "1".to_owned()),
        ("REMARKS", remarks),
    ];
    if let Some((precision, scale)) = precision_and_scale(data_type) {
        entries.push(("PRECISION", precision.to_string()));
        entries.push(("SCALE", scale.to_string()));
    }
    entries
        .into_iter()
        .map(|(key, value)| (format!("ARROW:FLIGHT:SQL:{key}"), value))
        .collect()
}

fn flag(set: bool) -> String {
    if set { "1" } else { "0" }.to_owned()
}

fn is_text(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Utf8 | DataType::LargeUtf8)
}

/// The SQL name of a wire type, as the list of XDBC types has it.
fn type_name(data_type: &DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "BOOLEAN",
        DataType::Int8 => "TINYINT",
        DataType::Int16 => "SMALLINT",
        DataType::Int32 => "INTEGER",
        DataType::Int64 => "BIGINT",
        DataType::UInt8 => "TINYINT UNSIGNED",
        DataType::UInt16 => "SMALLINT UNSIGNED",
        DataType::UInt32 => "INTEGER UNSIGNED",
        DataType::UInt64 => "BIGINT UNSIGNED",
        DataType::Float32 => "REAL",
        DataType::Float64 => "DOUBLE",
        DataType::Decimal128(_, _) | DataType::Decimal256(_, _) => "DECIMAL",
        DataType::Utf8 | DataType::LargeUtf8 => "VARCHAR",
        DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_) => "VARBINARY",
        DataType::Date32 | DataType::Date64 => "DATE",
        DataType::Time32(_) | DataType::Time64(_) => "TIME",
        DataType::Timestamp(_, None) => "TIMESTAMP",
        DataType::Timestamp(_, Some(_)) => "TIMESTAMP WITH TIME ZONE",
        DataType::Interval(_) | DataType::Duration(_) => "INTERVAL",
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(_, _) => "ARRAY",
        DataType::Struct(_) => "STRUCT",
        DataType::Map(_, _) => "MAP",
        DataType::Null => "NULL",
        _ => "OTHER",
    }
}

/// Digits in all and after the point, for the types that have them.
fn precision_and_scale(data_type: &DataType) -> Option<(i32, i32)> {
    Some(match data_type {
        DataType::Int8 | DataType::UInt8 => (3, 0),
        DataType::Int16 | DataType::UInt16 => (5, 0),
        DataType::Int32 | DataType::UInt32 => (10, 0),
        DataType::Int64 => (19, 0),
        DataType::UInt64 => (20, 0),
        DataType::Float32 => (7, 7),
        DataType::Float64 => (15, 15),
        DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale) => {
            (i32::from(*precision), i32::from(*scale))
        }
        DataType::Time32(unit) | DataType::Time64(unit) => (8 + point(*unit), digits(*unit)),
        DataType::Timestamp(unit, _) => (19 + point(*unit), digits(*unit)),
        DataType::Date32 | DataType::Date64 => (10, 0),
        DataType::Interval(IntervalUnit::YearMonth) => (9, 0),
        _ => return None,
    })
}

/// Digits after the second.
fn digits(unit: TimeUnit) -> i32 {
    match unit {
        TimeUnit::Second => 0,
        TimeUnit::Millisecond => 3,
        TimeUnit::Microsecond => 6,
        TimeUnit::Nanosecond => 9,
    }
}

/// Characters after the second, the point included.
fn point(unit: TimeUnit) -> i32 {
    match digits(unit) {
        0 => 0,
        digits => digits + 1,
    }
}
