//! Order lines as flat state: which items each basket of each group holds.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, LargeListArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::{cast, filter as keep};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;

use crate::keys::{Keys, stored_type};
use crate::lists::{elements, groups_of_elements, list_field, list_of};
use crate::math::distinct::{Distinct, member, owner, pair};
use crate::rows::counted;

/// Distinct (group, basket, item) triples. A basket belongs to one group; items are
/// shared by all. Eight bytes a line, besides the keys.
#[derive(Debug)]
pub(crate) struct Lines {
    groups: usize,
    baskets: Keys,
    items: Keys,
    /// Numbers of baskets and items.
    lines: Distinct,
}

/// The lines in order, for reading: the items of each basket, the baskets of each group.
#[derive(Debug)]
pub(super) struct Ordered {
    /// Item numbers, basket after basket.
    items: Vec<u32>,
    /// Where each basket's items start, by basket number; one more for the end.
    starts: Vec<usize>,
    /// Basket numbers, group after group.
    baskets: Vec<u32>,
    /// Where each group's baskets start; one more for the end.
    groups: Vec<usize>,
}

impl Ordered {
    /// The basket numbers of `group`.
    pub(super) fn baskets(&self, group: usize) -> &[u32] {
        &self.baskets[self.groups[group]..self.groups[group + 1]]
    }

    /// The item numbers of a basket.
    pub(super) fn items(&self, basket: u32) -> &[u32] {
        let basket = basket as usize;
        &self.items[self.starts[basket]..self.starts[basket + 1]]
    }
}

impl Lines {
    pub(super) fn new(basket: &DataType, item: &DataType) -> Result<Self> {
        Ok(Self {
            groups: 0,
            baskets: Keys::new(basket)?,
            items: Keys::new(item)?,
            lines: Distinct::default(),
        })
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.groups = groups;
    }

    pub(super) fn groups(&self) -> usize {
        self.groups
    }

    pub(super) fn items(&self) -> &Keys {
        &self.items
    }

    /// Adds a batch of lines; those whose basket or item is NULL hold nothing.
    pub(super) fn add(
        &mut self,
        basket: &ArrayRef,
        item: &ArrayRef,
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        group_number(self.groups)?;
        let counted = counted(filter, &[basket, item]);
        let owner = |row: usize| group_indices[row] as u32;
        let (mut baskets, mut items) = (Vec::new(), Vec::new());
        self.baskets
            .number(basket, counted.as_ref(), owner, &mut baskets)?;
        self.items
            .number(item, counted.as_ref(), |_| 0, &mut items)?;
        self.lines
            .extend(baskets.iter().zip(&items).map(|(&b, &i)| pair(b, i)));
        Ok(())
    }

    /// The lines of the first `groups` groups, for reading.
    pub(super) fn ordered(&mut self, groups: usize) -> Ordered {
        let lines = self.lines.sorted();
        let mut starts = Vec::with_capacity(self.baskets.len() + 1);
        let mut position = 0;
        for basket in 0..self.baskets.len() as u32 {
            starts.push(position);
            let here = lines[position..].iter();
            position += here.take_while(|&&line| owner(line) == basket).count();
        }
        starts.push(position);
        let mut sizes = vec![0; groups + 1];
        let numbered = || (0u32..).zip(self.baskets.owners());
        let wanted = |&(_, &owner): &(u32, &u32)| (owner as usize) < groups;
        for (_, &owner) in numbered().filter(wanted) {
            sizes[owner as usize + 1] += 1;
        }
        for group in 0..groups {
            sizes[group + 1] += sizes[group];
        }
        let mut next = sizes.clone();
        let mut baskets = vec![0; sizes[groups]];
        for (basket, &owner) in numbered().filter(wanted) {
            let slot = &mut next[owner as usize];
            baskets[*slot] = basket;
            *slot += 1;
        }
        Ordered {
            items: self.lines.members().collect(),
            starts,
            baskets,
            groups: sizes,
        }
    }

    /// Forgets the first `groups` groups.
    pub(super) fn discard(&mut self, groups: usize) {
        self.groups -= groups;
        let gone = u32::try_from(groups).unwrap_or(u32::MAX);
        let baskets = self.baskets.retain(|_, owner| owner.checked_sub(gone));
        self.lines
            .rename(|basket, item| match baskets[basket as usize] {
                u32::MAX => None,
                basket => Some((basket, item)),
            });
        forget_unused(&mut self.items, &mut self.lines);
    }

    /// The fields of [`Lines::state`].
    pub(super) fn state_fields(basket: &DataType, item: &DataType) -> Vec<Field> {
        vec![
            list_field("baskets", stored_type(basket)),
            list_field("items", stored_type(item)),
            list_field("lines", DataType::Int64),
        ]
    }

