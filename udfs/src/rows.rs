//! Which rows of a batch count.

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, make_array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::error::Result;

/// The rows for which `filter` is true and none of `columns` is NULL, as the valid ones
/// of a null buffer; `None` when all rows count.
pub(crate) fn counted(filter: Option<&BooleanArray>, columns: &[&ArrayRef]) -> Option<NullBuffer> {
    let passed = filter.map(|filter| {
        let values = filter.values();
        NullBuffer::new(match filter.nulls() {
            // A NULL condition is false.
            Some(nulls) => values & nulls.inner(),
            None => values.clone(),
        })
    });
    columns.iter().fold(passed, |counted, column| {
        // Logical, since a dictionary's key may be there and its value NULL.
        NullBuffer::union(counted.as_ref(), column.logical_nulls().as_ref())
    })
}

/// Calls `each` with the number of every row of `rows` that `counted` lets through.
pub(crate) fn for_each_counted(
    rows: usize,
    counted: Option<&NullBuffer>,
    mut each: impl FnMut(usize),
) {
    match counted {
        None => (0..rows).for_each(each),
        Some(counted) => counted.valid_indices().for_each(&mut each),
    }
}

/// `column` with other NULLs.
pub(crate) fn with_nulls(column: &ArrayRef, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
    let data = column.to_data().into_builder().nulls(nulls);
    Ok(make_array(data.build()?))
}
