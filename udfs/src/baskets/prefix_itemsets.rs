//! `prefix_itemsets(prefix, n, min_support [, max_length])`: the frequent sets that end where
//! prefixes of baskets do.
//!
//! Definition: of all sets that are made of the last element of a prefix and any others of it,
//! those that at least the share `min_support` of `n` prefixes give: prefixes that end in the
//! set's last element and hold the others / n.
//!
//! - `prefix`: a LIST of whole numbers, ascending, from 1, as `item_prefixes` gives them. NULL and
//!   an empty one give no set; NULL elements are skipped.
//! - `n`: how many baskets there are, the same in all rows, whether they have prefixes or not; of
//!   several, the greatest. A row with NULL is skipped.
//! - `min_support`: constant, from 0 to 1, inclusive; 0 wants every set that there is.
//! - `max_length`: constant, at least 1: the most elements of a set. Default: any number.
//!
//! Result: LIST of STRUCT(places LIST of INT, baskets BIGINT), ordered by the number of elements,
//! then by the elements; empty when there is nothing. Grouped by the last element of the prefix,
//! all groups together have every frequent set once. State: four bytes an element of each distinct
//! prefix of a group, and some 30 for the prefix. Cost: a look-up of each prefix, then FP-growth,
//! as in `frequent_itemsets`. Errors: types and constants, at planning; elements that do not
//! ascend or are beyond 16777216, and more than a million sets a group, at execution.
//! Source: Li, Wang, Zhang, Zhang & Chang 2008 (PFP).

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::limits::max_length;
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::lists::list_field;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::sql_types::sql_name;

mod state;

use state::PrefixItemsetsState;

const NAME: &str = "prefix_itemsets";

/// The largest element of a prefix: what is kept for each up to it then takes 200 megabytes.
pub(super) const LARGEST: usize = 1 << 24;

/// Frequent sets from prefixes.
#[user_doc(
    doc_section(label = "Baskets"),
    description = "The frequent sets that are made of the last element of prefixes and others before it. Returns a LIST of STRUCT(places LIST of INT, baskets BIGINT), ordered by the number of elements, then by the elements; an empty list when there is nothing. A step of `basket_rules`, after `item_prefixes`: grouped by the last element of the prefix, all groups together have every frequent set once, found on all cores.",
    syntax_example = "prefix_itemsets(prefix, n, min_support [, max_length])",
    sql_example = "```sql
SELECT prefix[-1] AS last, prefix_itemsets(prefix, 3, 0.5) AS sets
FROM (VALUES ([1]), ([1, 2]), ([1]), ([1, 2]), ([1, 2, 3]), ([2])) AS prefixes(prefix)
GROUP BY prefix[-1] ORDER BY last;
+------+-----------------------------------------------------------+
| last | sets                                                      |
+------+-----------------------------------------------------------+
| 1    | [{places: [1], baskets: 2}]                               |
| 2    | [{places: [2], baskets: 3}, {places: [1, 2], baskets: 2}] |
| 3    | []                                                        |
+------+-----------------------------------------------------------+
```",
    argument(
        name = "prefix",
        description = "A LIST of whole numbers, ascending, from 1, as `item_prefixes` gives them. NULL and an empty one give no set."
    ),
    argument(
        name = "n",
        description = "How many baskets there are, the same in all rows. A row with NULL is skipped."
    ),
    argument(
        name = "min_support",
        description = "A constant from 0 to 1: the least fraction of `n` prefixes that hold a set and end with it, inclusive."
    ),
    argument(
        name = "max_length",
        description = "A constant whole number, at least 1: the most elements of a set. Default: any number."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct PrefixItemsets;

impl Described for PrefixItemsets {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("prefix", Kind::Value),
        Parameter::required("n", Kind::Integer),
        Parameter::required("min_support", Kind::ConstantDouble),
        Parameter::optional("max_length", Kind::ConstantInteger),
    ];

    fn check(constants: &Constants) -> Result<()> {
        min_support(constants)?;
        max_length(constants).map(drop)
    }
}

fn min_support(constants: &Constants) -> Result<f64> {
    constants
        .double("min_support")?
        .filter(|support| (0.0..=1.0).contains(support))
        .ok_or_else(|| constants.out_of_range("min_support", "a fraction from 0 to 1"))
}

fn set_fields() -> Fields {
    Fields::from(vec![
        Field::new("places", DataType::new_list(DataType::Int32, true), true),
        Field::new("baskets", DataType::Int64, true),
    ])
}

impl Aggregating for PrefixItemsets {
    const NAME: &'static str = NAME;

    type State = PrefixItemsetsState;

    fn retype(types: &mut [DataType]) {
        if let Some(prefix) = types.first_mut()
            && let DataType::List(element) = prefix
            && (element.data_type().is_integer() || element.data_type().is_null())
        {
            *prefix = DataType::new_list(DataType::Int32, true);
        }
    }

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        match fields[0].data_type() {
            DataType::List(element) if element.data_type() == &DataType::Int32 => {
                Ok(DataType::new_list(DataType::Struct(set_fields()), true))
            }
            other => plan_err!(
                "argument \"prefix\" of {NAME} must be a LIST of whole numbers, got {}",
                sql_name(other)
            ),
        }
    }

    fn state_fields(_fields: &[FieldRef]) -> Vec<Field> {
        vec![
            Field::new("n", DataType::Int64, true),
            list_field("places", DataType::Int32),
            list_field("lengths", DataType::Int32),
            list_field("counts", DataType::Int64),
        ]
    }

    fn state(_fields: &[FieldRef], constants: &Constants) -> Result<PrefixItemsetsState> {
        let longest = max_length(constants)?;
        Ok(PrefixItemsetsState::new(min_support(constants)?, longest))
    }

    fn of_nothing(result: &DataType) -> Result<ScalarValue> {
        ScalarValue::new_default(result)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests;
