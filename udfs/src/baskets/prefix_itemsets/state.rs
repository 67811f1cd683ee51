//! The prefixes that each group has, and the search among them.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array};
use datafusion::arrow::datatypes::{DataType, Int32Type, Int64Type};
use datafusion::common::{exec_datafusion_err, exec_err, resources_err};
use datafusion::error::Result;

use super::{LARGEST, NAME, set_fields};
use crate::baskets::itemset_list::{MOST_SETS, baskets_column, items_column};
use crate::baskets::lines::{group_number, range};
use crate::baskets::pair_list::as_list;
use crate::grouped::GroupedState;
use crate::lists::{elements, list_of};
use crate::math::counted_lists::CountedLists;
use crate::math::itemsets::{Itemsets, Limits, SetSearch};
use crate::math::support::least_count;
use crate::rows::{counted, for_each_counted};

/// The distinct prefixes of each group.
pub(crate) struct PrefixItemsetsState {
    min_support: f64,
    longest: usize,
    /// For each group how many baskets there are.
    totals: Vec<i64>,
    prefixes: CountedLists,
}

impl PrefixItemsetsState {
    /// No groups yet.
    pub(super) fn new(min_support: f64, longest: usize) -> Self {
        Self {
            min_support,
            longest,
            totals: Vec::new(),
            prefixes: CountedLists::default(),
        }
    }

    /// Adds a prefix of a group so many times.
    pub(super) fn add(&mut self, group: usize, prefix: &[u32], times: u64) -> Result<()> {
        let ascends = prefix.is_sorted_by(|one, next| one < next);
        if !ascends || prefix.first() == Some(&0) {
            return exec_err!("{NAME}: a prefix must ascend from 1 or more, got {prefix:?}");
        }
        if prefix.last().is_some_and(|&last| last as usize > LARGEST) {
            return exec_err!("{NAME}: a prefix must not go beyond {LARGEST}, got {prefix:?}");
        }
        let added = self.prefixes.add(group as u32, prefix, times);
        added.ok_or_else(|| exec_datafusion_err!("{NAME}: more than {} prefixes", u32::MAX))
    }

    /// Adds the sets of a group, whose prefixes have the numbers `prefixes`, to `found`.
    fn find(
        &self,
        group: usize,
        prefixes: &mut [u32],
        search: &mut SetSearch,
        found: &mut Itemsets,
    ) -> Result<()> {
        let last = |&prefix: &u32| self.prefixes.list(prefix).last().copied();
        prefixes.sort_unstable_by_key(last);
        let before = found.len();
        for alike in prefixes.chunk_by(|one, other| last(one) == last(other)) {
            let others = alike.iter().filter_map(|&prefix| {
                let (_, others) = self.prefixes.list(prefix).split_last()?;
                Some((others, self.prefixes.count(prefix)))
            });
            let limits = Limits {
                least: least_count(self.min_support, self.totals[group].cast_unsigned()),
                longest: self.longest,
                most: MOST_SETS - (found.len() - before),
            };
            let Some(sets) = search.search(others, limits, alike.first().and_then(last)) else {
                return resources_err!(
                    "{NAME} gives no list of more than {MOST_SETS} sets: raise min_support, or set \
                     a lower max_length"
                );
            };
            found.append(&sets);
        }
        Ok(())
    }
}

/// Calls `each` with the row, the prefix and the number of baskets of all rows that count.
fn for_each_prefix(
    values: &[ArrayRef],
    filter: Option<&BooleanArray>,
    mut each: impl FnMut(usize, &[i32], i64) -> Result<()>,
) -> Result<()> {
    let counted = counted(filter, &[&values[0], &values[1]]);
    let prefixes = values[0].as_list::<i32>();
    let places = prefixes.values().as_primitive::<Int32Type>();
    let totals = values[1].as_primitive::<Int64Type>();
    let mut prefix = Vec::new();
    let mut result = Ok(());
    for_each_counted(prefixes.len(), counted.as_ref(), |row| {
        if result.is_err() {
            return;
        }
        let [from, to] = [row, row + 1].map(|end| prefixes.value_offsets()[end] as usize);
        prefix.clear();
        let valid = (from..to).filter(|&index| places.is_valid(index));
        prefix.extend(valid.map(|index| places.value(index)));
        result = each(row, &prefix, totals.value(row));
    });
    result
}

