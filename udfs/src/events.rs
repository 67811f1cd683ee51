//! The rows of an aggregate of events as flat state: the times of each group, and which of the
//! conditions `c1` to `c32` held.
//!
//! A NULL condition is false, and a row without a time is skipped. Rows on which no condition
//! holds are dropped, unless they matter.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, UInt32Array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Int64Type, UInt32Type};
use datafusion::common::exec_err;
use datafusion::error::Result;

use crate::lists::{ending_at, list, list_field};
use crate::math::events::{EventLog, Lists, Sorted};
use crate::rows::counted;
use crate::times::ticks;

/// Which rows are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// Those on which some condition holds.
    Matching,
    /// All that have a time.
    All,
}

/// The events of many groups.
#[derive(Debug)]
pub(crate) struct Events {
    kept: Kept,
    log: EventLog,
    /// The masks of the last batch, for their memory.
    masks: Vec<u32>,
}

impl Events {
    pub(crate) fn new(kept: Kept) -> Self {
        Self {
            kept,
            log: EventLog::default(),
            masks: Vec::new(),
        }
    }

    /// Makes it `groups` groups, the new ones without events.
    pub(crate) fn grow(&mut self, groups: usize) {
        self.log.grow(groups);
    }

    /// How many groups there are.
    pub(crate) fn groups(&self) -> usize {
        self.log.groups()
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.log.len()
    }

    /// Adds a batch of rows: row `i` is of group `group_indices[i]` and counts if `filter`, when
    /// given, is true for it.
    ///
    /// # Errors
    ///
    /// An execution error beyond four billion groups.
    pub(crate) fn update(
        &mut self,
        times: &ArrayRef,
        conditions: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        check_groups(&self.log)?;
        let counted = counted(filter, &[times]);
        let ticks = ticks(times)?;
        fill_masks(&mut self.masks, conditions, counted.as_ref(), times.len());
        let (masks, log) = (&self.masks, &mut self.log);
        match (self.kept, counted) {
            (Kept::Matching, _) => log.extend(group_indices, masks, &ticks, |_, mask| mask != 0),
            (Kept::All, None) => log.extend(group_indices, masks, &ticks, |_, _| true),
            (Kept::All, Some(counted)) => {
                let keep = |row, _| counted.is_valid(row);
                log.extend(group_indices, masks, &ticks, keep);
            }
        }
        Ok(())
    }

    /// The fields of [`Events::state`].
    pub(crate) fn state_fields() -> Vec<Field> {
        vec![
            list_field("times", DataType::Int64),
            list_field("masks", DataType::UInt32),
        ]
    }

    /// The times and the masks of the first `groups` groups, a list a group.
    pub(crate) fn state(&self, groups: usize) -> Vec<ArrayRef> {
        lists(self.log.lists(groups))
    }

    /// Adds what [`Events::state`] gave, perhaps in another process.
    ///
    /// # Errors
    ///
    /// An execution error beyond four billion groups.
    pub(crate) fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        check_groups(&self.log)?;
        let [times, masks] = [0, 1].map(|part| state[part].as_list::<i64>());
        let all_times = times.values().as_primitive::<Int64Type>().values();
        let all_masks = masks.values().as_primitive::<UInt32Type>().values();
        let rows = times.value_offsets().windows(2);
        let rows = rows.zip(masks.value_offsets().windows(2));
        for (&group, (times, masks)) in group_indices.iter().zip(rows) {
            let times = &all_times[times[0] as usize..times[1] as usize];
            let masks = &all_masks[masks[0] as usize..masks[1] as usize];
            self.log.append(group, masks, times);
        }
        Ok(())
    }

    /// What [`Events::state`] gives of rows that are a group each.
    ///
    /// # Errors
    ///
    /// An internal one when `times` holds no times.
    pub(crate) fn row_states(
        &self,
        times: &ArrayRef,
        conditions: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = times.len();
        let counted = counted(filter, &[times]);
        let ticks = ticks(times)?;
        let masks = masks_of(conditions, counted.as_ref(), rows);
        let is_kept = |row: usize| match self.kept {
            Kept::Matching => masks[row] != 0,
            Kept::All => counted.as_ref().is_none_or(|counted| counted.is_valid(row)),
        };
        let mut found = Lists::with_capacity(rows);
        for row in 0..rows {
            if is_kept(row) {
                found.times.push(ticks[row]);
                found.masks.push(masks[row]);
            }
            found.ends.push(found.times.len());
        }
        Ok(lists(found))
    }

    /// The masks of the batch that was added last, one a row, 0 for one that does not count.
    pub(crate) fn masks(&self) -> &[u32] {
        &self.masks
    }

    /// The events of the first `groups` groups, each group's by time, those at the same time by
    /// mask.
    pub(crate) fn sorted(&self, groups: usize) -> Sorted {
        self.log.sorted(groups)
    }

    /// Forgets the first `groups` groups; the next one becomes number 0.
    pub(crate) fn discard(&mut self, groups: usize) {
        self.log.discard(groups);
    }

    /// Bytes on the heap, with those that it takes to sort the events.
    pub(crate) fn heap_size(&self) -> usize {
        self.log.heap_size() + self.masks.capacity() * size_of::<u32>()
    }
}

/// Fails where a log has groups whose numbers its events cannot hold.
pub(crate) fn check_groups(log: &EventLog) -> Result<()> {
    if u32::try_from(log.groups()).is_err() {
        return exec_err!("more than {} groups of events", u32::MAX);
    }
    Ok(())
}

/// The masks of a batch: bit k is set where `counted` lets the row through and condition k is true.
pub(crate) fn masks_of(
    conditions: &[ArrayRef],
    counted: Option<&NullBuffer>,
    rows: usize,
) -> Vec<u32> {
    let mut masks = Vec::new();
    fill_masks(&mut masks, conditions, counted, rows);
    masks
}

/// Makes `masks` those of a batch.
pub(crate) fn fill_masks(
    masks: &mut Vec<u32>,
    conditions: &[ArrayRef],
    counted: Option<&NullBuffer>,
    rows: usize,
) {
    masks.clear();
    masks.resize(rows, 0);
    for (bit, condition) in conditions.iter().enumerate() {
        let condition = condition.as_boolean();
        let nulls = [condition.nulls(), counted].into_iter().flatten();
        let holds = nulls.fold(condition.values().clone(), |holds, nulls| {
            &holds & nulls.inner()
        });
        for row in holds.set_indices() {
            masks[row] |= 1 << bit;
        }
    }
}

fn lists(lists: Lists) -> Vec<ArrayRef> {
    let offsets = ending_at(&lists.ends);
    let columns: [ArrayRef; 2] = [
        Arc::new(Int64Array::from(lists.times)),
        Arc::new(UInt32Array::from(lists.masks)),
    ];
    columns.map(|values| list(values, &offsets)).to_vec()
}
