//! The rows of a batch that count, taken out of its columns.

use std::borrow::Cow;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::filter;
use datafusion::error::Result;

/// The rows of each column that `counted` lets through, and their groups.
pub(super) fn take_counted<'a>(
    columns: &[ArrayRef],
    groups: &'a [usize],
    counted: Option<&NullBuffer>,
) -> Result<(Vec<ArrayRef>, Cow<'a, [usize]>)> {
    let Some(counted) = counted.filter(|counted| counted.null_count() > 0) else {
        return Ok((columns.to_vec(), Cow::Borrowed(groups)));
    };
    let mask = BooleanArray::new(counted.inner().clone(), None);
    let columns = columns.iter().map(|column| filter(column, &mask));
    let groups = counted.valid_indices().map(|row| groups[row]).collect();
    Ok((columns.collect::<Result<_, _>>()?, Cow::Owned(groups)))
}
