//! The types in which new tables keep what comes.
//!
//! Compact encodings are for the way: a table keeps plain values, so that every function takes
//! them and further rows need no room in a dictionary. Memory keeps the rest as it comes; Delta
//! Lake has fewer types, into which values go without loss, but for what is finer than microseconds.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use cohortql_udfs::sql_name;

use crate::EngineError;

/// Metadata that belongs to a type: how Arrow's extension types are told.
const EXTENSION: &str = "ARROW:extension:";

/// Digits of Delta's decimals.
const DELTA_DIGITS: u8 = 38;

/// A column of a table in memory.
pub(super) fn in_memory(field: &Field) -> Field {
    let metadata: HashMap<String, String> = field
        .metadata()
        .iter()
        .filter(|(key, _)| key.starts_with(EXTENSION))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    Field::new(field.name(), plain(field.data_type()), field.is_nullable()).with_metadata(metadata)
}

fn plain(data_type: &DataType) -> DataType {
    let inner = |field: &Field| Arc::new(in_memory(field));
    match data_type {
        // Nothing says what will be in it; as text it can take anything.
        DataType::Null => DataType::Utf8,
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Dictionary(_, values) => plain(values),
        DataType::RunEndEncoded(_, values) => plain(values.data_type()),
        DataType::List(item) | DataType::ListView(item) => DataType::List(inner(item)),
        DataType::LargeList(item) | DataType::LargeListView(item) => {
            DataType::LargeList(inner(item))
        }
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(inner(item), *size),
        DataType::Struct(fields) => {
            DataType::Struct(fields.iter().map(|field| in_memory(field)).collect())
        }
        DataType::Map(entries, sorted) => DataType::Map(inner(entries), *sorted),
        other => other.clone(),
    }
}

/// A column of a Delta table.
///
/// # Errors
/// When Delta has no type for its values.
pub(crate) fn in_delta(field: &Field) -> Result<Field, EngineError> {
    let refused = |part: &DataType| EngineError::Plan {
        message: format!(
            "column {:?} cannot be stored in a Delta table, which has no type for {}",
            field.name(),
            sql_name(part)
        ),
        location: None,
    };
    let data_type = delta(field.data_type()).map_err(|part| refused(&part))?;
    Ok(Field::new(field.name(), data_type, field.is_nullable()))
}

/// Delta's type for a type of Arrow's; the part that it has none for otherwise.
fn delta(data_type: &DataType) -> Result<DataType, DataType> {
    let named = |name: &str, field: &Field| {
        delta(field.data_type()).map(|kept| Field::new(name, kept, field.is_nullable()))
    };
    Ok(match data_type {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32 => data_type.clone(),
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 => DataType::Int64,
        DataType::UInt64 => DataType::Decimal128(20, 0),
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => {
            decimal(*precision, *scale).ok_or_else(|| data_type.clone())?
        }
        DataType::Date64 => DataType::Date32,
        DataType::Timestamp(_, zone) => {
            let zone = zone.as_ref().map(|_| "UTC".into());
            DataType::Timestamp(TimeUnit::Microsecond, zone)
        }
        DataType::Null
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Duration(_)
        | DataType::Interval(_) => DataType::Utf8,
        DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView
        | DataType::FixedSizeBinary(_) => DataType::Binary,
        DataType::Dictionary(_, values) => delta(values)?,
        DataType::RunEndEncoded(_, values) => delta(values.data_type())?,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => DataType::List(Arc::new(named("element", item)?)),
        DataType::Struct(fields) if !fields.is_empty() => {
            let kept = fields.iter().map(|field| named(field.name(), field));
            DataType::Struct(kept.collect::<Result<Fields, _>>()?)
        }
        DataType::Map(entries, _) => {
            let DataType::Struct(fields) = entries.data_type() else {
                return Err(data_type.clone());
            };
            let [key, value] = fields.as_ref() else {
                return Err(data_type.clone());
            };
            let fields = Fields::from(vec![named("key", key)?, named("value", value)?]);
            let entries = Field::new("key_value", DataType::Struct(fields), false);
            DataType::Map(Arc::new(entries), false)
        }
        other => return Err(other.clone()),
    })
}

/// A decimal with the digits that Delta has, those before the point first.
fn decimal(precision: u8, scale: i8) -> Option<DataType> {
    // A negative scale stands for zeros before the point.
    let zeros = u8::try_from(-i16::from(scale)).unwrap_or(0);
    let scale = scale.max(0);
    let precision = precision.saturating_add(zeros).min(DELTA_DIGITS);
    let fits = u8::try_from(scale).is_ok_and(|scale| scale <= precision);
    fits.then_some(DataType::Decimal128(precision, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(data_type: DataType) -> Arc<Field> {
        Arc::new(Field::new("item", data_type, true))
    }

    #[test]
    fn memory_keeps_plain_values() {
        let dictionary =
            DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8View));
        for (came, kept) in [
            (DataType::Null, DataType::Utf8),
            (DataType::Decimal32(9, 2), DataType::Decimal128(9, 2)),
            (
                DataType::ListView(item(dictionary)),
                DataType::List(item(DataType::Utf8View)),
            ),
            (
                DataType::Timestamp(TimeUnit::Nanosecond, None),
                DataType::Timestamp(TimeUnit::Nanosecond, None),
            ),
        ] {
            assert_eq!(plain(&came), kept);
        }
    }

    #[test]
    fn of_metadata_only_that_of_types_stays() {
        let metadata = [
            ("ARROW:extension:name".to_owned(), "arrow.uuid".to_owned()),
            ("ARROW:FLIGHT:SQL:REMARKS".to_owned(), "x".to_owned()),
        ];
        let field = Field::new("id", DataType::FixedSizeBinary(16), false);
        let kept = in_memory(&field.with_metadata(metadata.into()));
        assert_eq!(kept.metadata().len(), 1);
        assert!(in_delta(&kept).unwrap().metadata().is_empty());
    }

    #[test]
    fn delta_has_fewer_types() {
        for (came, kept) in [
            (DataType::UInt64, DataType::Decimal128(20, 0)),
            (DataType::Decimal256(50, 3), DataType::Decimal128(38, 3)),
            (DataType::Decimal128(5, -3), DataType::Decimal128(8, 0)),
            (DataType::Time64(TimeUnit::Nanosecond), DataType::Utf8),
            (DataType::Date64, DataType::Date32),
        ] {
            assert_eq!(delta(&came), Ok(kept));
        }
        let zoned = DataType::Timestamp(TimeUnit::Second, Some("Europe/Berlin".into()));
        let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
        assert_eq!(delta(&zoned), Ok(utc));
    }

    #[test]
    fn what_delta_cannot_hold_is_named() {
        let empty = DataType::Struct(Fields::empty());
        let field = Field::new("odd", DataType::List(item(empty)), true);
        let message = in_delta(&field).unwrap_err().to_string();
        assert!(message.contains("\"odd\""), "{message}");
    }
}
