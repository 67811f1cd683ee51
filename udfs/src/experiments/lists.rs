//! States as columns of lists, a row a group.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, LargeListArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field};

/// The field of lists of `values`.
pub(super) fn list_field(name: &str, values: DataType) -> Field {
    let item = Arc::new(Field::new_list_field(values, true));
    Field::new(name, DataType::LargeList(item), true)
}

/// A column of lists with so many of `values` each.
pub(super) fn lists(values: ArrayRef, lengths: impl IntoIterator<Item = usize>) -> ArrayRef {
    let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let offsets = OffsetBuffer::<i64>::from_lengths(lengths);
    Arc::new(LargeListArray::new(item, offsets, values, None))
}

/// The values of all lists of a column, which may be a slice of another's, and which of them are
/// each row's.
pub(super) fn parts(lists: &ArrayRef) -> (ArrayRef, Vec<Range<usize>>) {
    let lists = lists.as_list::<i64>();
    let offsets = lists.value_offsets();
    let place = |row: usize| (offsets[row] - offsets[0]) as usize;
    let ranges = (0..lists.len()).map(|row| place(row)..place(row + 1));
    let values = lists
        .values()
        .slice(offsets[0] as usize, place(lists.len()));
    (values, ranges.collect())
}
