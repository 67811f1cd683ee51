//! `active_periods(ts, unit [, tz])`: the calendar periods in which somebody was active.
//!
//! Definition: the periods of the calendar that hold at least one time, as distances from
//! the first of them: period 0 is the first, period k begins k units after it.
//!
//! - `ts`, DATE or TIMESTAMP of any unit, with or without a zone. NULLs are skipped.
//! - `unit`, constant: `'day'`, `'week'` (from Monday), `'month'`, `'quarter'` or `'year'`.
//! - `tz`, the constant IANA name of the zone whose calendar counts, as in `cohort_month`.
//!
//! Result: STRUCT(first DATE, offsets LIST of INT): the first day of the first period, and
//! the distances from the least, 0, up; NULL when there is no time. State: a bitmap of 64
//! periods and its base, twelve bytes a group, and sixteen bytes for each period that lies
//! further from the others. Cost: a lookup of the calendar for each change of the day.
//! Errors: an unknown unit or zone, at planning; a time beyond the calendar or
//! periods further apart than an INT counts, at execution.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Date32Array, Int32Array, Int64Array, StructArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Int32Type, Int64Type};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::units::unit_of_call;
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::grouped::GroupedState;
use crate::lists::{list_field, list_of, result_lists};
use crate::math::active::NumberSets;
use crate::math::periods::Unit;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::rows::counted;
use crate::times::{Clock, for_each_in_calendar, named_zone};

const NAME: &str = "active_periods";

/// The periods with activity.
#[user_doc(
    doc_section(label = "Cohorts and retention"),
    description = "The calendar periods in which there is at least one time, as distances from the first of them. Returns STRUCT(first DATE, offsets LIST of INT): the first day of the first period, and the periods with activity, counted from it, in order; NULL when there is no time.",
    syntax_example = "active_periods(ts, unit [, tz])",
    sql_example = "```sql
SELECT customer, active_periods(ts, 'month') AS active
FROM (VALUES ('ada', DATE '2024-01-09'), ('ada', DATE '2024-01-29'), ('ada', DATE '2024-04-01'))
  AS orders(customer, ts)
