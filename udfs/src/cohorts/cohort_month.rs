//! `cohort_month(ts [, tz])`: the calendar month in which a customer first came.
//!
//! Definition: the first day of the calendar month that holds `min(ts)`.
//!
//! - `ts`, DATE or TIMESTAMP of any unit, with or without a zone. NULLs are skipped.
//! - `tz`, the constant IANA name of the zone whose calendar counts. Default: the zone of
//!   the timestamps themselves, else the session's `datafusion.execution.time_zone`, else
//!   UTC. A timestamp without a zone is an instant in UTC. A DATE is a calendar day,
//!   which no zone shifts.
//!
//! Result: DATE; NULL when there is no time. State: the earliest time, nine bytes a
//! group; the calendar is consulted once a group, at the end. Cost: that of `min(ts)`.
//! Errors: a zone that does not exist, at planning; a time some 262,000 years away in a
//! named zone, at execution. As a window function it takes frames that begin with the
//! partition.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, Date32Array, Int64Array, make_array,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::grouped::GroupedState;
use crate::math::calendar::month_start;
use crate::math::earliest::Earliest;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::rows::counted;
use crate::times::{Clock, for_each_time, named_zone};

const NAME: &str = "cohort_month";

/// The month of the first event.
#[user_doc(
    doc_section(label = "Cohorts and retention"),
    description = "The first day of the calendar month in which the earliest time falls: the cohort of a customer who first came then. With `OVER (PARTITION BY customer)` every row gets its customer's cohort. Returns a DATE, NULL when there is no time. A DATE is a calendar day and is never shifted by a zone; a TIMESTAMP without a zone is an instant in UTC.",
    syntax_example = "cohort_month(ts [, tz])",
    alternative_syntax = "cohort_month(ts [, tz]) OVER (PARTITION BY customer)",
    sql_example = "```sql
SELECT customer, cohort_month(ts) AS cohort
FROM (VALUES ('ada', DATE '2024-03-09'), ('ada', DATE '2024-02-29'), ('bob', DATE '2024-03-01'))
  AS orders(customer, ts)
