//! `item_prefixes(items, frequent)`: for each frequent item of a basket, it and those before it.
//!
//! Definition: with p₁ < p₂ < … the places in `frequent` of the items of `items` that are there,
//! counted from 1: the lists [p₁], [p₁, p₂], [p₁, p₂, p₃] and so on.
//!
//! - `items`: a LIST of distinct items, ascending, as `itemset` gives it. NULL has no prefixes.
//! - `frequent`: a LIST of the same type, likewise, the same for all rows. NULL holds nothing.
//!
//! Result: LIST of LIST of INT, from the shortest. Whatever set of items a basket holds, one of
//! its prefixes ends in the last item of the set and has all the others; so, grouped by their last
//! item, prefixes hold all that is needed to count the sets that end in it. State: none. Cost: a
//! search for each item, and the prefixes.
//! Errors: types, at planning; lists that do not ascend are not noticed; longer prefixes in a
//! batch than fit into memory with certainty, at execution.
//! Source: Li, Wang, Zhang, Zhang & Chang 2008.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Int32Array, ListArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::over_frequent::{OverFrequent, for_each_basket, places};
use super::prefix_itemsets::LARGEST;
use crate::lists::{elements, result_lists};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

const NAME: &str = "item_prefixes";

/// The most places in the prefixes of one batch of baskets: half a gigabyte.
const MOST_PLACES: usize = 1 << 27;

/// The prefixes of a basket.
#[user_doc(
    doc_section(label = "Baskets"),
    description = "For each frequent item of a basket, the places among the frequent items of it and of those before it; places count from 1. Returns a LIST of LIST of INT, from the shortest; NULL when `items` is NULL. A step of `basket_rules`, before `prefix_itemsets`: grouped by their last item, prefixes hold all that is needed to count sets of items.",
    syntax_example = "item_prefixes(items, frequent)",
    sql_example = "```sql
SELECT item_prefixes(['beer', 'bread', 'milk'], ['beer', 'milk', 'wine']) AS prefixes;
+---------------+
| prefixes      |
+---------------+
| [[1], [1, 2]] |
+---------------+
```",
    argument(
        name = "items",
        description = "A LIST of distinct items, ascending, as `itemset` gives it."
    ),
    argument(
        name = "frequent",
        description = "A LIST of the same type, likewise ascending, the same for all rows: the value of a subquery, say."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ItemPrefixes;

impl Described for ItemPrefixes {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("items", Kind::Value),
        Parameter::required("frequent", Kind::Value),
    ];
}

impl OverFrequent for ItemPrefixes {
    const NAME: &'static str = NAME;
    const EXPECTED: &'static str = "lists of one type";

    fn element(items: &DataType, frequent: &DataType) -> Option<DataType> {
        (items == frequent).then(|| DataType::new_list(DataType::Int32, true))
    }

    fn evaluate(items: &ListArray, frequent: &ArrayRef) -> Result<ArrayRef> {
        if frequent.len() > LARGEST {
            return exec_err!(
                "{NAME}: {} frequent items, of at most {LARGEST}; raise min_support",
                frequent.len()
            );
        }
        prefixes(items, &places(&elements(items), frequent)?)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The prefixes of each row's places.
fn prefixes(items: &ListArray, places: &[u32]) -> Result<ArrayRef> {
    let mut numbers: Vec<i32> = Vec::new();
    let mut prefix_lengths = Vec::new();
    let mut lengths = Vec::with_capacity(items.len());
    for_each_basket(items, places, |row, kept| {
        if numbers.len() + kept.len() * (kept.len() + 1) / 2 > MOST_PLACES {
            return exec_err!(
                "{NAME}: more than {MOST_PLACES} places in the prefixes of {} baskets; raise \
                 min_support, leave out the largest baskets, or make \
                 datafusion.execution.batch_size smaller",
                row + 1
            );
        }
        for length in 1..=kept.len() {
            numbers.extend(kept[..length].iter().map(|place| place.cast_signed()));
            prefix_lengths.push(length);
        }
        lengths.push(kept.len());
        Ok(())
    })?;
    let numbers = Arc::new(Int32Array::from(numbers));
    let prefixes = result_lists(NAME, numbers, prefix_lengths, None)?;
    result_lists(NAME, prefixes, lengths, items.nulls().cloned())
}
