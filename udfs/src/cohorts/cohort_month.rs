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

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::first_period::FirstPeriods;
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::math::periods::Unit;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::times::named_zone;

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

    type State = FirstPeriods;

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Date32)
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        FirstPeriods::fields(fields[0].data_type())
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<FirstPeriods> {
        FirstPeriods::new(NAME, fields[0].data_type(), Unit::Month, constants)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
