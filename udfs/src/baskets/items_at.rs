//! `items_at(places, items)`: the items at certain places of a list.
//!
//! Definition: for each number of `places`, the element of `items` at it; places count from 1.
//!
//! - `places`: a LIST of INT or BIGINT. NULL gives NULL, and so does a NULL place.
//! - `items`: a LIST of any type, the same for all rows. NULL holds nothing.
//!
//! Result: LIST of the elements' type, as long as `places` and in its order. State: none.
//! Cost: a look at each place. Errors: types, at planning; a place that the list does not have,
//! at execution.

use datafusion::arrow::array::{Array, ArrayRef, AsArray, ListArray, UInt32Array};
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::{DataType, Int64Type};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::over_frequent::OverFrequent;
use crate::lists::{elements, result_lists};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

const NAME: &str = "items_at";

/// Items by their places.
#[user_doc(
    doc_section(label = "Baskets"),
    description = "The items at certain places of a list, which count from 1. Returns a LIST as long as `places`; NULL when `places` is NULL. A place that the list does not have is an error. A step of `basket_rules`: it counts sets of places and looks up their items last.",
    syntax_example = "items_at(places, items)",
    sql_example = "```sql
SELECT items_at([1, 3], ['beer', 'milk', 'wine']) AS items;
+--------------+
| items        |
+--------------+
| [beer, wine] |
+--------------+
```",
    argument(
        name = "places",
        description = "A LIST of whole numbers, from 1 to the length of `items`."
    ),
    argument(
        name = "items",
        description = "A LIST of any type, the same for all rows: the value of a subquery, say."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ItemsAt;

impl Described for ItemsAt {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("places", Kind::Value),
        Parameter::required("items", Kind::Value),
    ];
}

impl OverFrequent for ItemsAt {
    const NAME: &'static str = NAME;
    const EXPECTED: &'static str = "a list of whole numbers and a list";

    fn element(place: &DataType, item: &DataType) -> Option<DataType> {
        (place.is_integer() || place.is_null()).then(|| item.clone())
    }

    fn evaluate(places: &ListArray, items: &ArrayRef) -> Result<ArrayRef> {
        let numbers = cast(&elements(places), &DataType::Int64)?;
        let index = |place: i64| {
            u32::try_from(place)
                .ok()
                .filter(|place| (1..=items.len()).contains(&(*place as usize)))
                .map(|place| place - 1)
                .ok_or_else(|| {
                    exec_datafusion_err!("{NAME}: a list of {} has no place {place}", items.len())
                })
        };
        let indices: UInt32Array = numbers
            .as_primitive::<Int64Type>()
            .iter()
            .map(|place| place.map(index).transpose())
            .collect::<Result<_>>()?;
        let lengths = places.offsets().lengths();
        let items = take(items, &indices, None)?;
        result_lists(NAME, items, lengths, places.nulls().cloned())
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