GROUP BY customer
ORDER BY customer;
+----------+------------+
| customer | cohort     |
+----------+------------+
| ada      | 2024-02-01 |
| bob      | 2024-03-01 |
+----------+------------+
```",
    argument(
        name = "ts",
        description = "When something happened: DATE or TIMESTAMP, with or without a zone. NULLs are skipped."
    ),
    argument(
        name = "tz",
        description = "The constant IANA name of the time zone whose calendar counts, such as `'Europe/Berlin'`. Default: the zone of the timestamps themselves, else the session's `datafusion.execution.time_zone`, else UTC."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct CohortMonth;

impl Described for CohortMonth {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("ts", Kind::Time),
        Parameter::optional("tz", Kind::TimeZone),
    ];

    fn check(constants: &Constants) -> Result<()> {
        named_zone(constants, "tz").map(drop)
    }
}

impl Aggregating for CohortMonth {
    const NAME: &'static str = NAME;

    type State = CohortMonthState;

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Date32)
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        vec![Field::new("earliest", fields[0].data_type().clone(), true)]
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<CohortMonthState> {
        let data_type = fields[0].data_type();
        Ok(CohortMonthState {
            clock: Clock::new(data_type, constants, "tz")?,
            data_type: data_type.clone(),
            earliest: Earliest::default(),
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The earliest time of each group, in the unit in which it came.
pub(crate) struct CohortMonthState {
    clock: Clock,
    data_type: DataType,
    earliest: Earliest,
}

impl GroupedState for CohortMonthState {
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
        let clock = self.clock;
        let months = self.earliest.first(groups).map(|time| {
            time.map(|time| {
                clock
                    .day(time)
                    .and_then(|day| i32::try_from(month_start(day)).ok())
                    .ok_or_else(|| {
                        exec_datafusion_err!("{NAME}: the time {time} is beyond the calendar")
                    })
            })
            .transpose()
        });
        Ok(Arc::new(months.collect::<Result<Date32Array>>()?))
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let numbers: Int64Array = self.earliest.first(groups).collect();
        let times = match self.data_type {
            DataType::Date32 => cast(&cast(&numbers, &DataType::Int32)?, &DataType::Date32)?,
            _ => cast(&numbers, &self.data_type)?,
        };
        Ok(vec![times])
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
        let times = values[0].to_data().into_builder().nulls(counted).build()?;
        Ok(vec![make_array(times)])
    }

    fn groups(&self) -> usize {
        self.earliest.len()
    }

    fn heap_size(&self) -> usize {
        self.earliest.heap_size()
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Datelike, Offset, TimeZone};
    use datafusion::arrow::array::TimestampMicrosecondArray;
    use datafusion::arrow::datatypes::TimeUnit;
    use datafusion::common::ScalarValue;
    use datafusion::logical_expr::AggregateUDF;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::aggregate::Aggregate;
    use crate::testing::{Argument, Case};

    const GROUPS: usize = 9;

    /// Times of any unit from 1901 to 2099, some NULL, of random groups and under a
    /// random filter, against a scan of each group that asks chrono for the month.
    #[test]
    fn any_split_equals_one_pass() {
        let zones = [
            None,
            Some("UTC"),
            Some("Europe/Berlin"),
            Some("America/New_York"),
        ];
        let units = [
            TimeUnit::Second,
            TimeUnit::Millisecond,
            TimeUnit::Microsecond,
            TimeUnit::Nanosecond,
        ];
        for seed in 0..24 {
            let rng = &mut StdRng::seed_from_u64(seed);
            let rows = rng.random_range(0..200);
            let zone = zones[rng.random_range(0..zones.len())];
            let unit = units[rng.random_range(0..units.len())];
            let seconds: Vec<Option<i64>> = (0..rows)
                .map(|_| {
                    rng.random_bool(0.9)
                        .then(|| rng.random_range(-2_177_452_800..4_102_444_800))
                })
                .collect();
            let groups: Vec<usize> = (0..rows).map(|_| rng.random_range(0..GROUPS)).collect();
            let filter: Option<BooleanArray> = rng.random_bool(0.5).then(|| {
                (0..rows)
                    .map(|_| rng.random_bool(0.9).then(|| rng.random_bool(0.5)))
                    .collect()
            });
            let expected = brute_force(&seconds, &groups, filter.as_ref(), zone);
            let micros: TimestampMicrosecondArray =
                seconds.iter().map(|s| s.map(|s| s * 1_000_000)).collect();
            let times = cast(&micros, &DataType::Timestamp(unit, None)).unwrap();
            let case = Case {
                function: Arc::new(AggregateUDF::from(Aggregate::new(CohortMonth))),
                arguments: vec![
                    Argument::Column(times),
                    Argument::Constant(ScalarValue::Utf8(zone.map(str::to_owned))),
                ],
                groups,
                filter,
            };
            case.assert_every_route(&expected, seed);
        }
    }

    fn brute_force(
        seconds: &[Option<i64>],
        groups: &[usize],
        filter: Option<&BooleanArray>,
        zone: Option<&str>,
    ) -> ArrayRef {
        let zone: chrono_tz::Tz = zone.unwrap_or("UTC").parse().unwrap();
        let months = (0..GROUPS).map(|group| {
            let least = (0..groups.len())
                .filter(|&row| groups[row] == group)
                .filter(|&row| filter.is_none_or(|f| f.is_valid(row) && f.value(row)))
                .filter_map(|row| seconds[row])
                .min()?;
            let utc = DateTime::from_timestamp(least, 0).unwrap().naive_utc();
            let local = utc + zone.offset_from_utc_datetime(&utc).fix();
            let first = local.date().with_day(1).unwrap();
            Some(first.num_days_from_ce() - 719_163)
        });
        Arc::new(months.collect::<Date32Array>())
    }
}