    /// The first `groups` groups, a row each: the group's baskets, its items, and its
    /// lines as a basket's place in the first list in the upper half of a number and an
    /// item's place in the second in the lower.
    pub(super) fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let ordered = self.ordered(groups);
        let mut places = vec![u32::MAX; self.items.len()];
        let mut items: Vec<u32> = Vec::new();
        let mut lines: Vec<i64> = Vec::new();
        let (mut item_lengths, mut line_lengths) = (Vec::new(), Vec::new());
        for group in 0..groups {
            let (first_item, first_line) = (items.len(), lines.len());
            for (place, &basket) in (0u32..).zip(ordered.baskets(group)) {
                for &item in ordered.items(basket) {
                    let item_place = &mut places[item as usize];
                    if *item_place == u32::MAX {
                        *item_place = (items.len() - first_item) as u32;
                        items.push(item);
                    }
                    lines.push(pair(place, *item_place).cast_signed());
                }
            }
            for &item in &items[first_item..] {
                places[item as usize] = u32::MAX;
            }
            item_lengths.push(items.len() - first_item);
            line_lengths.push(lines.len() - first_line);
        }
        let basket_lengths = (0..groups).map(|group| ordered.baskets(group).len());
        Ok(vec![
            list_of(self.baskets.column(&ordered.baskets)?, basket_lengths),
            list_of(self.items.column(&items)?, item_lengths),
            list_of(Arc::new(Int64Array::from(lines)), line_lengths),
        ])
    }

    /// The state of each line as if it were a group of its own.
    pub(super) fn row_states(
        basket: &ArrayRef,
        item: &ArrayRef,
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let counted = counted(filter, &[basket, item]);
        let passed = |column: &ArrayRef| -> Result<ArrayRef> {
            let column = cast(column, &stored_type(column.data_type()))?;
            Ok(match &counted {
                Some(counted) => keep(&column, &BooleanArray::new(counted.inner().clone(), None))?,
                None => column,
            })
        };
        let rows = basket.len();
        let length = |row| {
            usize::from(
                counted
                    .as_ref()
                    .is_none_or(|c: &NullBuffer| c.is_valid(row)),
            )
        };
        let total = counted.as_ref().map_or(rows, |c| rows - c.null_count());
        let zeros: ArrayRef = Arc::new(Int64Array::from(vec![0; total]));
        let columns = [passed(basket)?, passed(item)?, zeros];
        Ok(columns
            .map(|column| list_of(column, (0..rows).map(length)))
            .to_vec())
    }

    /// Adds what [`Lines::state`] gave, perhaps in another process.
    pub(super) fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        group_number(self.groups)?;
        let [baskets, items, lines] = [0, 1, 2].map(|part| state[part].as_list::<i64>());
        let owners = groups_of_elements(baskets, group_indices);
        let (mut basket_numbers, mut item_numbers) = (Vec::new(), Vec::new());
        self.baskets.number(
            &elements(baskets),
            None,
            |row| owners[row] as u32,
            &mut basket_numbers,
        )?;
        self.items
            .number(&elements(items), None, |_| 0, &mut item_numbers)?;
        let values = lines.values().as_primitive::<Int64Type>().values();
        for row in 0..group_indices.len() {
            let baskets = &basket_numbers[range(baskets, row)];
            let items = &item_numbers[range(items, row)];
            let start = lines.value_offsets()[row] as usize;
            for &value in &values[start..start + lines.value_length(row) as usize] {
                let value = value.cast_unsigned();
                let found = baskets
                    .get(owner(value) as usize)
                    .zip(items.get(member(value) as usize));
                let (&basket, &item) = found.ok_or_else(|| {
                    exec_datafusion_err!("a state of basket lines refers to keys that it lacks")
                })?;
                self.lines.extend(std::iter::once(pair(basket, item)));
            }
        }
        Ok(())
    }

    /// Bytes on the heap.
    pub(super) fn heap_size(&self) -> usize {
        self.baskets.heap_size() + self.items.heap_size() + self.lines.heap_size()
    }
}

/// Forgets the keys of `items` that no pair has as its member, when they are the most.
pub(super) fn forget_unused(items: &mut Keys, pairs: &mut Distinct) {
    if items.len() <= 2 * pairs.len() {
        return;
    }
    let numbers = items.retain_used(pairs.members());
    pairs.rename(|owner, item| Some((owner, numbers[item as usize])));
}

/// Checks that groups can be numbered by half of a pair's bits.
pub(super) fn group_number(groups: usize) -> Result<u32> {
    u32::try_from(groups).map_err(|_| exec_datafusion_err!("more than {} groups", u32::MAX))
}

/// Where a row's elements are among [`elements`].
pub(super) fn range(list: &LargeListArray, row: usize) -> Range<usize> {
    let offsets = list.value_offsets();
    (offsets[row] - offsets[0]) as usize..(offsets[row + 1] - offsets[0]) as usize
}
