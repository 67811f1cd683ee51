//! Sets of items as the elements of a list column.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array, UInt32Array};
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;

use crate::lists::result_lists;
use crate::math::itemsets::Itemsets;

/// The most sets of one list: some hundred megabytes.
pub(super) const MOST_SETS: usize = 1 << 20;

/// The items of all sets as a column of lists of type `item`; the number of an item is its place
/// in `names`.
///
/// # Errors
///
/// An execution error for more items than a column of lists can hold.
pub(super) fn items_column(
    function: &str,
    sets: &Itemsets,
    names: &ArrayRef,
    item: &DataType,
) -> Result<ArrayRef> {
    let items = take(names, &UInt32Array::from(sets.items().to_vec()), None)?;
    result_lists(function, cast(&items, item)?, sets.lengths(), None)
}

/// How many baskets hold each set.
pub(super) fn baskets_column(sets: &Itemsets) -> ArrayRef {
    let baskets = sets.baskets().iter();
    Arc::new(Int64Array::from_iter_values(
        baskets.map(|&baskets| baskets.cast_signed()),
    ))
}
