//! Columns of lists: results, and by which states hand on what each group keeps.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, GenericListArray, LargeListArray, ListArray, OffsetSizeTrait,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;

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

/// A column of lists of so many of `values` each, one after another.
pub(crate) fn list_of(values: ArrayRef, lengths: impl IntoIterator<Item = usize>) -> ArrayRef {
    list(values, &OffsetBuffer::from_lengths(lengths))
}

/// A result: a column of lists of so many of `values` each, one after another. Their type is
/// [`DataType::new_list`] of nullable values.
///
/// # Errors
///
/// Those of [`result_offsets`].
pub(crate) fn result_lists(
    function: &str,
    values: ArrayRef,
    lengths: impl IntoIterator<Item = usize>,
    nulls: Option<NullBuffer>,
) -> Result<ArrayRef> {
    let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let offsets = result_offsets(function, lengths)?;
    Ok(Arc::new(ListArray::try_new(item, offsets, values, nulls)?))
}

/// The offsets of lists of the given lengths, which follow one another in a column of results.
///
/// # Errors
///
/// An execution error in the name of `function` when they have more values than such a column
/// can hold.
pub(crate) fn result_offsets(
    function: &str,
    lengths: impl IntoIterator<Item = usize>,
) -> Result<OffsetBuffer<i32>> {
    let mut offsets = vec![0];
    let mut end = 0_usize;
    for length in lengths {
        end = end.saturating_add(length);
        offsets.push(i32::try_from(end).map_err(|_| {
            exec_datafusion_err!(
                "{function}: {end} values are more than a column of lists can hold"
            )
        })?);
    }
    Ok(OffsetBuffer::new(offsets.into()))
}

/// The offsets of lists that follow one another and end at `ends`.
pub(crate) fn ending_at(ends: &[usize]) -> OffsetBuffer<i64> {
    let mut offsets = Vec::with_capacity(ends.len() + 1);
    offsets.push(0);
    offsets.extend(ends.iter().map(|&end| end as i64));
    OffsetBuffer::new(offsets.into())
}

/// The group of each of [`elements`], of a column of states whose rows are of `group_indices`.
pub(crate) fn groups_of_elements<O: OffsetSizeTrait>(
    lists: &GenericListArray<O>,
    group_indices: &[usize],
) -> Vec<usize> {
    let mut groups = Vec::new();
    for (length, &group) in lists.offsets().lengths().zip(group_indices) {
        groups.resize(groups.len() + length, group);
    }
    groups
}

/// The elements of all rows of a column of lists, which may be a slice of another's.
pub(crate) fn elements<O: OffsetSizeTrait>(list: &GenericListArray<O>) -> ArrayRef {
    let offsets = list.value_offsets();
    let [first, last] = [offsets[0], offsets[list.len()]].map(O::as_usize);
    list.values().slice(first, last - first)
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{AsArray, Int64Array};

    use super::*;

    #[test]
    fn elements_are_of_the_groups_of_their_rows() {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![7, 8, 9, 10, 11]));
        let lists = list_of(values, [1, 2, 0, 2]).slice(1, 3);
        let lists = lists.as_list::<i64>();
        assert_eq!(groups_of_elements(lists, &[5, 0, 3]), [5, 5, 3, 3]);
        assert_eq!(elements(lists).len(), 4);
    }

    #[test]
    fn results_end_where_an_i32_does() {
        let most = i32::MAX as usize;
        let offsets = result_offsets("f", [most - 1, 0, 1]).unwrap();
        assert_eq!(offsets.as_ref(), [0, i32::MAX - 1, i32::MAX - 1, i32::MAX]);
        for lengths in [[most, 1], [most, usize::MAX]] {
            let error = result_offsets("f", lengths).unwrap_err().to_string();
            assert!(
                error.contains("f: ") && error.contains("more than"),
                "{error}"
            );
        }
    }
}
