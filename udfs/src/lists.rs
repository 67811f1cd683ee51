//! Columns of lists, by which states hand on what each group keeps.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, GenericListArray, LargeListArray, OffsetSizeTrait,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field};

/// The field of what [`list`] gives.
pub(crate) fn list_field(name: &str, element: DataType) -> Field {
    let item = Arc::new(Field::new_list_field(element, true));
    Field::new(name, DataType::LargeList(item), true)
}

/// A column of lists, of which row `i` has the values between its offset and the next.
pub(crate) fn list(values: ArrayRef, offsets: &OffsetBuffer<i64>) -> ArrayRef {
    let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    Arc::new(LargeListArray::new(item, offsets.clone(), values, None))
}

/// The offsets of lists that follow one another and end at `ends`.
pub(crate) fn ending_at(ends: &[usize]) -> OffsetBuffer<i64> {
    let mut offsets = Vec::with_capacity(ends.len() + 1);
    offsets.push(0);
    offsets.extend(ends.iter().map(|&end| end as i64));
    OffsetBuffer::new(offsets.into())
}

/// The elements of all rows of a column of lists, which may be a slice of another's.
pub(crate) fn elements<O: OffsetSizeTrait>(list: &GenericListArray<O>) -> ArrayRef {
    let offsets = list.value_offsets();
    let [first, last] = [offsets[0], offsets[list.len()]].map(O::as_usize);
    list.values().slice(first, last - first)
}
