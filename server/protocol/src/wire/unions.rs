//! Unions within lists, made whole before they are sent.

use arrow::array::{Array, RecordBatch, RecordBatchOptions, UInt64Array};
use arrow::compute::take;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;

/// The batch without unions that are part of longer ones: of a list of them, the writer (arrow-ipc
/// 59.3) sends the rows that are asked for, and the children of all.
pub(super) fn with_whole_unions(batch: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    if !schema
        .fields()
        .iter()
        .any(|field| holds_union(field.data_type()))
    {
        return Ok(batch.clone());
    }
    let rows: UInt64Array = (0..batch.num_rows() as u64).collect();
    let columns = batch
        .columns()
        .iter()
        .map(|column| match holds_union(column.data_type()) {
            true => take(column, &rows, None),
            false => Ok(column.clone()),
        })
        .collect::<Result<Vec<_>, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(schema, columns, &options)
}

fn holds_union(data_type: &DataType) -> bool {
    match data_type {
        DataType::Union(_, _) => true,
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::Map(item, _) => holds_union(item.data_type()),
        DataType::Struct(fields) => fields.iter().any(|field| holds_union(field.data_type())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, Int32Array, ListArray, UnionArray};
    use arrow::buffer::OffsetBuffer;
    use arrow::datatypes::{Field, UnionFields};

    use super::*;

    #[test]
    fn a_union_in_a_slice_of_lists_is_as_long_as_its_children() {
        let number = Field::new("number", DataType::Int32, true);
        let numbers: ArrayRef = Arc::new(Int32Array::from_iter_values(0..6));
        let union = UnionArray::try_new(
            UnionFields::from_fields([number]),
            vec![0; 6].into(),
            None,
            vec![numbers],
        )
        .unwrap();
        let item = Arc::new(Field::new("item", union.data_type().clone(), true));
        let offsets = OffsetBuffer::new(vec![0, 2, 4, 6].into());
        let lists: ArrayRef = Arc::new(ListArray::new(item, offsets, Arc::new(union), None));
        let batch = RecordBatch::try_from_iter([("lists", lists)]).unwrap();
        let whole = with_whole_unions(&batch.slice(1, 1)).unwrap();
        assert_eq!(whole, batch.slice(1, 1));
        let items = whole.column(0).as_list::<i32>().values().to_data();
        assert_eq!(items.len(), 2);
        assert_eq!(items.child_data()[0].len(), 2);
    }
}
