//! `itemset(item)`: what a basket holds.
//!
//! Definition: the distinct items of the group, in order.
//!
//! - `item`: a key of any type that can be hashed. NULLs are skipped.
//!
//! Result: LIST of the item's type, ascending; dictionaries are unpacked and unsigned integers
//! become signed ones that hold them, BIGINT UNSIGNED a DECIMAL(20,0). No items give an empty
//! list. State: eight bytes for each item of each group, and each item's key once. Cost: a sort
//! of the lines. Errors: more items together than a list can hold, at execution.
//! Source: Agrawal & Srikant 1994.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array};
use datafusion::arrow::compute::{cast, filter as keep, take};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::lines::{forget_unused, group_number};
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::grouped::GroupedState;
use crate::keys::{Keys, result_type, stored_type};
use crate::lists::{elements, list_of, result_lists};
use crate::math::distinct::{Distinct, member, owner, pair};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::rows::counted;

const NAME: &str = "itemset";

/// The distinct items of a basket.
#[user_doc(
    doc_section(label = "Baskets"),
    description = "The distinct items of a group, ascending: what a basket holds, however many lines name it. Returns a LIST of the item's type; an empty list when there is nothing.",
    syntax_example = "itemset(item)",
    sql_example = "```sql
SELECT basket, itemset(item) AS items
FROM (VALUES (1, 'milk'), (1, 'beer'), (1, 'milk'), (2, 'beer')) AS lines(basket, item)
GROUP BY basket ORDER BY basket;
+--------+--------------+
| basket | items        |
+--------+--------------+
| 1      | [beer, milk] |
| 2      | [beer]       |
+--------+--------------+
```",
    argument(
        name = "item",
        description = "The key of the item, of any type that can be hashed. NULLs are skipped. Unsigned integers come back as signed ones, BIGINT UNSIGNED as DECIMAL(20,0)."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Itemset;

impl Described for Itemset {
    const PARAMETERS: &'static [Parameter] = &[Parameter::required("item", Kind::Key)];
}

impl Aggregating for Itemset {
    const NAME: &'static str = NAME;

    type State = ItemsetState;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        let item = result_type(fields[0].data_type());
        Ok(DataType::List(Arc::new(Field::new_list_field(item, true))))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        let item = stored_type(fields[0].data_type());
        let items = DataType::LargeList(Arc::new(Field::new_list_field(item, true)));
        vec![Field::new("items", items, true)]
    }

    fn state(fields: &[FieldRef], _constants: &Constants) -> Result<ItemsetState> {
        let item = fields[0].data_type();
        Ok(ItemsetState {
            groups: 0,
            keys: Keys::new(item)?,
            held: Distinct::default(),
            item: result_type(item),
        })
    }

    fn of_nothing(result: &DataType) -> Result<ScalarValue> {
        ScalarValue::new_default(result)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The items of each group.
pub(crate) struct ItemsetState {
    groups: usize,
    keys: Keys,
    /// Groups and the numbers of their items.
    held: Distinct,
    /// The type in which items are returned.
    item: DataType,
}

impl ItemsetState {
    /// The items of the first `groups` groups, one group's after another's, in their order, and
    /// how many each has.
    fn items(&mut self, groups: usize) -> Result<(ArrayRef, Vec<usize>)> {
        let held = self.held.sorted();
        let held = &held[..held.partition_point(|&pair| (owner(pair) as usize) < groups)];
        let mut ranks = vec![u32::MAX; self.keys.len()];
        let mut order: Vec<u32> = Vec::new();
        for &pair in held {
            let rank = &mut ranks[member(pair) as usize];
            if *rank == u32::MAX {
                *rank = 0;
                order.push(member(pair));
            }
        }
        order.sort_unstable_by(|&a, &b| self.keys.bytes(a).cmp(self.keys.bytes(b)));
        for (rank, &number) in (0..).zip(&order) {
            ranks[number as usize] = rank;
        }
        let mut lengths = vec![0; groups];
        let mut items: Vec<u32> = Vec::with_capacity(held.len());
        for group in held.chunk_by(|&a, &b| owner(a) == owner(b)) {
            let start = items.len();
            items.extend(group.iter().map(|&pair| ranks[member(pair) as usize]));
            items[start..].sort_unstable();
            lengths[owner(group[0]) as usize] = group.len();
        }
        let distinct = self.keys.column(&order)?;
        Ok((take(&distinct, &UInt32Array::from(items), None)?, lengths))
    }
}

impl GroupedState for ItemsetState {
    fn grow(&mut self, groups: usize) {
        self.groups = groups;
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        group_number(self.groups)?;
        let counted = counted(filter, &[&values[0]]);
        let mut numbers = Vec::with_capacity(group_indices.len());
        self.keys
            .number(&values[0], counted.as_ref(), |_| 0, &mut numbers)?;
        let mut numbers = numbers.into_iter();
        let held = |group: &usize| Some(pair(*group as u32, numbers.next()?));
        match counted {
            None => self.held.extend(group_indices.iter().map_while(held)),
            Some(counted) => {
                let groups = counted.valid_indices().map(|row| &group_indices[row]);
                self.held.extend(groups.map_while(held));
            }
        }
        Ok(())
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        group_number(self.groups)?;
        let items = state[0].as_list::<i64>();
        let mut numbers = Vec::new();
        self.keys
            .number(&elements(items), None, |_| 0, &mut numbers)?;
        let mut numbers = numbers.into_iter();
        for (row, &group) in group_indices.iter().enumerate() {
            let items = numbers.by_ref().take(items.value_length(row) as usize);
            self.held.extend(items.map(|item| pair(group as u32, item)));
        }
        Ok(())
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let (items, lengths) = self.items(groups)?;
        result_lists(NAME, cast(&items, &self.item)?, lengths, None)
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let (items, lengths) = self.items(groups)?;
        Ok(vec![list_of(items, lengths)])
    }

    fn discard(&mut self, groups: usize) {
        self.groups -= groups;
        let gone = u32::try_from(groups).unwrap_or(u32::MAX);
        self.held
            .rename(|group, item| Some((group.checked_sub(gone)?, item)));
        forget_unused(&mut self.keys, &mut self.held);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let items = cast(&values[0], &stored_type(values[0].data_type()))?;
        let (items, lengths) = match counted(filter, &[&values[0]]) {
            None => (items, vec![1; values[0].len()]),
            Some(counted) => {
                let lengths = counted.iter().map(usize::from).collect();
                let counted = BooleanArray::new(counted.into_inner(), None);
                (keep(&items, &counted)?, lengths)
            }
        };
        Ok(vec![list_of(items, lengths)])
    }

    fn groups(&self) -> usize {
        self.groups
    }

    fn heap_size(&self) -> usize {
        self.keys.heap_size() + self.held.heap_size()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use datafusion::arrow::array::StringArray;
    use datafusion::arrow::array::builder::{ListBuilder, StringBuilder};
    use datafusion::logical_expr::AggregateUDF;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::aggregate::Aggregate;
    use crate::testing::{Argument, Case};

    /// Random words, some NULL, of random groups and under a random filter, against trees.
    #[test]
    fn any_split_equals_one_pass() {
        for seed in 0..24 {
            let random = &mut StdRng::seed_from_u64(seed);
            let rows = random.random_range(0..200);
            let words: Vec<Option<String>> = (0..rows)
                .map(|_| {
                    let word = format!("w{}", random.random_range(0..20));
                    random.random_bool(0.9).then_some(word)
                })
                .collect();
            let groups: Vec<usize> = (0..rows).map(|_| random.random_range(0..7)).collect();
            let filter: Option<BooleanArray> = random
                .random_bool(0.5)
                .then(|| (0..rows).map(|_| Some(random.random_bool(0.6))).collect());
            let mut sets = vec![BTreeSet::new(); 7];
            for row in 0..rows {
                if filter.as_ref().is_none_or(|filter| filter.value(row))
                    && let Some(word) = &words[row]
                {
                    sets[groups[row]].insert(word.clone());
                }
            }
            let mut expected = ListBuilder::new(StringBuilder::new());
            for set in sets {
                expected.append_value(set.into_iter().map(Some));
            }
            let case = Case {
                function: Arc::new(AggregateUDF::from(Aggregate::new(Itemset))),
                arguments: vec![Argument::Column(Arc::new(StringArray::from(words)))],
                groups,
                filter,
            };
            case.assert_every_route(&(Arc::new(expected.finish()) as ArrayRef), seed);
        }
    }
}