GROUP BY customer;
+----------+--------------------------------------+
| customer | active                               |
+----------+--------------------------------------+
| ada      | {first: 2024-01-01, offsets: [0, 3]} |
+----------+--------------------------------------+
```",
    argument(
        name = "ts",
        description = "When something happened: DATE or TIMESTAMP, with or without a zone. NULLs are skipped."
    ),
    argument(
        name = "unit",
        description = "The constant length of a period: `'day'`, `'week'` (from Monday), `'month'`, `'quarter'` or `'year'`."
    ),
    argument(
        name = "tz",
        description = "The constant IANA name of the time zone whose calendar counts, such as `'Europe/Berlin'`. Default: the zone of the timestamps themselves, else the session's `datafusion.execution.time_zone`, else UTC."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct ActivePeriods;

impl Described for ActivePeriods {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("ts", Kind::Time),
        Parameter::required("unit", Kind::ConstantText),
        Parameter::optional("tz", Kind::TimeZone),
    ];

    fn check(constants: &Constants) -> Result<()> {
        unit_of_call(constants)?;
        named_zone(constants, "tz").map(drop)
    }
}

fn result_fields() -> Fields {
    Fields::from(vec![
        Field::new("first", DataType::Date32, true),
        Field::new_list(
            "offsets",
            Field::new_list_field(DataType::Int32, true),
            true,
        ),
    ])
}

impl Aggregating for ActivePeriods {
    const NAME: &'static str = NAME;

    type State = ActivePeriodsState;

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Struct(result_fields()))
    }

    fn state_fields(_fields: &[FieldRef]) -> Vec<Field> {
        vec![
            Field::new("base", DataType::Int32, false),
            Field::new("bits", DataType::Int64, false),
            list_field("far", DataType::Int32),
        ]
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<ActivePeriodsState> {
        Ok(ActivePeriodsState {
            clock: Clock::new(fields[0].data_type(), constants, "tz")?,
            unit: unit_of_call(constants)?,
            periods: NumberSets::default(),
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The numbers of the periods of each group.
pub(crate) struct ActivePeriodsState {
    clock: Clock,
    unit: Unit,
    periods: NumberSets,
}

impl ActivePeriodsState {
    /// How many periods lie between two.
    fn distance(&self, first: i32, number: i32) -> Result<i32> {
        number.checked_sub(first).ok_or_else(|| {
            let (periods, unit) = (i64::from(number) - i64::from(first), self.unit.name());
            exec_datafusion_err!("{NAME}: {periods} {unit}s do not fit INT")
        })
    }

    /// Calls `each` with the row and the number of the period of every time that counts.
    fn for_each_period(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
        mut each: impl FnMut(usize, i32),
    ) -> Result<()> {
        let counted = counted(filter, &[&values[0]]);
        let (mut last_day, mut last_period) = (i64::MIN, 0);
        for_each_in_calendar(NAME, &values[0], counted.as_ref(), |row, time| {
            let day = self.clock.day(time)?;
            if day != last_day {
                last_period = i32::try_from(self.unit.ordinal(day)).ok()?;
                last_day = day;
            }
            each(row, last_period);
            Some(())
        })
    }
}

impl GroupedState for ActivePeriodsState {
    fn grow(&mut self, groups: usize) {
        self.periods.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let mut periods = std::mem::take(&mut self.periods);
        let result = self.for_each_period(values, filter, |row, period| {
            periods.add(group_indices[row], period);
        });
        self.periods = periods;
        result
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        let bases = state[0].as_primitive::<Int32Type>();
        let bits = state[1].as_primitive::<Int64Type>();
        let far = state[2].as_list::<i64>();
        for (row, group) in group_indices.iter().enumerate() {
            let bits = bits.value(row).cast_unsigned();
            self.periods.add_many(*group, bases.value(row), bits);
            if far.is_valid(row) && far.value_length(row) > 0 {
                let numbers = far.value(row);
                for number in numbers.as_primitive::<Int32Type>().values() {
                    self.periods.add_far(*group, *number);
                }
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let mut firsts = Vec::with_capacity(groups);
        let mut valid = Vec::with_capacity(groups);
        let mut lengths = Vec::with_capacity(groups);
        let mut offsets: Vec<i32> = Vec::with_capacity(groups);
        for numbers in self.periods.sorted(groups) {
            let first = numbers.first().copied();
            valid.push(first.is_some());
            let first = first.unwrap_or_default();
            let day = self.unit.start(i64::from(first));
            firsts.push(i32::try_from(day).map_err(|_| {
                exec_datafusion_err!("{NAME}: period {first} is beyond the calendar")
            })?);
            lengths.push(numbers.len());
            for number in numbers {
                offsets.push(self.distance(first, number)?);
            }
        }
        let nulls = NullBuffer::from(valid);
        let offsets = Arc::new(Int32Array::from(offsets));
        let list = result_lists(NAME, offsets, lengths, Some(nulls.clone()))?;
        let firsts = Date32Array::new(firsts.into(), Some(nulls.clone()));
        let columns: Vec<ArrayRef> = vec![Arc::new(firsts), list];
        let result = StructArray::try_new(result_fields(), columns, Some(nulls))?;
        Ok(Arc::new(result))
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let (bases, bits) = self.periods.compact(groups);
        let bits: Int64Array = bits.iter().map(|bits| Some(bits.cast_signed())).collect();
        let bases = Int32Array::from(bases.to_vec());
        let far = self.periods.far_of(groups);
        let mut lengths = vec![0; groups];
        for (group, _) in &far {
            lengths[*group] += 1;
        }
        let numbers: Int32Array = far.iter().map(|(_, number)| Some(*number)).collect();
        Ok(vec![
            Arc::new(bases),
            Arc::new(bits),
            list_of(Arc::new(numbers), lengths),
        ])
    }

    fn discard(&mut self, groups: usize) {
        self.periods.discard(groups);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let mut bases = vec![0; rows];
        let mut bits = vec![0_i64; rows];
        self.for_each_period(values, filter, |row, period| {
            bases[row] = period;
            bits[row] = 1;
        })?;
        let none = Int32Array::from(Vec::<i32>::new());
        Ok(vec![
            Arc::new(Int32Array::from(bases)),
            Arc::new(Int64Array::from(bits)),
            list_of(Arc::new(none), vec![0; rows]),
        ])
    }

    fn groups(&self) -> usize {
        self.periods.len()
    }

    fn heap_size(&self) -> usize {
        self.periods.heap_size()
    }
}

#[cfg(test)]
mod tests;
