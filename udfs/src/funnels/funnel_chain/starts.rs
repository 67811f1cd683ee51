//! The rows of step 1 of each group: when they were, and their values of `by`.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, UInt32Array};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer};
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::error::Result;

use crate::keys::{Keys, result_type, stored_type};
use crate::lists::{elements, ending_at, groups_of_elements, list, list_field};
use crate::math::events::{Event, EventLog, Sorted};

/// The number of NULL among the values.
const NULL: u32 = u32::MAX;

/// The rows of step 1.
#[derive(Debug)]
pub(super) struct Starts {
    keys: Keys,
    /// Times, and the numbers of values as masks.
    log: EventLog,
    data_type: DataType,
}

impl Starts {
    pub(super) fn new(by: &DataType) -> Result<Self> {
        Ok(Self {
            keys: Keys::new(by)?,
            log: EventLog::default(),
            data_type: result_type(by),
        })
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.log.grow(groups);
    }

    /// Adds the rows whose mask has the bit of step 1.
    pub(super) fn update(
        &mut self,
        ticks: &[i64],
        masks: &[u32],
        by: &ArrayRef,
        group_indices: &[usize],
    ) -> Result<()> {
        let is_start = |row: usize| masks[row] & 1 == 1;
        let starts = BooleanBuffer::collect_bool(masks.len(), is_start);
        let numbers = self.number(by, &starts)?;
        self.log
            .extend(group_indices, &numbers, ticks, |row, _| is_start(row));
        Ok(())
    }

    /// The number of each value in `by` for which `wanted` is set; of the others nothing is said.
    fn number(&mut self, by: &ArrayRef, wanted: &BooleanBuffer) -> Result<Vec<u32>> {
        let counted = match by.logical_nulls() {
            Some(nulls) => wanted & nulls.inner(),
            None => wanted.clone(),
        };
        let counted = NullBuffer::new(counted);
        let mut found = Vec::new();
        self.keys.number(by, Some(&counted), |_| 0, &mut found)?;
        let mut numbers = vec![NULL; by.len()];
        for (row, number) in counted.valid_indices().zip(found) {
            numbers[row] = number;
        }
        Ok(numbers)
    }

    /// The rows of the first `groups` groups, by time.
    pub(super) fn sorted(&self, groups: usize) -> Sorted {
        self.log.sorted(groups)
    }

    /// The number of the least value among rows of `time`; `rows` are one group's by time.
    pub(super) fn least(&self, rows: &[Event], time: i64) -> Option<u32> {
        let first = rows.partition_point(|row| row.time < time);
        let numbers = rows[first..].iter().take_while(|row| row.time == time);
        numbers
            .map(|row| row.mask)
            .filter(|&number| number != NULL)
            .min_by_key(|&number| self.keys.bytes(number))
    }

    /// The values of `numbers` as a column of the result's type.
    pub(super) fn values(&self, numbers: &[Option<u32>]) -> Result<ArrayRef> {
        let known: Vec<u32> = numbers.iter().flatten().copied().collect();
        let values = cast(&self.keys.column(&known)?, &self.data_type)?;
        let mut places = 0..;
        let places = numbers
            .iter()
            .map(|number| number.and_then(|_| places.next()));
        let places: UInt32Array = places.collect();
        Ok(take(&values, &places, None)?)
    }

    pub(super) fn state_fields(by: &DataType) -> Vec<Field> {
        vec![
            list_field("starts", DataType::Int64),
            list_field("by", stored_type(by)),
        ]
    }

    /// The times and the values of the first `groups` groups, a list a group.
    pub(super) fn state(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        let lists = self.log.lists(groups);
        let mut places = vec![NULL; self.keys.len()];
        let mut known = Vec::new();
        let indices = lists.masks.iter().map(|&number| {
            let place = places.get_mut(number as usize)?;
            if *place == NULL {
                *place = known.len() as u32;
                known.push(number);
            }
            Some(*place)
        });
        let indices: UInt32Array = indices.collect();
        let values = take(&self.keys.column(&known)?, &indices, None)?;
        Ok(pair(lists.times, values, &lists.ends))
    }

