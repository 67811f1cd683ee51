//! The state of the functions that search for a pattern: the events of each group.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Int64Array};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;

use super::call::{TS, pattern};
use super::search::PatternSearch;
use super::sequence_match_events::SequenceMatchEvents;
use crate::constants::Constants;
use crate::events::{Events, Kept};
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::lists::result_lists;
use crate::math::events::{Event, Sorted};
use crate::math::sequence::Sequence;
use crate::times::time_column;

/// What of the occurrences of the pattern is the result.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted {
    /// Whether there is one.
    Any,
    /// How many there are.
    Count,
    /// The times of the first.
    Times,
}

impl Wanted {
    /// The type of the result, for times of type `times`.
    pub(super) fn result_type(self, times: &DataType) -> DataType {
        match self {
            Self::Any => DataType::Boolean,
            Self::Count => DataType::Int64,
            Self::Times => DataType::new_list(times.clone(), true),
        }
    }
}

/// The events of each group.
#[derive(Debug)]
pub(crate) struct SequenceState {
    events: Events,
    sequence: Sequence,
    wanted: Wanted,
    times: DataType,
}

impl SequenceState {
    /// # Errors
    ///
    /// A planning error for a pattern that is none.
    pub(super) fn new(fields: &[FieldRef], constants: &Constants, wanted: Wanted) -> Result<Self> {
        let times = fields[TS].data_type().clone();
        Ok(Self {
            events: Events::new(Kept::Matching),
            sequence: Sequence::new(pattern(constants, &times)?),
            wanted,
            times,
        })
    }
}

impl GroupedState for SequenceState {
    fn grow(&mut self, groups: usize) {
        self.events.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let (times, conditions) = (&values[TS], &values[TS + 1..]);
        self.events.update(times, conditions, group_indices, filter)
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        self.events.merge(state, group_indices)
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let sorted = self.events.sorted(groups);
        let sequence = &mut self.sequence;
        Ok(match self.wanted {
            Wanted::Any => {
                let found = of_each(&sorted, |events| sequence.occurs(events))?;
                Arc::new(BooleanArray::from(found))
            }
            Wanted::Count => {
                let counts = of_each(&sorted, |events| sequence.count(events).cast_signed())?;
                Arc::new(Int64Array::from(counts))
            }
            Wanted::Times => {
                let mut times = Vec::new();
                let lengths = of_each(&sorted, |events| {
                    let before = times.len();
                    sequence.for_each_time(events, |time| times.push(time));
                    times.len() - before
                })?;
                let times = time_column(times.into(), &self.times)?;
                result_lists(SequenceMatchEvents::FUNCTION, times, lengths, None)?
            }
        })
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(self.events.state(groups))
    }

    fn discard(&mut self, groups: usize) {
        self.events.discard(groups);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        self.events
            .row_states(&values[TS], &values[TS + 1..], filter)
    }

    fn groups(&self) -> usize {
        self.events.groups()
    }

    fn heap_size(&self) -> usize {
        // All events may be of one group.
        self.events.heap_size() + self.sequence.heap_size(self.events.len())
    }
}

/// What `result` gives of the events of each group.
fn of_each<T>(sorted: &Sorted, mut result: impl FnMut(&[Event]) -> T) -> Result<Vec<T>> {
    let results = sorted.groups().map(|events| {
        interrupt::check()?;
        Ok(result(events))
    });
    results.collect()
}

#[cfg(test)]
mod tests;
