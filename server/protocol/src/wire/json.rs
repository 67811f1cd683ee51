//! Nested values as JSON: lists, structs, maps and unions of plain types.
//!
//! Numbers stay numbers, decimals with all their digits; what JSON has no number for is null. Bytes
//! are texts of hexadecimal digits, dates and times texts as SQL writes them. The keys of a map are
//! texts.

use std::fmt::Write;

use arrow::array::{
    Array, ArrayRef, AsArray, GenericListArray, OffsetSizeTrait, StringArray, StringBuilder,
};
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::simple::hexadecimal_digits;

const OPTIONS: FormatOptions<'static> = FormatOptions::new().with_display_error(false);

/// One JSON text a row; NULL stays NULL.
pub(super) fn texts(array: &ArrayRef) -> Result<StringArray, ArrowError> {
    let write = writer(array.as_ref())?;
    let mut texts = StringBuilder::with_capacity(array.len(), array.len() * 32);
    let mut text = String::new();
    for row in 0..array.len() {
        if array.is_null(row) {
            texts.append_null();
            continue;
        }
        text.clear();
        write(row, &mut text)?;
        texts.append_value(&text);
    }
    Ok(texts.finish())
}

/// Writes the value of a row.
type Writer<'a> = Box<dyn Fn(usize, &mut String) -> Result<(), ArrowError> + 'a>;

fn writer(array: &dyn Array) -> Result<Writer<'_>, ArrowError> {
    let value = value_writer(array)?;
    let nulls = array.logical_nulls();
    Ok(Box::new(move |row, text| {
        if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
            text.push_str("null");
            return Ok(());
        }
        value(row, text)
    }))
}

fn value_writer(array: &dyn Array) -> Result<Writer<'_>, ArrowError> {
    Ok(match array.data_type() {
        DataType::List(_) => list(array.as_list::<i32>())?,
        DataType::LargeList(_) => list(array.as_list::<i64>())?,
        DataType::FixedSizeList(_, _) => {
            let list = array.as_fixed_size_list();
            let item = writer(list.values().as_ref())?;
            Box::new(move |row, text| {
                let first = offset(list.value_offset(row));
                items(first, first + offset(list.value_length()), &item, text)
            })
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct().columns().iter();
            let columns = columns.map(|column| writer(column.as_ref()));
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            let names: Vec<String> = fields.iter().map(|field| quoted(field.name())).collect();
            Box::new(move |row, text| {
                text.push('{');
                for (at, (name, column)) in names.iter().zip(&columns).enumerate() {
                    if at > 0 {
                        text.push(',');
                    }
                    text.push_str(name);
                    text.push(':');
                    column(row, text)?;
                }
                text.push('}');
                Ok(())
            })
        }
        DataType::Map(_, _) => {
            let map = array.as_map();
            let keys = ArrayFormatter::try_new(map.keys().as_ref(), &OPTIONS)?;
            let values = writer(map.values().as_ref())?;
            Box::new(move |row, text| {
                let offsets = map.value_offsets();
                text.push('{');
                for at in offset(offsets[row])..offset(offsets[row + 1]) {
                    if at > offset(offsets[row]) {
                        text.push(',');
                    }
                    text.push_str(&quoted(&keys.value(at).try_to_string()?));
                    text.push(':');
                    values(at, text)?;
                }
                text.push('}');
                Ok(())
            })
        }
        DataType::Union(fields, _) => {
            let union = array.as_union();
            let children = fields
                .iter()
                .map(|(id, _)| Ok((id, writer(union.child(id).as_ref())?)))
                .collect::<Result<Vec<_>, ArrowError>>()?;
            Box::new(move |row, text| {
                let id = union.type_id(row);
                match children.iter().find(|(child, _)| *child == id) {
                    Some((_, child)) => child(union.value_offset(row), text),
                    None => {
                        text.push_str("null");
                        Ok(())
                    }
                }
            })
        }
        DataType::Binary => {
            let bytes = array.as_binary::<i32>();
            Box::new(move |row, text| hexadecimal(bytes.value(row), text))
        }
        DataType::LargeBinary => {
            let bytes = array.as_binary::<i64>();
            Box::new(move |row, text| hexadecimal(bytes.value(row), text))
        }
        DataType::FixedSizeBinary(_) => {
            let bytes = array.as_fixed_size_binary();
            Box::new(move |row, text| hexadecimal(bytes.value(row), text))
        }
        scalar => {
            let is_bare = scalar.is_numeric() || *scalar == DataType::Boolean;
            let formatter = ArrayFormatter::try_new(array, &OPTIONS)?;
            Box::new(move |row, text| {
                let value = formatter.value(row).try_to_string()?;
                match value.as_str() {
                    _ if !is_bare => text.push_str(&quoted(&value)),
                    "NaN" | "inf" | "-inf" => text.push_str("null"),
                    _ => text.push_str(&value),
                }
                Ok(())
            })
        }
    })
}

