//! `frequent_itemsets(basket, item, min_support [, max_length])`: what is often bought together.
//!
//! Definition: every set of items that at least the share `min_support` of the baskets hold,
//! whatever else they hold: baskets with the set / baskets.
//!
//! - `basket`, `item`: keys of any type that can be hashed. A line whose basket or item is NULL
//!   is skipped. A basket holds each item once, however many lines.
//! - `min_support`: constant, above 0 and at most 1, inclusive, compared as DOUBLEs, so that 3 of
//!   30 is 0.1.
//! - `max_length`: constant, at least 1: the most items of a set. Default: any number.
//!
//! Result: LIST of STRUCT(items LIST, baskets BIGINT, support DOUBLE), ordered by the number of
//! items, then by the items, which ascend within a set. Items come back as they are, except that
//! dictionaries are unpacked and unsigned integers become signed ones that hold them, BIGINT
//! UNSIGNED a DECIMAL(20,0). No lines give an empty list.
//!
//! State: eight bytes a distinct line, and each basket's and item's key once; while it finishes,
//! some 30 bytes for each line of a frequent item. Cost: a sort of the lines, then FP-growth: a
//! tree of the baskets' frequent items, and a smaller one for each set that has larger ones.
//! Without GROUP BY it finishes on one core and cannot spill; the report `basket_rules` can.
//! Errors: constants out of range, at planning; more than a million sets, at execution.
//! Source: Agrawal & Srikant 1994; Han, Pei & Yin 2000.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Float64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{ScalarValue, resources_err};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::itemset_list::{MOST_SETS, baskets_column, items_column};
use super::limits::{max_length, min_support};
use super::line_search::{LineSearch, SearchState};
use super::lines::Lines;
use super::pair_list::as_list;
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::keys::result_type;
use crate::math::itemsets::{Itemsets, Limits, SetSearch};
use crate::math::support::least_count;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

const NAME: &str = "frequent_itemsets";

/// Sets of items that are often in one basket.
#[user_doc(
    doc_section(label = "Baskets"),
    description = "Every set of items that many baskets hold, with how many do. Returns a LIST of STRUCT(items LIST, baskets BIGINT, support DOUBLE), ordered by the number of items, then by the items, which ascend within a set; an empty list when there is nothing. A basket holds each item once, however many lines it has; support is a share of the baskets with at least one item. It finishes a group on one core, cannot spill, and gives no more than a million sets: for more, or more order lines than memory holds, use `basket_rules`.",
    syntax_example = "frequent_itemsets(basket, item, min_support [, max_length])",
    sql_example = "```sql
SELECT s['items'] AS items, s['baskets'] AS baskets, s['support'] AS support
FROM (
  SELECT unnest(frequent_itemsets(basket, item, 0.5)) AS s
  FROM (VALUES (1, 'beer'), (1, 'chips'), (2, 'beer'), (2, 'chips'), (3, 'beer'), (4, 'milk'))
    AS lines(basket, item)
);
+---------------+---------+---------+
| items         | baskets | support |
+---------------+---------+---------+
| [beer]        | 3       | 0.75    |
| [chips]       | 2       | 0.5     |
| [beer, chips] | 2       | 0.5     |
+---------------+---------+---------+
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
        description = "A constant above 0 and at most 1: the least fraction of baskets that hold all items of a set, inclusive."
    ),
    argument(
        name = "max_length",
        description = "A constant whole number, at least 1: the most items of a set. Default: any number."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct FrequentItemsets;

impl Described for FrequentItemsets {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("basket", Kind::Key),
        Parameter::required("item", Kind::Key),
        Parameter::required("min_support", Kind::ConstantDouble),
        Parameter::optional("max_length", Kind::ConstantInteger),
    ];

    fn check(constants: &Constants) -> Result<()> {
        min_support(constants)?;
        max_length(constants).map(drop)
    }
}

