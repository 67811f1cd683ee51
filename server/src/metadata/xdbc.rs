//! The types of SQL, as JDBC and ODBC tools want them described.

use std::sync::LazyLock;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow_flight::sql::metadata::{XdbcTypeInfo, XdbcTypeInfoData, XdbcTypeInfoDataBuilder};
use arrow_flight::sql::{Nullable, Searchable};
use arrow_flight::sql::{XdbcDataType as Type, XdbcDatetimeSubcode as Subcode};

use crate::error::ServerError;

static TYPES: LazyLock<Result<XdbcTypeInfoData, String>> = LazyLock::new(|| {
    let mut builder = XdbcTypeInfoDataBuilder::new();
    for described in types() {
        builder.append(described);
    }
    builder.build().map_err(|error| error.to_string())
});

pub(super) fn schema() -> Option<SchemaRef> {
    TYPES.as_ref().ok().map(XdbcTypeInfoData::schema)
}

/// All types, or those of one XDBC code.
pub(super) fn rows(data_type: Option<i32>) -> Result<RecordBatch, ServerError> {
    let types = TYPES
        .as_ref()
        .map_err(|error| ServerError::Internal(error.clone()))?;
    types
        .record_batch(data_type)
        .map_err(|error| ServerError::Internal(error.to_string()))
}

/// Every type that a column of a result or a table can have.
fn types() -> Vec<XdbcTypeInfo> {
    vec![
        exact("TINYINT", Type::XdbcTinyint, 3, false),
        exact("SMALLINT", Type::XdbcSmallint, 5, false),
        exact("INTEGER", Type::XdbcInteger, 10, false),
        exact("BIGINT", Type::XdbcBigint, 19, false),
        exact("TINYINT UNSIGNED", Type::XdbcTinyint, 3, true),
        exact("SMALLINT UNSIGNED", Type::XdbcSmallint, 5, true),
        exact("INTEGER UNSIGNED", Type::XdbcInteger, 10, true),
        exact("BIGINT UNSIGNED", Type::XdbcBigint, 20, true),
        approximate("REAL", Type::XdbcReal, 24),
        approximate("DOUBLE", Type::XdbcDouble, 53),
        XdbcTypeInfo {
            create_params: Some(vec!["precision".to_owned(), "scale".to_owned()]),
            minimum_scale: Some(0),
            maximum_scale: Some(76),
            ..exact("DECIMAL", Type::XdbcDecimal, 76, false)
        },
        plain("BOOLEAN", Type::XdbcBit, Some(1)),
        XdbcTypeInfo {
            case_sensitive: true,
            searchable: Searchable::Full,
            ..quoted("VARCHAR", Type::XdbcVarchar, i32::MAX, "'")
        },
        XdbcTypeInfo {
            searchable: Searchable::Basic,
            ..quoted("VARBINARY", Type::XdbcVarbinary, i32::MAX, "X'")
        },
        quoted("DATE", Type::XdbcDate, 10, "DATE '"),
        temporal(
            "TIME",
            Type::XdbcTime,
            18,
            "TIME '",
            Subcode::XdbcSubcodeTime,
        ),
        temporal(
            "TIMESTAMP",
            Type::XdbcTimestamp,
            29,
            "TIMESTAMP '",
            Subcode::XdbcSubcodeTimestamp,
        ),
        temporal(
            "TIMESTAMP WITH TIME ZONE",
            Type::XdbcTimestamp,
            35,
            "TIMESTAMP '",
            Subcode::XdbcSubcodeTimestampWithTimezone,
        ),
        quoted("INTERVAL", Type::XdbcInterval, 64, "INTERVAL '"),
        plain("ARRAY", Type::XdbcUnknownType, None),
        plain("STRUCT", Type::XdbcUnknownType, None),
        plain("MAP", Type::XdbcUnknownType, None),
    ]
}

fn plain(name: &str, data_type: Type, size: Option<i32>) -> XdbcTypeInfo {
    XdbcTypeInfo {
        type_name: name.to_owned(),
        data_type,
        column_size: size,
        nullable: Nullable::NullabilityNullable,
        searchable: Searchable::Basic,
        auto_increment: Some(false),
        local_type_name: Some(name.to_owned()),
        sql_data_type: data_type,
        ..XdbcTypeInfo::default()
    }
}

fn exact(name: &str, data_type: Type, digits: i32, unsigned: bool) -> XdbcTypeInfo {
    XdbcTypeInfo {
        unsigned_attribute: Some(unsigned),
        minimum_scale: Some(0),
        maximum_scale: Some(0),
        num_prec_radix: Some(10),
        ..plain(name, data_type, Some(digits))
    }
}

fn approximate(name: &str, data_type: Type, bits: i32) -> XdbcTypeInfo {
    XdbcTypeInfo {
        unsigned_attribute: Some(false),
        num_prec_radix: Some(2),
        ..plain(name, data_type, Some(bits))
    }
}

fn quoted(name: &str, data_type: Type, size: i32, prefix: &str) -> XdbcTypeInfo {
    XdbcTypeInfo {
        literal_prefix: Some(prefix.to_owned()),
        literal_suffix: Some("'".to_owned()),
        ..plain(name, data_type, Some(size))
    }
}

fn temporal(
    name: &str,
    data_type: Type,
    size: i32,
    prefix: &str,
    subcode: Subcode,
) -> XdbcTypeInfo {
    XdbcTypeInfo {
        minimum_scale: Some(0),
        maximum_scale: Some(9),
        sql_data_type: Type::XdbcDatetime,
        datetime_subcode: Some(subcode),
        ..quoted(name, data_type, size, prefix)
    }
}