fn list<O: OffsetSizeTrait>(list: &GenericListArray<O>) -> Result<Writer<'_>, ArrowError> {
    let item = writer(list.values().as_ref())?;
    Ok(Box::new(move |row, text| {
        let offsets = list.value_offsets();
        items(
            offsets[row].as_usize(),
            offsets[row + 1].as_usize(),
            &item,
            text,
        )
    }))
}

fn items(from: usize, to: usize, item: &Writer<'_>, text: &mut String) -> Result<(), ArrowError> {
    text.push('[');
    for at in from..to {
        if at > from {
            text.push(',');
        }
        item(at, text)?;
    }
    text.push(']');
    Ok(())
}

fn hexadecimal(bytes: &[u8], text: &mut String) -> Result<(), ArrowError> {
    text.push_str(&quoted(&hexadecimal_digits(bytes)));
    Ok(())
}

fn offset(at: i32) -> usize {
    usize::try_from(at).unwrap_or_default()
}

/// A JSON text.
fn quoted(value: &str) -> String {
    let mut text = String::with_capacity(value.len() + 2);
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(text, "\\u{:04x}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        BinaryArray, Float64Array, Int32Builder, ListArray, MapBuilder, StructArray,
    };
    use arrow::datatypes::{Field, Int32Type};

    use super::*;

    fn shown(array: impl Array + 'static) -> Vec<Option<String>> {
        let array: ArrayRef = Arc::new(array);
        let texts = texts(&array).unwrap();
        texts.iter().map(|text| text.map(str::to_owned)).collect()
    }

    #[test]
    fn lists_keep_their_nulls_and_slices() {
        let lists = ListArray::from_iter_primitive::<Int32Type, _, _>([
            Some(vec![Some(7)]),
            Some(vec![Some(1), None]),
            None,
            Some(vec![]),
        ]);
        assert_eq!(
            shown(lists.slice(1, 3)),
            [Some("[1,null]".to_owned()), None, Some("[]".to_owned())]
        );
    }

    #[test]
    fn structs_hold_what_json_can_hold() {
        let numbers: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN, -1.5]));
        let names: ArrayRef = Arc::new(StringArray::from(vec!["a\"b\n", "\u{1}é"]));
        let bytes: ArrayRef = Arc::new(BinaryArray::from_vec(vec![b"\x00\xff", b""]));
        let field = |name: &str, array: &ArrayRef| {
            Arc::new(Field::new(name, array.data_type().clone(), true))
        };
        let structs = StructArray::from(vec![
            (field("n", &numbers), Arc::clone(&numbers)),
            (field("\"s\"", &names), Arc::clone(&names)),
            (field("b", &bytes), Arc::clone(&bytes)),
        ]);
        assert_eq!(
            shown(structs),
            [
                Some("{\"n\":null,\"\\\"s\\\"\":\"a\\\"b\\n\",\"b\":\"00ff\"}".to_owned()),
                Some("{\"n\":-1.5,\"\\\"s\\\"\":\"\\u0001é\",\"b\":\"\"}".to_owned()),
            ]
        );
    }

    #[test]
    fn the_keys_of_maps_are_texts() {
        let mut maps = MapBuilder::new(None, Int32Builder::new(), Int32Builder::new());
        maps.keys().append_value(1);
        maps.values().append_null();
        maps.append(true).unwrap();
        assert_eq!(shown(maps.finish()), [Some("{\"1\":null}".to_owned())]);
    }
}