impl GroupedState for PrefixItemsetsState {
    fn grow(&mut self, groups: usize) {
        self.totals.resize(groups, 0);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        group_number(self.totals.len())?;
        let mut numbers = Vec::new();
        for_each_prefix(values, filter, |row, prefix, total| {
            let group = group_indices[row];
            self.totals[group] = self.totals[group].max(total);
            numbers.clear();
            numbers.extend(prefix.iter().map(|&place| number(place)));
            self.add(group, &numbers, 1)
        })
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        group_number(self.totals.len())?;
        let totals = state[0].as_primitive::<Int64Type>();
        let [places, lengths, counts] = [1, 2, 3].map(|part| state[part].as_list::<i64>());
        let all = [places, lengths, counts].map(elements);
        let [all_places, all_lengths] = [0, 1].map(|part| all[part].as_primitive::<Int32Type>());
        let all_counts = all[2].as_primitive::<Int64Type>();
        for (row, &group) in group_indices.iter().enumerate() {
            self.totals[group] = self.totals[group].max(totals.value(row));
            let mut rest = all_places
                .values()
                .get(range(places, row))
                .unwrap_or_default();
            let lengths = all_lengths.values().get(range(lengths, row));
            let counts = all_counts.values().get(range(counts, row));
            let prefixes = lengths
                .unwrap_or_default()
                .iter()
                .zip(counts.unwrap_or_default());
            for (&length, &count) in prefixes {
                let (prefix, later) = usize::try_from(length)
                    .ok()
                    .and_then(|length| rest.split_at_checked(length))
                    .ok_or_else(|| {
                        exec_datafusion_err!("a state of {NAME} lacks places of its prefixes")
                    })?;
                rest = later;
                let prefix: Vec<u32> = prefix.iter().map(|&place| number(place)).collect();
                self.add(group, &prefix, count.cast_unsigned())?;
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let mut prefixes = self.prefixes.by_owner(group_number(groups)?);
        let largest = prefixes
            .iter()
            .filter_map(|&prefix| self.prefixes.list(prefix).last());
        let places = largest.max().map_or(0, |&largest| largest + 1);
        let mut search = SetSearch::new(places as usize);
        let mut found = Itemsets::default();
        let mut lengths = vec![0; groups];
        let owner = |prefix: u32| self.prefixes.owner(prefix);
        for of_group in prefixes.chunk_by_mut(|&one, &other| owner(one) == owner(other)) {
            let group = of_group.first().map_or(0, |&prefix| owner(prefix)) as usize;
            let before = found.len();
            self.find(group, of_group, &mut search, &mut found)?;
            lengths[group] = found.len() - before;
        }
        let found = found.ordered(&lengths, |place| place);
        let names: ArrayRef = Arc::new(Int32Array::from_iter_values(
            (0..places).map(u32::cast_signed),
        ));
        let columns = vec![
            items_column(NAME, &found, &names, &DataType::Int32)?,
            baskets_column(&found),
        ];
        as_list(NAME, &set_fields(), columns, lengths)
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let (mut places, mut lengths, mut counts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut places_of, mut prefixes_of) = (vec![0; groups], vec![0; groups]);
        for prefix in self.prefixes.by_owner(group_number(groups)?) {
            let numbers = self.prefixes.list(prefix);
            let group = self.prefixes.owner(prefix) as usize;
            places.extend(numbers.iter().map(|place| place.cast_signed()));
            lengths.push(numbers.len() as i32);
            counts.push(self.prefixes.count(prefix).cast_signed());
            places_of[group] += numbers.len();
            prefixes_of[group] += 1;
        }
        Ok(vec![
            Arc::new(Int64Array::from(self.totals[..groups].to_vec())),
            list_of(Arc::new(Int32Array::from(places)), places_of),
            list_of(Arc::new(Int32Array::from(lengths)), prefixes_of.clone()),
            list_of(Arc::new(Int64Array::from(counts)), prefixes_of),
        ])
    }

    fn discard(&mut self, groups: usize) {
        self.totals.drain(..groups);
        self.prefixes
            .discard(u32::try_from(groups).unwrap_or(u32::MAX));
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let mut totals = vec![0; rows];
        let (mut places, mut lengths) = (Vec::new(), Vec::new());
        let (mut places_of, mut prefixes_of) = (vec![0; rows], vec![0; rows]);
        for_each_prefix(values, filter, |row, prefix, total| {
            totals[row] = total.max(0);
            places.extend_from_slice(prefix);
            lengths.push(prefix.len() as i32);
            (places_of[row], prefixes_of[row]) = (prefix.len(), 1);
            Ok(())
        })?;
        let counts = vec![1; lengths.len()];
        Ok(vec![
            Arc::new(Int64Array::from(totals)),
            list_of(Arc::new(Int32Array::from(places)), places_of),
            list_of(Arc::new(Int32Array::from(lengths)), prefixes_of.clone()),
            list_of(Arc::new(Int64Array::from(counts)), prefixes_of),
        ])
    }

    fn groups(&self) -> usize {
        self.totals.len()
    }

    fn heap_size(&self) -> usize {
        self.totals.capacity() * size_of::<i64>() + self.prefixes.heap_size()
    }
}

/// A place as a number that is not negative; 0, which no place is, for those that are.
fn number(place: i32) -> u32 {
    u32::try_from(place).unwrap_or(0)
}
