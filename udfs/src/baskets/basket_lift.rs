//! `basket_lift(basket, item, min_support [, max_basket])`: which items are bought
//! together more often than chance would have it.
//!
//! Definition: with n baskets, of which n(a), n(b) and n(a, b) hold item a, item b and
//! both, lift = n(a, b) · n / (n(a) · n(b)); support = n(a, b) / n;
//! confidence_ab = n(a, b) / n(a), confidence_ba = n(a, b) / n(b).
//!
//! - `basket`, `item`: keys of any type that can be hashed. A line whose basket or item
//!   is NULL is skipped. A basket holds each item once, however many lines.
//! - `min_support`: constant, above 0 and at most 1: the least support of a pair,
//!   inclusive, compared as DOUBLEs, so that 3 of 30 is 0.1.
//! - `max_basket`: constant, at least 1: baskets with more items are left out altogether,
//!   also of n. Default: none is.
//!
//! Result: LIST of STRUCT(item_a, item_b, baskets_a, baskets_b, baskets_both, baskets,
//! support, confidence_ab, confidence_ba, lift), item_a < item_b, ordered by lift
//! descending, compared exactly, then item_a, item_b. Items come back as they are, except
//! that dictionaries are unpacked and unsigned integers become signed ones that hold
//! them, BIGINT UNSIGNED a DECIMAL(20,0). No lines give an empty list.
//!
//! State: eight bytes a distinct line, and each basket's and item's key once. Cost: a
//! sort of the lines, then the pairs of the frequent items of each basket, so that
//! `max_basket` bounds what one absurd basket costs. Without GROUP BY it finishes on one
//! core and cannot spill; the report `basket_rules` can.
//! Errors: constants out of range, at planning; more than a million pairs, at execution.
//! Source: Agrawal & Srikant 1994; Brin, Motwani, Ullman & Tsur 1997.

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{ScalarValue, resources_err};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::limits::{min_support, most_items};
use super::line_search::{LineSearch, SearchState};
use super::lines::Lines;
use super::pair_list::{pair_fields, pair_list};
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::math::pairs::{MOST_PAIRS, PairSearch, Wanted};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

const NAME: &str = "basket_lift";

/// Pairs of items and their lift.
#[user_doc(
    doc_section(label = "Baskets"),
    description = "Pairs of items that are bought together, with the lift of each: how much more often than by chance. Returns a LIST of STRUCT(item_a, item_b, baskets_a, baskets_b, baskets_both, baskets BIGINT, support, confidence_ab, confidence_ba, lift DOUBLE) with item_a < item_b, ordered by lift descending, then item_a, item_b; an empty list when there is nothing. A basket holds each item once, however many lines it has; `baskets` counts all with at least one item. It finishes a group on one core, cannot spill, and gives no more than a million pairs: for more, or more order lines than memory holds, use `basket_rules`.",
    syntax_example = "basket_lift(basket, item, min_support [, max_basket])",
    sql_example = "```sql
SELECT pair['item_a'] AS a, pair['item_b'] AS b, pair['baskets_both'] AS both, pair['lift'] AS lift
FROM (
  SELECT unnest(basket_lift(basket, item, 0.5)) AS pair
  FROM (VALUES (1, 'beer'), (1, 'chips'), (2, 'beer'), (2, 'chips'), (3, 'beer'), (4, 'milk'))
    AS lines(basket, item)
);
+------+-------+------+--------------------+
| a    | b     | both | lift               |
+------+-------+------+--------------------+
| beer | chips | 2    | 1.3333333333333333 |
+------+-------+------+--------------------+
```",
    argument(
        name = "basket",
        description = "The key of the basket, of any type that can be hashed. A line with NULL is skipped."
    ),
    argument(
        name = "item",
        description = "The key of the item, of any type that can be hashed. A line with NULL is skipped. Unsigned integers come back as signed ones, BIGINT UNSIGNED as DECIMAL(20,0)."
    ),
    argument(
        name = "min_support",
        description = "A constant above 0 and at most 1: the least fraction of baskets that hold both items, inclusive."
    ),
    argument(
        name = "max_basket",
        description = "A constant whole number, at least 1: baskets with more items are left out, also of `baskets`. Default: none is."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct BasketLift;

impl Described for BasketLift {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("basket", Kind::Key),
        Parameter::required("item", Kind::Key),
        Parameter::required("min_support", Kind::ConstantDouble),
        Parameter::optional("max_basket", Kind::ConstantInteger),
    ];

    fn check(constants: &Constants) -> Result<()> {
        wanted(constants).map(drop)
    }
}

/// What the constants of a call ask for.
fn wanted(constants: &Constants) -> Result<Wanted> {
    Ok(Wanted {
        min_support: min_support(constants)?,
        max_basket: most_items(constants, "max_basket")?,
    })
}

impl Aggregating for BasketLift {
    const NAME: &'static str = NAME;

    type State = SearchState<Wanted>;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        let pair = DataType::Struct(pair_fields(fields[1].data_type()));
        Ok(DataType::new_list(pair, true))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        Lines::state_fields(fields[0].data_type(), fields[1].data_type())
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<Self::State> {
        let [basket, item] = [0, 1].map(|index| fields[index].data_type());
        let lines = Lines::new(basket, item)?;
        Ok(SearchState::new(
            wanted(constants)?,
            pair_fields(item),
            lines,
        ))
    }

    fn of_nothing(result: &DataType) -> Result<ScalarValue> {
        ScalarValue::new_default(result)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

impl LineSearch for Wanted {
    fn search(&self, lines: &mut Lines, fields: &Fields, groups: usize) -> Result<ArrayRef> {
        let ordered = lines.ordered(groups);
        let items = lines.items();
        let mut search = PairSearch::new(*self, items.len());
        let mut pairs = Vec::new();
        let mut lengths = Vec::with_capacity(groups);
        for group in 0..groups {
            let baskets = ordered.baskets(group).iter();
            let found = search.search(baskets.map(|&basket| ordered.items(basket)), |a, b| {
                items.bytes(a).cmp(items.bytes(b))
            });
            let Some((total, found)) = found else {
                return resources_err!(
                    "{NAME} gives no list of more than {MOST_PAIRS} pairs: raise min_support, set \
                     max_basket, or use basket_rules, which gives rows"
                );
            };
            lengths.push(found.len());
            pairs.extend(found.into_iter().map(|pair| (pair, total)));
        }
        pair_list(NAME, fields, items, &pairs, lengths)
    }
}

#[cfg(test)]
mod tests;