    /// What [`Starts::state`] gives of rows that are a group each.
    pub(super) fn row_states(
        &self,
        ticks: &[i64],
        masks: &[u32],
        by: &ArrayRef,
    ) -> Result<Vec<ArrayRef>> {
        let rows = (0u32..).zip(masks);
        let starts = rows.filter(|(_, mask)| **mask & 1 == 1);
        let starts: UInt32Array = starts.map(|(row, _)| Some(row)).collect();
        let values = take(by, &starts, None)?;
        let values = cast(&values, &stored_type(by.data_type()))?;
        let times = starts.values().iter().map(|&row| ticks[row as usize]);
        let mut end = 0;
        let ends = masks.iter().map(|mask| {
            end += (mask & 1) as usize;
            end
        });
        let ends: Vec<usize> = ends.collect();
        Ok(pair(times.collect(), values, &ends))
    }

    /// Adds what [`Starts::state`] gave, perhaps in another process.
    pub(super) fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        let [times, by] = [0, 1].map(|part| state[part].as_list::<i64>());
        let groups = groups_of_elements(times, group_indices);
        let [times, values] = [times, by].map(elements);
        let numbers = self.number(&values, &BooleanBuffer::new_set(values.len()))?;
        let times = times.as_primitive::<Int64Type>().values();
        self.log.extend(&groups, &numbers, times, |_, _| true);
        Ok(())
    }

    /// Forgets the first `groups` groups, and most values that no other has.
    pub(super) fn discard(&mut self, groups: usize) {
        self.log.discard(groups);
        if self.keys.len() <= 2 * self.log.len() {
            return;
        }
        let known = self.log.masks().filter(|&number| number != NULL);
        let numbers = self.keys.retain_used(known);
        let renamed = |number: u32| numbers.get(number as usize).copied();
        self.log.rename(|number| renamed(number).unwrap_or(number));
    }

    pub(super) fn heap_size(&self) -> usize {
        self.keys.heap_size() + self.log.heap_size()
    }
}

/// Lists of times and of values that end at the same places.
fn pair(times: Vec<i64>, values: ArrayRef, ends: &[usize]) -> Vec<ArrayRef> {
    let offsets = ending_at(ends);
    let times: ArrayRef = Arc::new(Int64Array::from(times));
    [times, values]
        .map(|values| list(values, &offsets))
        .to_vec()
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::StringArray;

    use super::*;

    /// The state of one merged group by group into another: each slice adds what it has itself.
    #[test]
    fn a_slice_adds_its_own_values() {
        const GROUPS: usize = 40;
        let text = |group: usize| (!group.is_multiple_of(7)).then(|| format!("value {group}"));
        let by: ArrayRef = Arc::new((0..GROUPS).map(text).collect::<StringArray>());
        let groups: Vec<usize> = (0..GROUPS).collect();
        let times: Vec<i64> = (0..GROUPS as i64).collect();
        let mut first = Starts::new(by.data_type()).unwrap();
        first.grow(GROUPS);
        first.update(&times, &[1; GROUPS], &by, &groups).unwrap();
        let state = first.state(GROUPS).unwrap();

        let mut second = Starts::new(by.data_type()).unwrap();
        second.grow(1);
        for group in 0..GROUPS {
            let slice = state.iter().map(|part| part.slice(group, 1));
            second.merge(&slice.collect::<Vec<_>>(), &[0]).unwrap();
            let known = (0..=group).filter_map(text).count();
            assert_eq!((second.keys.len(), second.log.len()), (known, group + 1));
        }
        let sorted = second.sorted(1);
        let rows = sorted.groups().next().unwrap();
        let found: Vec<Option<u32>> = times.iter().map(|at| second.least(rows, *at)).collect();
        assert_eq!(&second.values(&found).unwrap(), &by);
    }
}
