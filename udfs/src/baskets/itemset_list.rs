//! Sets of items as the elements of a list column.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, ListArray, UInt32Array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::exec_err;
use datafusion::error::Result;

use crate::math::itemsets::Itemsets;

/// The most sets of one list: some hundred megabytes.
pub(super) const MOST_SETS: usize = 1 << 20;

/// A list of items of type `item`.
pub(super) fn items_type(item: &DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(item.clone(), true)))
}

/// The items of all sets as a column of lists of type `item`; the number of an item is its place
/// in `names`.
///
/// # Errors
///
/// An execution error for more items than a column of lists can hold.
pub(super) fn items_column(sets: &Itemsets, names: &ArrayRef, item: &DataType) -> Result<ArrayRef> {
    let all = sets.items().len();
    if i32::try_from(all).is_err() {
        return exec_err!(
            "{all} items are more than a column of lists can hold; raise min_support"
        );
    }
    let items = take(names, &UInt32Array::from(sets.items().to_vec()), None)?;
    let list = ListArray::try_new(
        Arc::new(Field::new_list_field(item.clone(), true)),
        OffsetBuffer::from_lengths(sets.lengths()),
        cast(&items, item)?,
        None,
    )?;
    Ok(Arc::new(list))
}

/// How many baskets hold each set.
pub(super) fn baskets_column(sets: &Itemsets) -> ArrayRef {
    let baskets = sets.baskets().iter();
    Arc::new(Int64Array::from_iter_values(
        baskets.map(|&baskets| baskets.cast_signed()),
    ))
}
