//! The state of `funnel_chain`: events, rows that are excluded, and rows of step 1.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, StructArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::error::Result;

use super::starts::Starts;
use super::{NAME, result_fields};
use crate::events::{Events, Kept, masks_of};
use crate::funnels::call::Call;
use crate::funnels::state::{ChainTimes, TS};
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::math::funnel::Funnel;
use crate::rows::counted;
use crate::times::ticks;

/// Where arguments stand.
const EXCLUDE: usize = TS + 1;
pub(super) const BY: usize = TS + 2;
pub(super) const CONDITIONS: usize = TS + 3;

/// What is kept of each group.
#[derive(Debug)]
pub(crate) struct FunnelChainState {
    events: Events,
    /// The rows that are excluded, each with a mask of one bit.
    excluded: Events,
    starts: Starts,
    funnel: Funnel,
    times: DataType,
    by: DataType,
}

impl FunnelChainState {
    pub(super) fn new(call: Call, steps: usize, times: &DataType, by: &DataType) -> Result<Self> {
        Ok(Self {
            events: Events::new(call.kept()),
            excluded: Events::new(Kept::Matching),
            starts: Starts::new(by)?,
            funnel: call.funnel(steps, true),
            times: times.clone(),
            by: by.clone(),
        })
    }
}

/// The fields of the state: those of the events, of what is excluded, and of step 1.
pub(super) fn state_fields(by: &DataType) -> Vec<Field> {
    let excluded = Events::state_fields().into_iter().map(|field| {
        let name = format!("excluded_{}", field.name());
        field.with_name(name)
    });
    let mut fields = Events::state_fields();
    fields.extend(excluded);
    fields.extend(Starts::state_fields(by));
    fields
}

impl GroupedState for FunnelChainState {
    fn grow(&mut self, groups: usize) {
        self.events.grow(groups);
        self.excluded.grow(groups);
        self.starts.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let times = &values[TS];
        let conditions = &values[CONDITIONS..];
        self.events
            .update(times, conditions, group_indices, filter)?;
        self.excluded
            .update(times, &values[EXCLUDE..BY], group_indices, filter)?;
        let ticks = ticks(times)?;
        self.starts
            .update(&ticks, self.events.masks(), &values[BY], group_indices)
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        self.events.merge(&state[..2], group_indices)?;
        self.excluded.merge(&state[2..4], group_indices)?;
        self.starts.merge(&state[4..], group_indices)
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let events = self.events.sorted(groups);
        let excluded = self.excluded.sorted(groups);
        let starts = self.starts.sorted(groups);
        let mut chains = ChainTimes::default();
        let mut by = Vec::with_capacity(groups);
        let mut found = Vec::with_capacity(groups);
        let groups = events.groups().zip(excluded.groups()).zip(starts.groups());
        for ((events, excluded), starts) in groups {
            interrupt::check()?;
            let chain = self.funnel.times(events, excluded);
            let first = chain.first();
            by.push(first.and_then(|&first| self.starts.least(starts, first)));
            found.push(first.is_some());
            chains.push(chain);
        }
        let fields = result_fields(&self.times, &self.by);
        let nulls = NullBuffer::from(found);
        let times = chains.finish(NAME, &self.times, Some(nulls.clone()))?;
        let columns = vec![self.starts.values(&by)?, times];
        let chains = StructArray::try_new(fields, columns, Some(nulls))?;
        Ok(Arc::new(chains))
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let mut state = self.events.state(groups);
        state.extend(self.excluded.state(groups));
        state.extend(self.starts.state(groups)?);
        Ok(state)
    }

    fn discard(&mut self, groups: usize) {
        self.events.discard(groups);
        self.excluded.discard(groups);
        self.starts.discard(groups);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let times = &values[TS];
        let conditions = &values[CONDITIONS..];
        let mut state = self.events.row_states(times, conditions, filter)?;
        let excluded = &values[EXCLUDE..BY];
        state.extend(self.excluded.row_states(times, excluded, filter)?);
        let counted = counted(filter, &[times]);
        let masks = masks_of(&conditions[..1], counted.as_ref(), times.len());
        let ticks = ticks(times)?;
        state.extend(self.starts.row_states(&ticks, &masks, &values[BY])?);
        Ok(state)
    }

    fn groups(&self) -> usize {
        self.events.groups()
    }

    fn heap_size(&self) -> usize {
        let logs = self.events.heap_size() + self.excluded.heap_size();
        logs + self.starts.heap_size() + self.funnel.heap_size()
    }
}
