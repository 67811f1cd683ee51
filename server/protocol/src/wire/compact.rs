//! Leaves out of an array what its slice does not show, where Arrow's messages would hold it too:
//! views bring along all their buffers, however few rows are left.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeListArray, GenericListArray, MapArray, OffsetSizeTrait,
    RecordBatch, RecordBatchOptions, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, FieldRef, Schema};
use arrow::error::ArrowError;

/// Whether batches of a schema may hold more than they show.
pub(super) fn has_views(schema: &Schema) -> bool {
    schema.fields().iter().any(|field| holds(field.data_type()))
}

/// A batch without what it does not show.
pub(super) fn compact(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let columns = batch.columns().iter().map(compacted);
    let columns = columns.collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(batch.schema(), columns, &options)
}

fn holds(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View | DataType::BinaryView => true,
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            holds(item.data_type())
        }
        DataType::Map(entries, _) => holds(entries.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds(field.data_type())),
        _ => false,
    }
}

fn compacted(array: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    if !holds(array.data_type()) {
        return Ok(Arc::clone(array));
    }
    Ok(match array.data_type() {
        DataType::Utf8View => Arc::new(array.as_string_view().gc()),
        DataType::BinaryView => Arc::new(array.as_binary_view().gc()),
        DataType::List(item) => list(array.as_list::<i32>(), item)?,
        DataType::LargeList(item) => list(array.as_list::<i64>(), item)?,
        DataType::FixedSizeList(item, size) => {
            let list = array.as_fixed_size_list();
            let values = compacted(list.values())?;
            let nulls = list.nulls().cloned();
            Arc::new(FixedSizeListArray::try_new(
                Arc::clone(item),
                *size,
                values,
                nulls,
            )?)
        }
        DataType::Struct(fields) => {
            let structs = array.as_struct();
            let columns = structs.columns().iter().map(compacted);
            let columns = columns.collect::<Result<Vec<_>, _>>()?;
            let nulls = structs.nulls().cloned();
            Arc::new(StructArray::try_new_with_length(
                fields.clone(),
                columns,
                nulls,
                structs.len(),
            )?)
        }
        DataType::Map(entries, sorted) => {
            let map = array.as_map();
            let (offsets, from, length) = visible(map.offsets());
            let shown: ArrayRef = Arc::new(map.entries().slice(from, length));
            Arc::new(MapArray::try_new(
                Arc::clone(entries),
                offsets,
                compacted(&shown)?.as_struct().clone(),
                map.nulls().cloned(),
                *sorted,
            )?)
        }
        _ => Arc::clone(array),
    })
}

fn list<O: OffsetSizeTrait>(
    list: &GenericListArray<O>,
    item: &FieldRef,
) -> Result<ArrayRef, ArrowError> {
    let (offsets, from, length) = visible(list.offsets());
    let values = compacted(&list.values().slice(from, length))?;
    let nulls = list.nulls().cloned();
    let compacted = GenericListArray::try_new(Arc::clone(item), offsets, values, nulls)?;
    Ok(Arc::new(compacted))
}

/// Offsets that start at 0, and the items that they are about: from which, and how many.
pub(super) fn visible<O: OffsetSizeTrait>(
    offsets: &OffsetBuffer<O>,
) -> (OffsetBuffer<O>, usize, usize) {
    let (first, last) = (offsets[0], offsets[offsets.len() - 1]);
    let moved = if first == O::zero() {
        offsets.clone()
    } else {
        OffsetBuffer::new(offsets.iter().map(|offset| *offset - first).collect())
    };
    (moved, first.as_usize(), (last - first).as_usize())
}

#[cfg(test)]
mod tests {
    use arrow::array::StringViewArray;

    use super::*;

    #[test]
    fn a_slice_of_views_holds_its_own_rows_only() {
        let long = "x".repeat(1 << 20);
        let views: ArrayRef = Arc::new(StringViewArray::from(vec![long.as_str(), "y"]));
        let batch = RecordBatch::try_from_iter([("v", views)]).unwrap();
        assert!(has_views(&batch.schema()));
        let compact = compact(&batch.slice(1, 1)).unwrap();
        assert!(compact.get_array_memory_size() < 1 << 10);
        assert_eq!(compact.column(0).as_string_view().value(0), "y");
    }
}
