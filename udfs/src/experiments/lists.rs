//! States as columns of lists, a row a group: what of them is whose.

use std::ops::Range;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};

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
