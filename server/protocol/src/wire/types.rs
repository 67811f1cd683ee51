//! The types in which results are sent: those that every client understands, in place of Arrow's
//! newer or more compact ones, unless the client wants others.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, UnionFields};

use super::profile::Types;
use super::simple::simple_type;

/// Prefix of the field metadata that belongs to Arrow itself: extension types.
const ARROW_METADATA: &str = "ARROW:";

/// Prefix of the part of it in which Flight SQL describes columns.
const COLUMN_METADATA: &str = "ARROW:FLIGHT:SQL:";

/// The schema in which a result of `schema` is sent.
///
/// Names, order and nullability stay. Metadata goes, except Arrow's own: what a file's writer
/// left there is no business of the client, and JDBC takes some of it for labels. Plain decimals
/// say how many digits they have, which JDBC does not take from the type.
pub fn wire_schema(schema: &Schema, types: Types) -> SchemaRef {
    let fields = schema.fields().iter();
    let fields: Fields = match types {
        Types::Plain => fields.map(|field| with_digits(wire_field(field))).collect(),
        Types::Arrow => fields.map(|field| changed(field, own_type)).collect(),
        Types::Simple => fields.map(simple_field).collect(),
    };
    Arc::new(Schema::new(fields))
}

fn wire_field(field: &FieldRef) -> FieldRef {
    changed(field, wire_type)
}

fn with_digits(field: FieldRef) -> FieldRef {
    let (DataType::Decimal128(precision, scale) | DataType::Decimal256(precision, scale)) =
        field.data_type()
    else {
        return field;
    };
    let mut metadata = field.metadata().clone();
    metadata.insert(format!("{COLUMN_METADATA}PRECISION"), precision.to_string());
    metadata.insert(format!("{COLUMN_METADATA}SCALE"), scale.to_string());
    Arc::new(field.as_ref().clone().with_metadata(metadata))
}

/// The entries of a map, called as the specification suggests: JDBC finds keys and values by name.
fn wire_entries(entries: &FieldRef) -> FieldRef {
    let sent = wire_field(entries);
    let DataType::Struct(parts) = sent.data_type() else {
        return sent;
    };
    let names = ["key", "value"].into_iter();
    let parts: Fields = parts
        .iter()
        .zip(names)
        .map(|(part, name)| part.as_ref().clone().with_name(name))
        .collect();
    let renamed = sent.as_ref().clone().with_name("entries");
    Arc::new(renamed.with_data_type(DataType::Struct(parts)))
}

/// A simple type says nothing of what the value stood for, so that no metadata fits it.
fn simple_field(field: &FieldRef) -> FieldRef {
    let data_type = simple_type(&wire_type(field.data_type()));
    Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
}

fn changed(field: &FieldRef, change: impl Fn(&DataType) -> DataType) -> FieldRef {
    let metadata: HashMap<String, String> = field
        .metadata()
        .iter()
        .filter(|(key, _)| key.starts_with(ARROW_METADATA) && !key.starts_with(COLUMN_METADATA))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let sent = Field::new(field.name(), change(field.data_type()), field.is_nullable());
    Arc::new(sent.with_metadata(metadata))
}

/// Arrow's own type, but for dictionaries whose values are dictionaries, which Arrow's messages
/// cannot hold.
fn own_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) if matches!(**values, DataType::Dictionary(_, _)) => {
            own_type(values)
        }
        own => nested(own, own_type),
    }
}

/// The plain type in which values of `data_type` are sent, at every depth.
pub(super) fn wire_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Dictionary(_, values) => wire_type(values),
        DataType::RunEndEncoded(_, values) => wire_type(values.data_type()),
        DataType::ListView(item) => DataType::List(wire_field(item)),
        DataType::LargeListView(item) => DataType::LargeList(wire_field(item)),
        DataType::Map(entries, sorted) => DataType::Map(wire_entries(entries), *sorted),
        other => nested(other, wire_type),
    }
}

