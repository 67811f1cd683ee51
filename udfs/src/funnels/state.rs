//! The state of funnels: the events of each group, and the search among them.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Int32Array, ListArray};
use datafusion::arrow::buffer::{NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;

use super::call::Call;
use crate::events::{Events, times_of};
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::math::funnel::Funnel;

/// Where the time stands among the arguments; the conditions follow it.
pub(super) const TS: usize = 2;

/// What of the deepest chain is the result.
#[derive(Debug)]
pub(super) enum Wanted {
    /// How many steps it has.
    Depth,
    /// Its times, of this type.
    Times(DataType),
}

/// The events of each group.
#[derive(Debug)]
pub(crate) struct FunnelState {
    events: Events,
    funnel: Funnel,
    wanted: Wanted,
}

impl FunnelState {
    pub(super) fn new(call: Call, steps: usize, wanted: Wanted) -> Self {
        Self {
            events: Events::new(call.kept()),
            funnel: call.funnel(steps, matches!(wanted, Wanted::Times(_))),
            wanted,
        }
    }
}

impl GroupedState for FunnelState {
    fn grow(&mut self, groups: usize) {
        self.events.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        self.events
            .update(&values[TS], &values[TS + 1..], group_indices, filter)
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        self.events.merge(state, group_indices)
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let sorted = self.events.sorted(groups);
        match &self.wanted {
            Wanted::Depth => {
                let mut depths = Vec::with_capacity(groups);
                for events in sorted.groups() {
                    interrupt::check()?;
                    depths.push(self.funnel.depth(events) as i32);
                }
                Ok(Arc::new(Int32Array::from(depths)))
            }
            Wanted::Times(data_type) => {
                let mut chains = ChainTimes::default();
                for events in sorted.groups() {
                    interrupt::check()?;
                    chains.push(self.funnel.times(events, &[]))?;
                }
                chains.finish(data_type, None)
            }
        }
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
        self.events.heap_size() + self.funnel.heap_size()
    }
}

/// The type of a list of times of type `data_type`.
pub(super) fn times_type(data_type: &DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(data_type.clone(), true)))
}

/// The times of chains, as they become a column.
#[derive(Debug, Default)]
pub(super) struct ChainTimes {
    times: Vec<i64>,
    ends: Vec<i32>,
}

impl ChainTimes {
    pub(super) fn push(&mut self, times: &[i64]) -> Result<()> {
        self.times.extend_from_slice(times);
        let end = i32::try_from(self.times.len()).map_err(|_| {
            exec_datafusion_err!("the times of chains are more than a list column can hold")
        })?;
        self.ends.push(end);
        Ok(())
    }

    pub(super) fn finish(
        self,
        data_type: &DataType,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef> {
        let mut offsets = vec![0];
        offsets.extend(self.ends);
        let item = Arc::new(Field::new_list_field(data_type.clone(), true));
        let times = times_of(self.times, data_type)?;
        let offsets = OffsetBuffer::new(offsets.into());
        Ok(Arc::new(ListArray::try_new(item, offsets, times, nulls)?))
    }
}
