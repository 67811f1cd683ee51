//! The calendar period in which each group's earliest time falls: what `cohort_month` and
//! `cohort` keep of the rows.
//!
//! State: the earliest time, nine bytes a group, in the unit in which it came; the calendar is
//! consulted once a group, at the end.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, BooleanArray, Date32Array, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field};
use datafusion::error::Result;

use crate::constants::Constants;
use crate::grouped::GroupedState;
use crate::math::earliest::Earliest;
use crate::math::periods::Unit;
use crate::rows::{counted, with_nulls};
use crate::times::{Clock, beyond_calendar, for_each_time, time_column};

/// The period of the earliest time of each group.
pub(crate) struct FirstPeriods {
    /// The function that errors name.
    function: &'static str,
    clock: Clock,
    unit: Unit,
    data_type: DataType,
    earliest: Earliest,
}

impl FirstPeriods {
    /// No groups yet, of times of `data_type`; the zone is the constant `tz`.
    pub(super) fn new(
        function: &'static str,
        data_type: &DataType,
        unit: Unit,
        constants: &Constants,
    ) -> Result<Self> {
        Ok(Self {
            function,
            clock: Clock::new(data_type, constants, "tz")?,
            unit,
            data_type: data_type.clone(),
            earliest: Earliest::default(),
        })
    }

    /// The columns of the state.
    pub(super) fn fields(data_type: &DataType) -> Vec<Field> {
        vec![Field::new("earliest", data_type.clone(), true)]
    }

    fn period_start(&self, time: i64) -> Result<i32> {
        let start = self.clock.day(time).map(|day| self.unit.start_of(day));
        start
            .and_then(|start| i32::try_from(start).ok())
            .ok_or_else(|| beyond_calendar(self.function, time))
    }
}

impl GroupedState for FirstPeriods {
    fn grow(&mut self, groups: usize) {
        self.earliest.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let counted = counted(filter, &[&values[0]]);
        let earliest = &mut self.earliest;
        for_each_time(&values[0], counted.as_ref(), |row, time| {
            earliest.add(group_indices[row], time);
        })
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        self.update(&state[..1], group_indices, None)
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let starts = self
            .earliest
            .first(groups)
            .map(|time| time.map(|time| self.period_start(time)).transpose());
        Ok(Arc::new(starts.collect::<Result<Date32Array>>()?))
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let times: Int64Array = self.earliest.first(groups).collect();
        Ok(vec![time_column(times, &self.data_type)?])
    }

    fn discard(&mut self, groups: usize) {
        self.earliest.discard(groups);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let counted = counted(filter, &[&values[0]]);
        Ok(vec![with_nulls(&values[0], counted)?])
    }

    fn groups(&self) -> usize {
        self.earliest.len()
    }

    fn heap_size(&self) -> usize {
        self.earliest.heap_size()
    }
}

#[cfg(test)]
mod tests;
