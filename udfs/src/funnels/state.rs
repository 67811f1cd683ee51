//! The state of funnels: the events of each group, and the search among them.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Int32Array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;

use super::call::Call;
use super::window_funnel_events::NAME;
use crate::events::Events;
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::lists::result_lists;
use crate::math::funnel::Funnel;
use crate::times::time_column;

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
                    chains.push(self.funnel.times(events, &[]));
                }
                chains.finish(NAME, data_type, None)
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

/// The times of chains, as they become a column.
#[derive(Debug, Default)]
pub(super) struct ChainTimes {
    times: Vec<i64>,
    lengths: Vec<usize>,
}

impl ChainTimes {
    pub(super) fn push(&mut self, times: &[i64]) {
        self.times.extend_from_slice(times);
        self.lengths.push(times.len());
    }

    /// Lists of times of type `data_type`, as the result of `function`.
    pub(super) fn finish(
        self,
        function: &str,
        data_type: &DataType,
        nulls: Option<NullBuffer>,
    ) -> Result<ArrayRef> {
        let times = time_column(self.times.into(), data_type)?;
        result_lists(function, times, self.lengths, nulls)
    }
}
