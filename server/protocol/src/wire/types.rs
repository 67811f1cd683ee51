//! The types that every client understands, in place of Arrow's newer or more compact ones.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef, UnionFields};

/// Prefix of the field metadata that belongs to Arrow itself: extension types.
const ARROW_METADATA: &str = "ARROW:";

/// The schema in which a result of `schema` is sent.
///
/// Names, order and nullability stay. Metadata goes, except Arrow's own: what a file's writer
/// left there is no business of the client, and JDBC takes some of it for labels.
pub fn wire_schema(schema: &Schema) -> SchemaRef {
    let fields: Fields = schema.fields().iter().map(wire_field).collect();
    Arc::new(Schema::new(fields))
}

fn wire_field(field: &FieldRef) -> FieldRef {
    let metadata: HashMap<String, String> = field
        .metadata()
        .iter()
        .filter(|(key, _)| key.starts_with(ARROW_METADATA))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let sent = Field::new(
        field.name(),
        wire_type(field.data_type()),
        field.is_nullable(),
    );
    Arc::new(sent.with_metadata(metadata))
}

/// The type in which values of `data_type` are sent, at every depth.
fn wire_type(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::Float16 => DataType::Float32,
        DataType::Decimal32(precision, scale) | DataType::Decimal64(precision, scale) => {
            DataType::Decimal128(*precision, *scale)
        }
        DataType::Dictionary(_, values) => wire_type(values),
        DataType::RunEndEncoded(_, values) => wire_type(values.data_type()),
        DataType::List(item) | DataType::ListView(item) => DataType::List(wire_field(item)),
        DataType::LargeList(item) | DataType::LargeListView(item) => {
            DataType::LargeList(wire_field(item))
        }
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(wire_field(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(wire_field).collect()),
        DataType::Map(entries, sorted) => DataType::Map(wire_field(entries), *sorted),
        DataType::Union(fields, mode) => {
            let fields: UnionFields = fields
                .iter()
                .map(|(id, field)| (id, wire_field(field)))
                .collect();
            DataType::Union(fields, *mode)
        }
        plain => plain.clone(),
    }
}

#[cfg(test)]
mod tests {
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
        let sent = wire_schema(&schema);
        assert!(sent.metadata().is_empty());
        assert_eq!(sent.field(0).metadata().len(), 1);
        assert!(!sent.field(0).is_nullable());
    }
}
