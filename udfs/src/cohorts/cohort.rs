//! `cohort(ts, unit [, tz])`: the calendar period in which a customer first came.
//!
//! Definition: the first day of the period of the calendar that holds `min(ts)`.
//!
//! - `ts`, DATE or TIMESTAMP of any unit, with or without a zone. NULLs are skipped.
//! - `unit`, constant: `'day'`, `'week'` (from Monday, as in ISO 8601), `'month'`, `'quarter'`
//!   or `'year'`.
//! - `tz`, the constant IANA name of the zone whose calendar counts, as in `cohort_month`.
//!
//! Result: DATE; NULL when there is no time. State: the earliest time, nine bytes a group; the
//! calendar is consulted once a group, at the end. Cost: that of `min(ts)`.
//! Errors: an unknown unit or zone, at planning; a time or the beginning of its period beyond
//! the calendar, at execution. As a window function it takes frames that begin with the
//! partition.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::first_period::FirstPeriods;
use super::units::unit_of_call;
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::times::named_zone;

const NAME: &str = "cohort";

/// The period of the first event.
#[user_doc(
    doc_section(label = "Cohorts and retention"),
    description = "The first day of the calendar period in which the earliest time falls: the cohort of a customer who first came then, by day, week, month, quarter or year; `cohort(ts, 'month')` is `cohort_month(ts)`. With `OVER (PARTITION BY customer)` every row gets its customer's cohort. Returns a DATE, NULL when there is no time. A DATE is a calendar day and is never shifted by a zone; a TIMESTAMP without a zone is an instant in UTC.",
    syntax_example = "cohort(ts, unit [, tz])",
    alternative_syntax = "cohort(ts, unit [, tz]) OVER (PARTITION BY customer)",
    sql_example = "```sql
SELECT customer, cohort(ts, 'week') AS week, cohort(ts, 'quarter') AS quarter
FROM (VALUES ('ada', DATE '2024-03-09'), ('ada', DATE '2024-02-29'), ('bob', DATE '2024-04-01'))
  AS orders(customer, ts)
GROUP BY customer
ORDER BY customer;
+----------+------------+------------+
| customer | week       | quarter    |
+----------+------------+------------+
| ada      | 2024-02-26 | 2024-01-01 |
| bob      | 2024-04-01 | 2024-04-01 |
+----------+------------+------------+
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
pub(crate) struct Cohort;

impl Described for Cohort {
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

impl Aggregating for Cohort {
    const NAME: &'static str = NAME;

    type State = FirstPeriods;

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Date32)
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        FirstPeriods::fields(fields[0].data_type())
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<FirstPeriods> {
        let unit = unit_of_call(constants)?;
        FirstPeriods::new(NAME, fields[0].data_type(), unit, constants)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
