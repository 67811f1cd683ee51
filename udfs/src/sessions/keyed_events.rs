//! The rows of an aggregate as flat state: the times of each group, what happened as a key of any
//! type, and, where a function has one, a mark that a row may bear.
//!
//! A row without a time is skipped, and so is one that has neither a key nor a mark. A row takes
//! sixteen bytes, and a key its own once, whatever the number of rows.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, UInt32Array};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use datafusion::arrow::compute::{cast, filter as filter_rows, take};
use datafusion::arrow::datatypes::{DataType, Field, Int64Type};
use datafusion::common::exec_err;
use datafusion::error::Result;

use crate::events::check_groups;
use crate::keys::{Keys, result_type, stored_type};
use crate::lists::{elements, ending_at, groups_of_elements, list, list_field};
use crate::math::events::{EventLog, Sorted};
use crate::rows::{counted, for_each_counted};
use crate::times::ticks;

/// The events of many groups. In the log, an event's mask is its code.
#[derive(Debug)]
pub(super) struct KeyedEvents {
    keys: Keys,
    /// The type in which keys are returned.
    key_type: DataType,
    log: EventLog,
    /// Whether rows may bear a mark.
    marked: bool,
}

/// The events of some groups by time, those at the same time by key, with codes in which keys are
/// numbered in their order.
#[derive(Debug)]
pub(super) struct Ordered {
    pub(super) events: Sorted,
    /// All keys in their order, in the type in which they are returned.
    pub(super) keys: ArrayRef,
}

/// The code of a row with this key, if it has one: twice the number of the key after it, and one
/// more for a mark.
fn code(key: Option<u32>, mark: bool) -> u32 {
    key.map_or(0, |key| (key + 1) << 1) | u32::from(mark)
}

/// The number of the key that a code stands for.
pub(super) fn key_of(code: u32) -> Option<u32> {
    (code >> 1).checked_sub(1)
}

/// Whether a row with this code bears the mark.
pub(super) fn is_marked(code: u32) -> bool {
    code & 1 == 1
}

impl KeyedEvents {
    pub(super) fn new(key: &DataType, marked: bool) -> Result<Self> {
        Ok(Self {
            keys: Keys::new(key)?,
            key_type: result_type(key),
            log: EventLog::default(),
            marked,
        })
    }

    /// Makes it `groups` groups, the new ones without events.
    pub(super) fn grow(&mut self, groups: usize) {
        self.log.grow(groups);
    }

    /// How many groups there are.
    pub(super) fn groups(&self) -> usize {
        self.log.groups()
    }

    /// Adds a batch of rows: row `i` is of group `group_indices[i]` and counts if `filter`, when
    /// given, is true for it.
    ///
    /// # Errors
    ///
    /// An execution error beyond two billion keys or four billion groups.
    pub(super) fn update(
        &mut self,
        times: &ArrayRef,
        keys: &ArrayRef,
        marks: Option<&ArrayRef>,
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let counted = counted(filter, &[times]);
        self.add(&ticks(times)?, keys, marks, group_indices, counted.as_ref())
    }

    fn add(
        &mut self,
        ticks: &[i64],
        keys: &ArrayRef,
        marks: Option<&ArrayRef>,
        group_indices: &[usize],
        counted: Option<&NullBuffer>,
    ) -> Result<()> {
        check_groups(&self.log)?;
        let mut codes = vec![0; ticks.len()];
        let keyed = NullBuffer::union(counted, keys.logical_nulls().as_ref());
        let mut numbers = Vec::with_capacity(ticks.len());
        self.keys
            .number(keys, keyed.as_ref(), |_| 0, &mut numbers)?;
        self.check_keys()?;
        let mut numbers = numbers.into_iter();
        for_each_counted(ticks.len(), keyed.as_ref(), |row| {
            codes[row] = code(numbers.next(), false);
        });
        if let Some(marks) = marks {
            for row in set(marks, counted).set_indices() {
                codes[row] |= code(None, true);
            }
        }
        self.log
            .extend(group_indices, &codes, ticks, |_, code| code != 0);
        Ok(())
    }

    fn check_keys(&self) -> Result<()> {
        if self.keys.len() >= 1 << 31 {
            return exec_err!("more than {} distinct keys of events", 1_u32 << 31);
        }
        Ok(())
    }

    /// The fields of [`KeyedEvents::state`].
    pub(super) fn state_fields(key: &DataType, marked: bool) -> Vec<Field> {
        let mut fields = vec![
            list_field("times", DataType::Int64),
            list_field("keys", stored_type(key)),
        ];
        if marked {
            fields.push(list_field("marks", DataType::Boolean));
        }
        fields
    }

