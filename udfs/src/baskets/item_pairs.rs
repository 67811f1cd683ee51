//! `item_pairs(items, frequent)`: the pairs of frequent items in a basket.
//!
//! Definition: for each two items of `items` that are also in `frequent`, the place of the lesser
//! in `frequent`, times 2³², plus the place of the greater; places count from 1.
//!
//! - `items`: a LIST of distinct items, ascending, as `itemset` gives it. NULL has no pairs.
//! - `frequent`: a LIST of the same type, likewise, the same for all rows. NULL holds nothing.
//!
//! Result: LIST of BIGINT, ascending. One number stands for a pair, so that pairs of any items are
//! counted as fast as numbers. State: none. Cost: a search for each item, and the pairs.
//! Errors: types, at planning; lists that do not ascend are not noticed; more pairs in a batch
//! than fit into memory with certainty, at execution.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, Int64Array, ListArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::over_frequent::{OverFrequent, for_each_basket, places};
use crate::lists::{elements, result_lists};
use crate::math::distinct::pair;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

const NAME: &str = "item_pairs";

/// The most pairs that one batch of baskets may have: half a gigabyte.
const MOST_PAIRS: usize = 1 << 26;

/// The pairs of frequent items in a basket.
#[user_doc(
    doc_section(label = "Baskets"),
    description = "The pairs of a basket's items that are frequent, each as one number: the place of the lesser item among the frequent ones, times 2³², plus the place of the greater; places count from 1. Returns a LIST of BIGINT, ascending; NULL when `items` is NULL. A step of `basket_rules`: numbers are grouped and counted faster than pairs of items.",
    syntax_example = "item_pairs(items, frequent)",
    sql_example = "```sql
SELECT code >> 32 AS a, code & 4294967295 AS b
FROM (SELECT unnest(item_pairs(['beer', 'bread', 'milk'], ['beer', 'milk', 'wine'])) AS code);
+---+---+
| a | b |
+---+---+
| 1 | 2 |
+---+---+
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
pub(super) struct ItemPairs;

impl Described for ItemPairs {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("items", Kind::Value),
        Parameter::required("frequent", Kind::Value),
    ];
}

impl OverFrequent for ItemPairs {
    const NAME: &'static str = NAME;
    const EXPECTED: &'static str = "lists of one type";

    fn element(items: &DataType, frequent: &DataType) -> Option<DataType> {
        (items == frequent).then_some(DataType::Int64)
    }

    fn evaluate(items: &ListArray, frequent: &ArrayRef) -> Result<ArrayRef> {
        pairs(items, &places(&elements(items), frequent)?)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The pairs of each row's places.
fn pairs(items: &ListArray, places: &[u32]) -> Result<ArrayRef> {
    let mut codes: Vec<i64> = Vec::new();
    let mut lengths = Vec::with_capacity(items.len());
    for_each_basket(items, places, |row, kept| {
        let more = kept.len() * kept.len().saturating_sub(1) / 2;
        if codes.len() + more > MOST_PAIRS {
            return exec_err!(
                "{NAME}: more than {MOST_PAIRS} pairs of frequent items in {} baskets; \
                 raise min_support, leave out the largest baskets, or make \
                 datafusion.execution.batch_size smaller",
                row + 1
            );
        }
        for (index, &a) in kept.iter().enumerate() {
            codes.extend(kept[index + 1..].iter().map(|&b| pair(a, b).cast_signed()));
        }
        lengths.push(more);
        Ok(())
    })?;
    let codes = Arc::new(Int64Array::from(codes));
    result_lists(NAME, codes, lengths, items.nulls().cloned())
}
