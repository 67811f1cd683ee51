//! `period_diff(unit, from, to [, tz])`: how many calendar periods lie between two times.
//!
//! Definition: the number of the period that holds `to` minus the number of the one that holds
//! `from`: how many times a new period begins after `from` until `to`. It is 1 from 31 January
//! to 1 February by month, whatever the hours between, and negative where `to` is in an earlier
//! period.
//!
//! - `unit`, constant: `'day'`, `'week'` (from Monday, as in ISO 8601), `'month'`, `'quarter'`
//!   or `'year'`.
//! - `from`, `to`, each a DATE or TIMESTAMP of any unit, with or without a zone, of the same
//!   type or not. Where either is NULL so is the result.
//! - `tz`, the constant IANA name of the zone whose calendar counts. Default: each one's own
//!   zone; one that has none takes that of the other; where neither has one, the session's
//!   `datafusion.execution.time_zone`, else UTC. A timestamp without a zone is an instant in
//!   UTC. A DATE is a calendar day, which no zone shifts.
//!
//! Result: INT. State: none. Cost: two lookups of the calendar a row.
//! Errors, at planning: types, an unknown unit or zone; at execution: a time beyond the
//! calendar, more periods than an INT holds.
//! Source: it counts borders as DATEDIFF of Snowflake does, with weeks from Monday, and that of
//! DuckDB but for weeks, of which DuckDB counts whole ones.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int32Array};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::units::unit_of_call;
use crate::constants::Constants;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::rows::counted;
use crate::scalar::PerRow;
use crate::times::{Clock, days, named_zone};

const NAME: &str = "period_diff";

/// The periods between two times.
#[user_doc(
    doc_section(label = "Cohorts and retention"),
    description = "How many calendar periods lie between two times: how many times a new day, week, month, quarter or year begins after `from` until `to`, whatever the hours between. Returns an INT, negative where `to` is in an earlier period, NULL where either is NULL. A DATE is a calendar day and is never shifted by a zone; a TIMESTAMP without a zone is an instant in UTC.",
    syntax_example = "period_diff(unit, from, to [, tz])",
    sql_example = "```sql
SELECT period_diff('month', first, ts) AS month, period_diff('week', first, ts) AS week
FROM (VALUES (DATE '2024-01-31', TIMESTAMP '2024-02-01 08:00:00'),
             (DATE '2024-01-31', TIMESTAMP '2023-12-31 23:00:00')) AS orders(first, ts)
ORDER BY month DESC;
+-------+------+
| month | week |
+-------+------+
| 1     | 0    |
| -1    | -5   |
+-------+------+
```",
    argument(
        name = "unit",
        description = "The constant length of a period: `'day'`, `'week'` (from Monday), `'month'`, `'quarter'` or `'year'`."
    ),
    argument(
        name = "from",
        description = "The time from which periods count: DATE or TIMESTAMP, with or without a zone."
    ),
    argument(
        name = "to",
        description = "The time to which they count: DATE or TIMESTAMP, with or without a zone."
    ),
    argument(
        name = "tz",
        description = "The constant IANA name of the time zone whose calendar counts, such as `'Europe/Berlin'`. Default: each one's own zone, for one without a zone that of the other, else the session's `datafusion.execution.time_zone`, else UTC."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct PeriodDiff;

impl Described for PeriodDiff {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("unit", Kind::ConstantText),
        Parameter::required("from", Kind::Time),
        Parameter::required("to", Kind::Time),
        Parameter::optional("tz", Kind::TimeZone),
    ];

    fn check(constants: &Constants) -> Result<()> {
        unit_of_call(constants)?;
        named_zone(constants, "tz").map(drop)
    }
}

impl PerRow for PeriodDiff {
    const NAME: &'static str = NAME;

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Int32)
    }

    fn evaluate(columns: &[ArrayRef], rows: usize, constants: &Constants) -> Result<ArrayRef> {
        let unit = unit_of_call(constants)?;
        let [from, to] = [&columns[0], &columns[1]];
        let clocks = Clock::pair([from.data_type(), to.data_type()], constants, "tz")?;
        let nulls = counted(None, &[from, to]);
        let mut periods = vec![0; rows];
        days(NAME, clocks[0], from, nulls.as_ref(), |row, day| {
            periods[row] = unit.ordinal(day);
        })?;
        days(NAME, clocks[1], to, nulls.as_ref(), |row, day| {
            periods[row] = unit.ordinal(day) - periods[row];
        })?;
        let whole = periods.into_iter().map(|periods| {
            i32::try_from(periods).map_err(|_| {
                let unit = unit.name();
                exec_datafusion_err!("{NAME}: {periods} {unit}s do not fit INT")
            })
        });
        let whole = whole.collect::<Result<Vec<i32>>>()?;
        Ok(Arc::new(Int32Array::new(whole.into(), nulls)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::common::ScalarValue;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::cohorts::samples::{Times, period_start, periods_between, zone};
    use crate::math::periods::Unit;

    /// Pairs of random times of every two types, against chrono.
    #[test]
    fn differences_are_those_of_the_calendar() {
        for seed in 0..200 {
            let rng = &mut StdRng::seed_from_u64(seed);
            let days = [3, 400, 36_000][rng.random_range(0..3)];
            let rows = rng.random_range(1..50);
            let [from, to] = [(), ()].map(|()| Times::random(rng, rows, days));
            let name = Unit::NAMES[rng.random_range(0..Unit::NAMES.len())];
            let tz = zone(rng);
            let known = [
                Some(&ScalarValue::from(name)),
                None,
                None,
                Some(&ScalarValue::Utf8(tz.map(str::to_owned))),
            ];
            let constants = Constants::of_known(NAME, PeriodDiff::PARAMETERS, &known);
            let columns = [Arc::clone(&from.column), Arc::clone(&to.column)];
            let found = PeriodDiff::evaluate(&columns, rows, &constants).unwrap();
            let expected: Int32Array = (0..rows)
                .map(|row| {
                    let from_day = from.day(row, tz.or(from.own).or(to.own))?;
                    let to_day = to.day(row, tz.or(to.own).or(from.own))?;
                    let [first, last] = [from_day, to_day].map(|day| period_start(name, day));
                    Some(periods_between(name, first, last))
                })
                .collect();
            assert_eq!(
                found.as_ref(),
                &expected as &dyn datafusion::arrow::array::Array,
                "{seed}"
            );
        }
    }
}
