//! Gives a batch the wire schema: values unpacked, cast and rewrapped, at every depth.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait,
    RecordBatch, RecordBatchOptions, StructArray, UnionArray,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, FieldRef, SchemaRef};
use arrow::error::ArrowError;

use super::cast::cast;
use super::compact::visible;
use super::profile::Types;
use super::simple::simplified;
use super::types::wire_type;

/// Makes a batch of exactly `schema`, which must come from
/// [`wire_schema`](super::wire_schema) of the batch's own types or nearly so, and of the same
/// `types`.
pub fn recast(
    batch: &RecordBatch,
    schema: &SchemaRef,
    types: Types,
) -> Result<RecordBatch, ArrowError> {
    if Arc::ptr_eq(batch.schema_ref(), schema) {
        return Ok(batch.clone());
    }
    if batch.num_columns() != schema.fields().len() {
        return Err(ArrowError::SchemaError(format!(
            "expected {} columns, got {}",
            schema.fields().len(),
            batch.num_columns()
        )));
    }
    let columns = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| match types {
            Types::Plain | Types::Arrow => plain(column, field.data_type()),
            Types::Simple => {
                let plain = plain(column, &wire_type(column.data_type()))?;
                simplified(&plain, field.data_type())
            }
        })
        .collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

/// The array as `to`: what is packed is unpacked, what is nested is gone through.
pub(crate) fn plain(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    if array.data_type() == to {
        return Ok(Arc::clone(array));
    }
    match (array.data_type(), to) {
        (DataType::Dictionary(_, _), _) => {
            let dictionary = array.as_any_dictionary();
            let values = plain(dictionary.values(), to)?;
            take(&values, dictionary.keys(), None)
        }
        (DataType::RunEndEncoded(_, values), _) => {
            let flat = cast(array, values.data_type())?;
            plain(&flat, to)
        }
        (DataType::Struct(_), DataType::Struct(fields)) => {
            let source = array.as_struct();
            let children = source
                .columns()
                .iter()
                .zip(fields)
                .map(|(child, field)| plain(child, field.data_type()))
                .collect::<Result<Vec<_>, _>>()?;
            let nulls = source.nulls().cloned();
            StructArray::try_new_with_length(fields.clone(), children, nulls, source.len())
                .map(into_ref)
        }
        (DataType::ListView(item), DataType::List(_)) => {
            plain(&cast(array, &DataType::List(Arc::clone(item)))?, to)
        }
        (DataType::LargeListView(item), DataType::LargeList(_)) => {
            plain(&cast(array, &DataType::LargeList(Arc::clone(item)))?, to)
        }
        (DataType::List(_), DataType::List(item)) => list(array.as_list::<i32>(), item),
        (DataType::LargeList(_), DataType::LargeList(item)) => list(array.as_list::<i64>(), item),
        (DataType::FixedSizeList(_, _), DataType::FixedSizeList(item, size)) => {
            let source = array.as_fixed_size_list();
            let values = plain(source.values(), item.data_type())?;
            let nulls = source.nulls().cloned();
            FixedSizeListArray::try_new(Arc::clone(item), *size, values, nulls).map(into_ref)
        }
        (DataType::Map(_, _), DataType::Map(entries, sorted)) => {
            let source = array.as_map();
            let recast = plain(&into_ref(source.entries().clone()), entries.data_type())?;
            MapArray::try_new(
                Arc::clone(entries),
                source.offsets().clone(),
                recast.as_struct().clone(),
                source.nulls().cloned(),
                *sorted,
            )
            .map(into_ref)
        }
        (DataType::Union(own, own_mode), DataType::Union(fields, mode))
            if own_mode == mode
                && own
                    .iter()
                    .map(|(id, _)| id)
                    .eq(fields.iter().map(|(id, _)| id)) =>
        {
            let source = array.as_union();
            let children = fields
                .iter()
                .map(|(id, field)| plain(source.child(id), field.data_type()))
                .collect::<Result<Vec<_>, _>>()?;
            UnionArray::try_new(
                fields.clone(),
                source.type_ids().clone(),
                source.offsets().cloned(),
                children,
            )
            .map(into_ref)
        }
        (_, DataType::Dictionary(_, values)) => cast(&plain(array, values)?, to),
        (_, DataType::RunEndEncoded(_, values)) => cast(&plain(array, values.data_type())?, to),
        // Arrow's kernel would cast the items as well, without looking at all that it does.
        (own, _) => match (item(own), item(to)) {
            (None, Some(item)) => cast(&plain(array, item.data_type())?, to),
            (Some(item), Some(_)) => match with_item(to, item) {
                same if same == *own => cast(array, to),
                list => plain(&cast(array, &list)?, to),
            },
            _ => cast(array, to),
        },
    }
}