/// The type with those of its parts changed.
fn nested(data_type: &DataType, change: fn(&DataType) -> DataType) -> DataType {
    let part = |field: &FieldRef| changed(field, change);
    match data_type {
        DataType::List(item) => DataType::List(part(item)),
        DataType::ListView(item) => DataType::ListView(part(item)),
        DataType::LargeList(item) => DataType::LargeList(part(item)),
        DataType::LargeListView(item) => DataType::LargeListView(part(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(part(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(part).collect()),
        DataType::Map(entries, sorted) => DataType::Map(part(entries), *sorted),
        DataType::Union(fields, mode) => {
            let fields: UnionFields = fields.iter().map(|(id, field)| (id, part(field))).collect();
            DataType::Union(fields, *mode)
        }
        DataType::Dictionary(key, values) => {
            DataType::Dictionary(key.clone(), Box::new(change(values)))
        }
        DataType::RunEndEncoded(ends, values) => {
            DataType::RunEndEncoded(Arc::clone(ends), part(values))
        }
        flat => flat.clone(),
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimeUnit;

    use super::*;

    fn item(data_type: DataType) -> FieldRef {
        Arc::new(Field::new("item", data_type, true))
    }

    #[test]
    fn plain_types_stay() {
        for data_type in [
            DataType::Int32,
            DataType::LargeUtf8,
            DataType::Decimal256(50, 2),
            DataType::Date32,
            DataType::FixedSizeBinary(16),
        ] {
            assert_eq!(wire_type(&data_type), data_type);
        }
    }

    #[test]
    fn compact_types_become_plain_at_every_depth() {
        let dictionary =
            DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8View));
        let inner = DataType::Struct(
            vec![
                Field::new("name", dictionary, false),
                Field::new("half", DataType::Float16, true),
            ]
            .into(),
        );
        let sent = wire_type(&DataType::ListView(item(inner)));
        let expected = DataType::Struct(
            vec![
                Field::new("name", DataType::Utf8, false),
                Field::new("half", DataType::Float32, true),
            ]
            .into(),
        );
        assert_eq!(sent, DataType::List(item(expected)));
    }

    #[test]
    fn entries_of_maps_are_keys_and_values() {
        let map = |entries: &str, key: &str, value: &str| {
            let parts = vec![
                Field::new(key, DataType::Utf8View, false),
                Field::new(value, DataType::Int64, true),
            ];
            Field::new(entries, DataType::Struct(parts.into()), false)
        };
        let own = DataType::Map(Arc::new(map("key_value", "keys", "values")), true);
        let DataType::Map(entries, true) = wire_type(&own) else {
            panic!("a sorted map");
        };
        let names = |field: &Field| match field.data_type() {
            DataType::Struct(parts) => parts.iter().map(|part| part.name().clone()).collect(),
            other => vec![other.to_string()],
        };
        assert_eq!(
            (entries.name().as_str(), entries.is_nullable()),
            ("entries", false)
        );
        assert_eq!(names(&entries), ["key", "value"]);
        assert_eq!(own_type(&own), own);
    }

    #[test]
    fn plain_decimals_tell_their_digits() {
        let field = Field::new("d", DataType::Decimal64(12, 3), true);
        let stale = [
            ("ARROW:FLIGHT:SQL:PRECISION".to_owned(), "5".to_owned()),
            ("ARROW:FLIGHT:SQL:REMARKS".to_owned(), "paid".to_owned()),
        ];
        let field = field.with_metadata(stale.into());
        let sent = |types| {
            let schema = Schema::new(vec![field.clone()]);
            wire_schema(&schema, types).field(0).metadata().clone()
        };
        let told = [("PRECISION", "12"), ("SCALE", "3")]
            .map(|(key, value)| (format!("ARROW:FLIGHT:SQL:{key}"), value.to_owned()));
        assert_eq!(sent(Types::Plain), told.into());
        assert!(sent(Types::Arrow).is_empty());
    }

    #[test]
    fn simple_types_are_five() {
        let nested = DataType::Map(item(DataType::Struct(Fields::empty())), false);
        let own = [
            DataType::Utf8View,
            nested,
            DataType::BinaryView,
            DataType::UInt32,
            DataType::UInt64,
            DataType::Decimal64(10, 2),
            DataType::Date32,
            DataType::Boolean,
            DataType::Null,
        ];
        let fields: Vec<Field> = own
            .into_iter()
            .map(|own| Field::new("c", own, true))
            .collect();
        let sent = wire_schema(&Schema::new(fields), Types::Simple);
        let sent: Vec<&DataType> = sent
            .fields()
            .iter()
            .map(|field| field.data_type())
            .collect();
        assert_eq!(
            sent,
            [
                &DataType::Utf8,
                &DataType::Utf8,
                &DataType::Utf8,
                &DataType::Int64,
                &DataType::Float64,
                &DataType::Float64,
                &DataType::Timestamp(TimeUnit::Nanosecond, None),
                &DataType::Boolean,
                &DataType::Utf8,
            ]
        );
    }

    #[test]
    fn arrows_own_types_stay() {
        let dictionary = DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8));
        let twice = DataType::Dictionary(Box::new(DataType::Int8), Box::new(dictionary.clone()));
        assert_eq!(
            own_type(&DataType::List(item(twice))),
            DataType::List(item(dictionary))
        );
        for own in [
            DataType::Utf8View,
            DataType::ListView(item(DataType::Float16)),
        ] {
            assert_eq!(own_type(&own), own);
        }
    }

    #[test]
    fn only_arrows_own_metadata_is_sent() {
        let field = Field::new("id", DataType::FixedSizeBinary(16), false).with_metadata(
            [
                ("ARROW:extension:name".to_owned(), "arrow.uuid".to_owned()),
                ("PARQUET:field_id".to_owned(), "1".to_owned()),
            ]
            .into(),
        );
        let schema =
            Schema::new(vec![field]).with_metadata([("pandas".to_owned(), "{}".to_owned())].into());
        let sent = wire_schema(&schema, Types::Plain);
        assert!(sent.metadata().is_empty());
        assert_eq!(sent.field(0).metadata().len(), 1);
        assert!(!sent.field(0).is_nullable());
    }
}
