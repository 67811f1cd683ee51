//! What the functions that look for something among order lines keep: the lines of each group.

use std::mem::size_of_val;

use datafusion::arrow::array::{ArrayRef, BooleanArray};
use datafusion::arrow::datatypes::Fields;
use datafusion::error::Result;

use super::lines::Lines;
use crate::grouped::GroupedState;

/// A search among lines.
pub(crate) trait LineSearch: Send + Sync + 'static {
    /// What the first `groups` groups hold: a list a group, of structs of `fields`.
    fn search(&self, lines: &mut Lines, fields: &Fields, groups: usize) -> Result<ArrayRef>;
}

/// The lines of each group, for a search.
pub(crate) struct SearchState<S> {
    search: S,
    /// The fields of what is found.
    fields: Fields,
    lines: Lines,
}

impl<S: LineSearch> SearchState<S> {
    pub(super) fn new(search: S, fields: Fields, lines: Lines) -> Self {
        Self {
            search,
            fields,
            lines,
        }
    }
}

impl<S: LineSearch> GroupedState for SearchState<S> {
    fn grow(&mut self, groups: usize) {
        self.lines.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        self.lines
            .add(&values[0], &values[1], group_indices, filter)
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        self.lines.merge(state, group_indices)
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        self.search.search(&mut self.lines, &self.fields, groups)
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        self.lines.state(groups)
    }

    fn discard(&mut self, groups: usize) {
        self.lines.discard(groups);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        Lines::row_states(&values[0], &values[1], filter)
    }

    fn groups(&self) -> usize {
        self.lines.groups()
    }

    fn heap_size(&self) -> usize {
        self.lines.heap_size() + size_of_val(self.fields.as_ref())
    }
}
