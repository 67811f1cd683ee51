//! Both kinds of accumulator from one state.
//!
//! A function implements [`GroupedState`] once, over flat vectors with an entry a group.
//! [`Groups`] makes of it the accumulator of `GROUP BY`, [`Whole`] the one of a query
//! without, and of windows.

use std::fmt;
use std::mem::size_of_val;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::{Accumulator, EmitTo, GroupsAccumulator};

/// The state of an aggregate function over any number of groups, numbered from 0.
pub(crate) trait GroupedState: Send + Sync + 'static {
    /// Makes it `groups` groups, of which the new ones have no rows yet.
    fn grow(&mut self, groups: usize);

    /// Adds rows: `group_indices[i]` is the group of row `i`, and `filter`, when given,
    /// is true for the rows that count.
    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()>;

    /// Adds rows that another such state gave by [`GroupedState::state`], perhaps in
    /// another process.
    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()>;

    /// The results of the first `groups` groups. Leaves what it means unchanged, so that
    /// a window that grows can ask again.
    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef>;

    /// The states of the first `groups` groups, a row a group.
    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>>;

    /// Forgets the first `groups` groups; the next one is number 0 from now on.
    fn discard(&mut self, groups: usize);

    /// What [`GroupedState::state`] would give if each row were a group of its own.
    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>>;

    /// How many groups there are.
    fn groups(&self) -> usize;

    /// Bytes on the heap.
    fn heap_size(&self) -> usize;
}

/// The accumulator of `GROUP BY`.
pub(crate) struct Groups<S>(pub(crate) S);

impl<S: GroupedState> Groups<S> {
    fn emitted(&self, emit_to: EmitTo) -> usize {
        match emit_to {
            EmitTo::All => self.0.groups(),
            EmitTo::First(groups) => groups,
        }
    }
}

impl<S: GroupedState> GroupsAccumulator for Groups<S> {
    fn update_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        opt_filter: Option<&BooleanArray>,
        total_num_groups: usize,
    ) -> Result<()> {
        self.0.grow(total_num_groups);
        self.0.update(values, group_indices, opt_filter)
    }

    fn evaluate(&mut self, emit_to: EmitTo) -> Result<ArrayRef> {
        let groups = self.emitted(emit_to);
        let result = self.0.evaluate(groups)?;
        self.0.discard(groups);
        Ok(result)
    }

    fn state(&mut self, emit_to: EmitTo) -> Result<Vec<ArrayRef>> {
        let groups = self.emitted(emit_to);
        let state = self.0.state(groups)?;
        self.0.discard(groups);
        Ok(state)
    }

    fn merge_batch(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        total_num_groups: usize,
    ) -> Result<()> {
        self.0.grow(total_num_groups);
        self.0.merge(values, group_indices)
    }

    fn convert_to_state(
        &self,
        values: &[ArrayRef],
        opt_filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        self.0.row_states(values, opt_filter)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.0.heap_size()
    }
}

/// The accumulator of a query without groups, and of windows: one group, number 0.
pub(crate) struct Whole<S> {
    state: S,
    /// As many zeros as the largest batch had rows.
    zeros: Vec<usize>,
}

impl<S: GroupedState> Whole<S> {
    pub(crate) fn new(mut state: S) -> Self {
        state.grow(1);
        Self {
            state,
            zeros: Vec::new(),
        }
    }
}

impl<S> fmt::Debug for Whole<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Whole").finish_non_exhaustive()
    }
}

/// `rows` zeros, in `zeros`, which keeps them for the next batch.
fn zeros(zeros: &mut Vec<usize>, rows: usize) -> &[usize] {
    if zeros.len() < rows {
        zeros.resize(rows, 0);
    }
    &zeros[..rows]
}

impl<S: GroupedState> Accumulator for Whole<S> {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let rows = values.first().map_or(0, |array| array.len());
        let group_indices = zeros(&mut self.zeros, rows);
        self.state.update(values, group_indices, None)
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        let result = self.state.evaluate(1)?;
        ScalarValue::try_from_array(&result, 0)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        let state = self.state.state(1)?;
        state
            .iter()
            .map(|array| ScalarValue::try_from_array(array, 0))
            .collect()
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let rows = states.first().map_or(0, |array| array.len());
        let group_indices = zeros(&mut self.zeros, rows);
        self.state.merge(states, group_indices)
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.state.heap_size() + self.zeros.capacity() * size_of::<usize>()
    }
}