    /// The times, the keys and the marks of the first `groups` groups, a list a group.
    pub(super) fn state(&self, groups: usize) -> Result<Vec<ArrayRef>> {
        let lists = self.log.lists(groups);
        let all: Vec<u32> = (0..self.keys.len() as u32).collect();
        let keys: UInt32Array = lists.masks.iter().map(|&code| key_of(code)).collect();
        let mut columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(lists.times)),
            take(&self.keys.column(&all)?, &keys, None)?,
        ];
        if self.marked {
            let marks = lists.masks.iter().map(|&code| Some(is_marked(code)));
            columns.push(Arc::new(marks.collect::<BooleanArray>()));
        }
        let offsets = ending_at(&lists.ends);
        let lists = columns.into_iter().map(|values| list(values, &offsets));
        Ok(lists.collect())
    }

    /// Adds what [`KeyedEvents::state`] gave, perhaps in another process.
    ///
    /// # Errors
    ///
    /// As of [`KeyedEvents::update`].
    pub(super) fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        let groups = groups_of_elements(state[0].as_list::<i64>(), group_indices);
        let lists = state.iter().map(|lists| elements(lists.as_list::<i64>()));
        let elements: Vec<ArrayRef> = lists.collect();
        let ticks = elements[0].as_primitive::<Int64Type>().values();
        self.add(ticks, &elements[1], elements.get(2), &groups, None)
    }

    /// What [`KeyedEvents::state`] gives of rows that are a group each.
    ///
    /// # Errors
    ///
    /// An internal one when `times` holds no times.
    pub(super) fn row_states(
        &self,
        times: &ArrayRef,
        keys: &ArrayRef,
        marks: Option<&ArrayRef>,
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let counted = counted(filter, &[times]);
        let mut matters = match keys.logical_nulls() {
            Some(nulls) => nulls.into_inner(),
            None => BooleanBuffer::new_set(times.len()),
        };
        if let Some(marks) = marks {
            matters = &matters | &set(marks, None);
        }
        if let Some(counted) = counted {
            matters = &matters & counted.inner();
        }
        let offsets = OffsetBuffer::from_lengths(matters.iter().map(usize::from));
        let kept = BooleanArray::new(matters, None);
        let stored = cast(keys, &stored_type(keys.data_type()))?;
        let ticks: ArrayRef = Arc::new(Int64Array::new(ticks(times)?, None));
        let mut columns = vec![filter_rows(&ticks, &kept)?, filter_rows(&stored, &kept)?];
        if let Some(marks) = marks {
            let marks = BooleanArray::new(set(marks, None), None);
            columns.push(filter_rows(&marks, &kept)?);
        }
        let lists = columns.into_iter().map(|values| list(values, &offsets));
        Ok(lists.collect())
    }

    /// The events of the first `groups` groups.
    pub(super) fn ordered(&self, groups: usize) -> Result<Ordered> {
        let mut numbers: Vec<u32> = (0..self.keys.len() as u32).collect();
        numbers.sort_unstable_by_key(|&number| self.keys.bytes(number));
        let mut places = vec![0; numbers.len()];
        for (place, &number) in (0..).zip(&numbers) {
            places[number as usize] = place;
        }
        let place_of = |number: u32| places[number as usize];
        let renumbered = |old| code(key_of(old).map(place_of), is_marked(old));
        let keys = self.keys.column(&numbers)?;
        Ok(Ordered {
            events: self.log.sorted_as(groups, renumbered),
            keys: cast(&keys, &self.key_type)?,
        })
    }

    /// Forgets the first `groups` groups; the next one becomes number 0.
    pub(super) fn discard(&mut self, groups: usize) {
        self.log.discard(groups);
        if self.keys.len() > 2 * self.log.len() {
            let keys = self.keys.retain_used(self.log.masks().filter_map(key_of));
            let renamed = |old| code(key_of(old).map(|key| keys[key as usize]), is_marked(old));
            self.log.rename(renamed);
        }
    }

    /// Bytes on the heap, with those that it takes to sort the events.
    pub(super) fn heap_size(&self) -> usize {
        self.log.heap_size() + self.keys.heap_size()
    }
}

/// The rows of a BOOLEAN column that are true and that `counted` lets through.
fn set(marks: &ArrayRef, counted: Option<&NullBuffer>) -> BooleanBuffer {
    let marks = marks.as_boolean();
    let nulls = [marks.nulls(), counted].into_iter().flatten();
    nulls.fold(marks.values().clone(), |set, nulls| &set & nulls.inner())
}
