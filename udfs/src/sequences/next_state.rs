//! The state of `sequence_next`: the rows of each group, with their values.
//!
//! A value and the conditions that hold with it have a number, which the rows keep.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, UInt32Array, UInt64Array,
};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::{and_kleene, cast, take};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, UInt32Type};
use datafusion::error::Result;

use crate::events::{check_groups, fill_masks};
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::keys::{Keys, result_type, stored_type};
use crate::lists::{elements, ending_at, groups_of_elements, list, list_field};
use crate::math::chain::Chain;
use crate::math::events::{Event, EventLog};
use crate::rows::{counted, for_each_counted};
use crate::times::ticks;

/// Where the time stands among the arguments.
const TS: usize = 2;

/// Where the value stands.
pub(super) const VALUE: usize = 3;

/// Where the condition of the base stands.
const BASE_CONDITION: usize = 4;

/// Where the conditions begin.
pub(super) const CONDITIONS: usize = 5;

/// The rows of each group.
#[derive(Debug)]
pub(crate) struct NextState {
    chain: Chain,
    result_type: DataType,
    /// Values, owned by the conditions that hold with them.
    values: Keys,
    /// Times, with the numbers of values for masks.
    log: EventLog,
}

/// The rows of a batch that count, one after another.
struct Batch {
    counted: Option<NullBuffer>,
    /// The conditions of every row, c1 as far as it holds for a base.
    masks: Vec<u32>,
}

impl Batch {
    fn new(values: &[ArrayRef], filter: Option<&BooleanArray>) -> Result<Self> {
        let counted = counted(filter, &[&values[TS], &values[VALUE]]);
        let mut conditions = values[CONDITIONS..].to_vec();
        if let Some(first) = conditions.first_mut() {
            let base = values[BASE_CONDITION].as_boolean();
            // c1 is asked for at the base alone.
            *first = Arc::new(and_kleene(first.as_boolean(), base)?);
        }
        let mut masks = Vec::new();
        fill_masks(&mut masks, &conditions, counted.as_ref(), values[TS].len());
        Ok(Self { counted, masks })
    }

    /// What `column` has at the rows that count.
    fn of<T: Copy>(&self, column: &[T]) -> Vec<T> {
        let mut found = Vec::with_capacity(column.len());
        for_each_counted(column.len(), self.counted.as_ref(), |row| {
            found.push(column[row]);
        });
        found
    }
}

impl NextState {
    pub(super) fn new(chain: Chain, value: &DataType) -> Result<Self> {
        Ok(Self {
            chain,
            result_type: result_type(value),
            values: Keys::new(value)?,
            log: EventLog::default(),
        })
    }

    /// The fields of its state, for values of type `value`.
    pub(super) fn fields(value: &DataType) -> Vec<Field> {
        vec![
            list_field("times", DataType::Int64),
            list_field("masks", DataType::UInt32),
            list_field("values", stored_type(value)),
        ]
    }

    /// Adds rows without NULLs.
    fn add(
        &mut self,
        times: &[i64],
        masks: &[u32],
        values: &ArrayRef,
        counted: Option<&NullBuffer>,
        groups: &[usize],
    ) -> Result<()> {
        check_groups(&self.log)?;
        let mut numbers = Vec::with_capacity(times.len());
        let owner = |row: usize| masks[row];
        self.values.number(values, counted, owner, &mut numbers)?;
        self.log.extend(groups, &numbers, times, |_, _| true);
        Ok(())
    }

    /// Makes `numbers` those of a group's rows in their order.
    fn order(&self, events: &[Event], numbers: &mut Vec<u32>) {
        numbers.clear();
        numbers.extend(events.iter().map(|event| event.mask));
        let mut rest = numbers.as_mut_slice();
        for at_once in events.chunk_by(|event, next| event.time == next.time) {
            let (tied, others) = rest.split_at_mut(at_once.len());
            // Numbers are given as values come, which no order may depend on.
            let order = |number: &u32| (self.values.bytes(*number), self.values.owner(*number));
            tied.sort_unstable_by(|one, other| order(one).cmp(&order(other)));
            rest = others;
        }
    }
}

impl GroupedState for NextState {
    fn grow(&mut self, groups: usize) {
        self.log.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let batch = Batch::new(values, filter)?;
        let times = batch.of(&ticks(&values[TS])?);
        let groups = batch.of(group_indices);
        let counted = batch.counted.as_ref();
        self.add(&times, &batch.masks, &values[VALUE], counted, &groups)
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        let [times, masks, values] = [0, 1, 2].map(|part| state[part].as_list::<i64>());
        let groups = groups_of_elements(times, group_indices);
        let [times, masks, values] = [times, masks, values].map(elements);
        let times = times.as_primitive::<Int64Type>().values();
        let masks = masks.as_primitive::<UInt32Type>().values();
        self.add(times, masks, &values, None, &groups)
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let sorted = self.log.sorted(groups);
        let (mut numbers, mut masks): (Vec<u32>, Vec<u32>) = Default::default();
        let mut found = Vec::new();
        let mut places = Vec::with_capacity(groups);
        for events in sorted.groups() {
            interrupt::check()?;
            self.order(events, &mut numbers);
            masks.clear();
            masks.extend(numbers.iter().map(|&number| self.values.owner(number)));
            places.push(self.chain.next(&masks).map(|row| {
                found.push(numbers[row]);
                found.len() as u64 - 1
            }));
        }
        let found = cast(&self.values.column(&found)?, &self.result_type)?;
        let places = UInt64Array::from(places);
        Ok(take(&found, &places, None)?)
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let lists = self.log.lists(groups);
        let masks = lists.masks.iter().map(|&number| self.values.owner(number));
        let masks = UInt32Array::from_iter_values(masks);
        let values = self.values.column(&lists.masks)?;
        let offsets = ending_at(&lists.ends);
        let times = Int64Array::from(lists.times);
        let columns: [ArrayRef; 3] = [Arc::new(times), Arc::new(masks), values];
        Ok(columns.map(|column| list(column, &offsets)).to_vec())
    }

    fn discard(&mut self, groups: usize) {
        self.log.discard(groups);
        // Only when most of the values are gone it is worth the while to look which.
        if self.values.len() <= 2 * self.log.len() {
            return;
        }
        let numbers = self.values.retain_used(self.log.masks());
        self.log.rename(|number| numbers[number as usize]);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let batch = Batch::new(values, filter)?;
        let rows = UInt32Array::from(batch.of(&(0..values[TS].len() as u32).collect::<Vec<_>>()));
        let column = &values[VALUE];
        let column = take(
            &cast(column, &stored_type(column.data_type()))?,
            &rows,
            None,
        )?;
        let times = Int64Array::from(batch.of(&ticks(&values[TS])?));
        let masks = UInt32Array::from(batch.of(&batch.masks));
        let is_counted = |row: usize| match &batch.counted {
            Some(counted) => usize::from(counted.is_valid(row)),
            None => 1,
        };
        let offsets = OffsetBuffer::from_lengths((0..values[TS].len()).map(is_counted));
        let columns: [ArrayRef; 3] = [Arc::new(times), Arc::new(masks), column];
        Ok(columns.map(|column| list(column, &offsets)).to_vec())
    }

    fn groups(&self) -> usize {
        self.log.groups()
    }

    fn heap_size(&self) -> usize {
        self.log.heap_size() + self.values.heap_size()
    }
}

#[cfg(test)]
mod tests;
