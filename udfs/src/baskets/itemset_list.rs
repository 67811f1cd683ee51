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
pub(super) fn items_column(
    groups: &[Itemsets],
    names: &ArrayRef,
    item: &DataType,
) -> Result<ArrayRef> {
    let all: usize = groups.iter().map(|sets| sets.items().len()).sum();
    if i32::try_from(all).is_err() {
        return exec_err!(
            "{all} items are more than a column of lists can hold; raise min_support"
        );
    }
    let numbers = groups.iter().flat_map(|sets| sets.items().iter().copied());
    let items = take(names, &UInt32Array::from_iter_values(numbers), None)?;
    let lengths = groups.iter().flat_map(Itemsets::lengths);
    let list = ListArray::try_new(
        Arc::new(Field::new_list_field(item.clone(), true)),
        OffsetBuffer::from_lengths(lengths),
        cast(&items, item)?,
        None,
    )?;
    Ok(Arc::new(list))
}

/// How many baskets hold each set.
pub(super) fn baskets_column(groups: &[Itemsets]) -> ArrayRef {
    let baskets = groups.iter().flat_map(|sets| sets.baskets());
    Arc::new(Int64Array::from_iter_values(
        baskets.map(|&baskets| baskets.cast_signed()),
    ))
}