/// The item of a list.
fn item(data_type: &DataType) -> Option<&FieldRef> {
    match data_type {
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::ListView(item)
        | DataType::LargeListView(item)
        | DataType::FixedSizeList(item, _) => Some(item),
        _ => None,
    }
}

/// The kind of list that `data_type` is, of other items.
fn with_item(data_type: &DataType, item: &FieldRef) -> DataType {
    let item = Arc::clone(item);
    match data_type {
        DataType::LargeList(_) => DataType::LargeList(item),
        DataType::ListView(_) => DataType::ListView(item),
        DataType::LargeListView(_) => DataType::LargeListView(item),
        DataType::FixedSizeList(_, size) => DataType::FixedSizeList(item, *size),
        _ => DataType::List(item),
    }
}

/// A list with its items recast; items outside the visible part are left out first.
fn list<O: OffsetSizeTrait>(
    source: &GenericListArray<O>,
    item: &FieldRef,
) -> Result<ArrayRef, ArrowError> {
    let (offsets, from, length) = visible(source.offsets());
    let values = plain(&source.values().slice(from, length), item.data_type())?;
    let nulls = source.nulls().cloned();
    GenericListArray::try_new(Arc::clone(item), offsets, values, nulls).map(into_ref)
}

fn into_ref(array: impl Array + 'static) -> ArrayRef {
    Arc::new(array)
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        Decimal64Array, DictionaryArray, Float16Array, Int32Array, ListArray, ListViewArray,
        RunArray, StringArray, StringViewArray,
    };
    use arrow::buffer::{NullBuffer, OffsetBuffer, ScalarBuffer};
    use arrow::datatypes::{Field, Int8Type, Int32Type, Schema};

    use super::super::wire_schema;
    use super::*;

    fn sent(name: &str, array: ArrayRef) -> RecordBatch {
        let schema = Schema::new(vec![Field::new(name, array.data_type().clone(), true)]);
        let wire = wire_schema(&schema, Types::Plain);
        let batch = RecordBatch::try_new(Arc::new(schema), vec![array]).unwrap();
        let sent = recast(&batch, &wire, Types::Plain).unwrap();
        assert_eq!(sent.schema(), wire);
        sent
    }

    #[test]
    fn a_dictionary_with_nulls_in_keys_and_values() {
        let keys = arrow::array::Int8Array::from(vec![Some(0), None, Some(1), Some(0)]);
        let values = StringViewArray::from(vec![Some("a rather long value"), None]);
        let array: DictionaryArray<Int8Type> =
            DictionaryArray::try_new(keys, Arc::new(values)).unwrap();
        let batch = sent("d", Arc::new(array));
        let expected = StringArray::from(vec![
            Some("a rather long value"),
            None,
            None,
            Some("a rather long value"),
        ]);
        assert_eq!(batch.column(0).as_string::<i32>(), &expected);
    }

    #[test]
    fn a_sliced_run_end_encoded_array() {
        let ends = Int32Array::from(vec![2, 5]);
        let values = StringArray::from(vec![Some("x"), None]);
        let array = RunArray::<Int32Type>::try_new(&ends, &values).unwrap();
        let sliced: ArrayRef = Arc::new(array.slice(1, 3));
        let batch = sent("r", sliced);
        let expected = StringArray::from(vec![Some("x"), None, None]);
        assert_eq!(batch.column(0).as_string::<i32>(), &expected);
    }

    #[test]
    fn halves_and_small_decimals() {
        let halves = Float16Array::from_iter_values([half(1.5), half(-2.0)]);
        let batch = sent("h", Arc::new(halves));
        assert_eq!(
            batch
                .column(0)
                .as_primitive::<arrow::datatypes::Float32Type>()
                .values(),
            &[1.5_f32, -2.0]
        );
        let decimals = Decimal64Array::from(vec![Some(1234), None])
            .with_precision_and_scale(10, 2)
            .unwrap();
        let batch = sent("m", Arc::new(decimals));
        assert_eq!(
            batch.schema().field(0).data_type(),
            &DataType::Decimal128(10, 2)
        );
        let values = batch
            .column(0)
            .as_primitive::<arrow::datatypes::Decimal128Type>();
        assert_eq!(values.value(0), 1234);
        assert!(values.is_null(1));
    }

    fn half(
        value: f32,
    ) -> <arrow::datatypes::Float16Type as arrow::array::ArrowPrimitiveType>::Native {
        let array = arrow::array::Float32Array::from(vec![value]);
        let cast = arrow::compute::cast(&array, &DataType::Float16).unwrap();
        cast.as_primitive::<arrow::datatypes::Float16Type>()
            .value(0)
    }

    #[test]
    fn views_in_a_sliced_list_of_structs() {
        let names: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "b", "c", "d"]));
        let field = Field::new("name", DataType::Utf8View, false);
        let structs = StructArray::from(vec![(Arc::new(field), names)]);
        let item = Arc::new(Field::new("item", structs.data_type().clone(), true));
        let offsets = OffsetBuffer::new(vec![0, 1, 1, 4].into());
        let nulls = NullBuffer::from(vec![true, false, true]);
        let list = ListArray::new(item, offsets, Arc::new(structs), Some(nulls));
        let sliced: ArrayRef = Arc::new(list.slice(1, 2));
        let batch = sent("l", sliced);
        let list = batch.column(0).as_list::<i32>();
        assert!(list.is_null(0));
        let last = list.value(1);
        let names = last.as_struct().column(0).as_string::<i32>();
        assert_eq!(names, &StringArray::from(vec!["b", "c", "d"]));
    }

    #[test]
    fn list_views_with_overlapping_items() {
        let item = Arc::new(Field::new("item", DataType::Utf8View, true));
        let values: ArrayRef = Arc::new(StringViewArray::from(vec!["a", "b", "c"]));
        let offsets = ScalarBuffer::from(vec![1, 0]);
        let sizes = ScalarBuffer::from(vec![2, 2]);
        let views = ListViewArray::try_new(item, offsets, sizes, values, None).unwrap();
        let batch = sent("v", Arc::new(views));
        let list = batch.column(0).as_list::<i32>();
        assert_eq!(
            list.value(0).as_string::<i32>(),
            &StringArray::from(vec!["b", "c"])
        );
        assert_eq!(
            list.value(1).as_string::<i32>(),
            &StringArray::from(vec!["a", "b"])
        );
    }

    #[test]
    fn a_batch_without_columns_keeps_its_rows() {
        let options = RecordBatchOptions::new().with_row_count(Some(3));
        let empty = Arc::new(Schema::empty());
        let batch = RecordBatch::try_new_with_options(empty, vec![], &options).unwrap();
        let sent = recast(&batch, &Arc::new(Schema::empty()), Types::Plain).unwrap();
        assert_eq!(sent.num_rows(), 3);
    }
}
