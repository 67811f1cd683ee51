//! Lists as results, one a group.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, ListArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::Field;
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;

/// A column of lists that end at `ends`, one a group.
///
/// # Errors
///
/// An execution error when they have more entries than a column of lists can hold.
pub(super) fn lists(function: &str, entries: ArrayRef, ends: &[usize]) -> Result<ArrayRef> {
    let item = Arc::new(Field::new_list_field(entries.data_type().clone(), true));
    let mut offsets = Vec::with_capacity(ends.len() + 1);
    offsets.push(0);
    for &end in ends {
        offsets.push(i32::try_from(end).map_err(|_| {
            exec_datafusion_err!("{function}: {end} entries are more than lists can hold")
        })?);
    }
    let offsets = OffsetBuffer::new(offsets.into());
    Ok(Arc::new(ListArray::try_new(item, offsets, entries, None)?))
}
