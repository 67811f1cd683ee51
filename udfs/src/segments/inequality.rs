//! All values of each group, and what they say of how unequal they are: the state of `gini` and
//! `top_share`.
//!
//! Both need every value in order, so all are kept: twelve bytes a value, and nothing for a
//! group. They are sorted at the end, a group at a time.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Float64Array};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type};
use datafusion::common::exec_err;
use datafusion::error::Result;

use crate::grouped::GroupedState;
use crate::interrupt;
use crate::lists::{elements, groups_of_elements, list_field, list_of};
use crate::math::inequality::{gini, top_share};
use crate::math::value_lists::ValueLists;
use crate::rows::{counted, for_each_counted};

/// After how many groups a look is taken whether the query goes on.
const GROUPS_AT_ONCE: usize = 4_096;

/// What is asked of the values.
#[derive(Debug, Clone, Copy)]
pub(super) enum Measure {
    Gini,
    /// The share of the top members, who are this fraction of all.
    TopShare(f64),
}

impl Measure {
    fn of(self, sorted: &[f64]) -> Option<f64> {
        match self {
            Self::Gini => gini(sorted),
            Self::TopShare(fraction) => top_share(sorted, fraction),
        }
    }
}

/// The values of each group.
pub(crate) struct Inequality {
    /// The function that errors name.
    function: &'static str,
    measure: Measure,
    values: ValueLists,
}

impl Inequality {
    pub(super) fn new(function: &'static str, measure: Measure) -> Self {
        Self {
            function,
            measure,
            values: ValueLists::default(),
        }
    }

    /// The columns of the state.
    pub(super) fn fields() -> Vec<Field> {
        vec![list_field("values", DataType::Float64)]
    }

    /// Calls `each` with the row and the value of every row that counts.
    fn for_each_value(
        &self,
        values: &ArrayRef,
        filter: Option<&BooleanArray>,
        mut each: impl FnMut(usize, f64),
    ) -> Result<()> {
        let counted = counted(filter, &[values]);
        let numbers = values.as_primitive::<Float64Type>().values();
        let mut wrong = None;
        for_each_counted(numbers.len(), counted.as_ref(), |row| {
            let number = numbers[row];
            if !number.is_finite() || number < 0.0 {
                wrong = Some(number);
            }
            each(row, number);
        });
        match wrong {
            None => Ok(()),
            Some(number) => exec_err!(
                "{}: values must be finite and not negative, got {number}",
                self.function
            ),
        }
    }

    fn check_groups(&self) -> Result<()> {
        match u32::try_from(self.values.len()) {
            Ok(_) => Ok(()),
            Err(_) => exec_err!("{}: more than {} groups", self.function, u32::MAX),
        }
    }
}

impl GroupedState for Inequality {
    fn grow(&mut self, groups: usize) {
        self.values.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        self.check_groups()?;
        let mut kept = std::mem::take(&mut self.values);
        let result = self.for_each_value(&values[0], filter, |row, value| {
            kept.add(group_indices[row], value);
        });
        self.values = kept;
        result
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        self.check_groups()?;
        let lists = state[0].as_list::<i64>();
        let owners = groups_of_elements(lists, group_indices);
        let values = elements(lists);
        let values = values.as_primitive::<Float64Type>().values();
        for (owner, value) in owners.into_iter().zip(values) {
            self.values.add(owner, *value);
        }
        Ok(())
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let (ends, mut values) = self.values.by_group(groups);
        let mut results = Vec::with_capacity(groups);
        let mut start = 0;
        for (group, end) in ends.into_iter().enumerate() {
            if group.is_multiple_of(GROUPS_AT_ONCE) {
                interrupt::check()?;
            }
            let values = &mut values[start..end];
            values.sort_unstable_by(f64::total_cmp);
            results.push(self.measure.of(values));
            start = end;
        }
        Ok(Arc::new(Float64Array::from(results)))
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let (ends, values) = self.values.by_group(groups);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let lengths = ends.iter().zip(starts).map(|(end, start)| end - start);
        Ok(vec![list_of(Arc::new(Float64Array::from(values)), lengths)])
    }

    fn discard(&mut self, groups: usize) {
        self.values.discard(groups);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut kept = Vec::with_capacity(values[0].len());
        let mut lengths = vec![0; values[0].len()];
        self.for_each_value(&values[0], filter, |row, value| {
            kept.push(value);
            lengths[row] = 1;
        })?;
        Ok(vec![list_of(Arc::new(Float64Array::from(kept)), lengths)])
    }

    fn groups(&self) -> usize {
        self.values.len()
    }

    fn heap_size(&self) -> usize {
        self.values.heap_size()
    }
}

#[cfg(test)]
mod tests;