fn set_fields(item: &DataType) -> Fields {
    Fields::from(vec![
        Field::new("items", DataType::new_list(result_type(item), true), true),
        Field::new("baskets", DataType::Int64, true),
        Field::new("support", DataType::Float64, true),
    ])
}

impl Aggregating for FrequentItemsets {
    const NAME: &'static str = NAME;

    type State = SearchState<FrequentSets>;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        let set = DataType::Struct(set_fields(fields[1].data_type()));
        Ok(DataType::new_list(set, true))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        Lines::state_fields(fields[0].data_type(), fields[1].data_type())
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<Self::State> {
        let [basket, item] = [0, 1].map(|index| fields[index].data_type());
        let search = FrequentSets {
            min_support: min_support(constants)?,
            longest: max_length(constants)?,
            item: result_type(item),
        };
        let lines = Lines::new(basket, item)?;
        Ok(SearchState::new(search, set_fields(item), lines))
    }

    fn of_nothing(result: &DataType) -> Result<ScalarValue> {
        ScalarValue::new_default(result)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The search for sets.
pub(crate) struct FrequentSets {
    min_support: f64,
    longest: usize,
    /// The type in which items are returned.
    item: DataType,
}

impl FrequentSets {
    /// The sets of the first `groups` groups, one group's after another's, items by their numbers;
    /// and of each group, how many sets and how many baskets it has.
    fn sets(&self, lines: &mut Lines, groups: usize) -> Result<(Itemsets, Vec<usize>, Vec<usize>)> {
        let ordered = lines.ordered(groups);
        let mut search = SetSearch::new(lines.items().len());
        let mut found = Itemsets::default();
        let (mut lengths, mut totals) = (Vec::with_capacity(groups), Vec::with_capacity(groups));
        for group in 0..groups {
            let baskets = ordered.baskets(group);
            let limits = Limits {
                least: least_count(self.min_support, baskets.len() as u64),
                longest: self.longest,
                most: MOST_SETS,
            };
            let lists = baskets.iter().map(|&basket| (ordered.items(basket), 1));
            let Some(sets) = search.search(lists, limits, None) else {
                return resources_err!(
                    "{NAME} gives no list of more than {MOST_SETS} sets: raise min_support, set a \
                     lower max_length, or use basket_rules, which gives rows"
                );
            };
            found.append(&sets);
            lengths.push(sets.len());
            totals.push(baskets.len());
        }
        Ok((found, lengths, totals))
    }
}

impl LineSearch for FrequentSets {
    fn search(&self, lines: &mut Lines, fields: &Fields, groups: usize) -> Result<ArrayRef> {
        let (found, lengths, totals) = self.sets(lines, groups)?;
        let keys = lines.items();
        // The items found in the order of their values, which is not that of their numbers.
        let mut ranks = vec![u32::MAX; keys.len()];
        let mut names = Vec::new();
        for &item in found.items() {
            if std::mem::replace(&mut ranks[item as usize], 0) == u32::MAX {
                names.push(item);
            }
        }
        names.sort_unstable_by(|&a, &b| keys.bytes(a).cmp(keys.bytes(b)));
        for (rank, &item) in (0..).zip(&names) {
            ranks[item as usize] = rank;
        }
        let found = found.ordered(&lengths, |item| ranks[item as usize]);
        let totals = lengths
            .iter()
            .zip(totals)
            .flat_map(|(&sets, total)| std::iter::repeat_n(total, sets));
        let supports = found
            .baskets()
            .iter()
            .zip(totals)
            .map(|(&baskets, total)| baskets as f64 / total as f64);
        let columns: Vec<ArrayRef> = vec![
            items_column(NAME, &found, &keys.column(&names)?, &self.item)?,
            baskets_column(&found),
            Arc::new(Float64Array::from_iter_values(supports)),
        ];
        as_list(NAME, fields, columns, lengths)
    }
}

#[cfg(test)]
mod tests;
