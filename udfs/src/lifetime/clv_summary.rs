//! `clv_summary(ts, amount, as_of, unit [, tz])`: a customer's history as models of lifetime
//! value take it.
//!
//! Definition: all rows of one calendar day are one purchase. Of the days up to `as_of`, first
//! to last: `frequency` x = days − 1; `recency` t_x = (last − first) / length of `unit`; `age`
//! T = (day of `as_of` − first) / length; `monetary` = total of all days but the first / x, and
//! 0 where x is 0.
//!
//! - `ts`, DATE or TIMESTAMP of any unit, with or without a zone. NULLs are skipped, and times
//!   after `as_of` are.
//! - `amount`, any number. A NULL counts as a purchase worth nothing.
//! - `as_of`, constant DATE (its whole day counts) or TIMESTAMP; one without a zone is an
//!   instant in UTC where `ts` is one too, else what the wall clock of `tz` shows.
//! - `unit`, constant, in any case, with a fixed length in days: 'day' 1, 'week' 7, and by the
//!   Gregorian calendar's average 'month' 30.436875 and 'year' 365.2425.
//! - `tz`, the constant IANA name of the zone whose days count, as in `cohort_month`.
//!
//! Result: STRUCT(frequency BIGINT, recency DOUBLE, age DOUBLE, monetary DOUBLE); NULL when no
//! row counts. The total is exact and divided once, so that no order of rows shows in it.
//! State: a group's first day and two sums, 40 bytes (72 where amounts are DECIMAL of more than
//! 38 digits), and eight a day. Cost: a sort of the distinct days.
//! Errors, at planning: types and constants; at execution: a sum beyond DECIMAL, a time beyond
//! the calendar.
//! Source: Fader, Hardie and Lee (2005), *Counting Your Customers the Easy Way: An Alternative
//! to the Pareto/NBD Model*, Marketing Science 24 (2); averages as NumPy's timedelta64 has them.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::aggregate::Aggregating;
use crate::as_of::AsOf;
use crate::constants::Constants;
use crate::lists::list_field;
use crate::money::sums::{amount_type, carried_type};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::times::{Clock, named_zone};

use state::{Call, ClvSummaryState, total_type};

mod state;

const NAME: &str = "clv_summary";

/// The units of recency and age, in days.
const UNITS: &[(&str, f64)] = &[
    ("day", 1.0),
    ("week", 7.0),
    ("month", 30.436_875),
    ("year", 365.242_5),
];

/// A customer's history.
#[user_doc(
    doc_section(label = "Lifetime value"),
    description = "A customer's history as models of lifetime value take it, where all rows of one day are one purchase. Returns STRUCT(frequency BIGINT, recency DOUBLE, age DOUBLE, monetary DOUBLE): days with a purchase after the first; time from the first to the last of them, and from the first to `as_of`, in units of fixed length (a week has 7 days, a month 30.436875, a year 365.2425); and the mean of the repeat days' totals, 0 without one. NULL when no row counts.",
    syntax_example = "clv_summary(ts, amount, as_of, unit [, tz])",
    sql_example = "```sql
SELECT customer, h['frequency'] AS frequency, h['recency'] AS recency, h['age'] AS age,
       h['monetary'] AS monetary
FROM (
  SELECT customer, clv_summary(ts, amount, DATE '2024-02-26', 'week') AS h
  FROM (VALUES ('ada', DATE '2024-01-01', 20), ('ada', DATE '2024-01-15', 30),
               ('ada', DATE '2024-01-15', 5), ('ada', DATE '2024-02-05', 12),
               ('bob', DATE '2024-02-19', 90))
    AS orders(customer, ts, amount)
  GROUP BY customer
)
ORDER BY customer;
+----------+-----------+---------+-----+----------+
| customer | frequency | recency | age | monetary |
+----------+-----------+---------+-----+----------+
| ada      | 2         | 5.0     | 8.0 | 23.5     |
| bob      | 0         | 0.0     | 1.0 | 0.0      |
+----------+-----------+---------+-----+----------+
```",
    argument(
        name = "ts",
        description = "When it was bought: DATE or TIMESTAMP, with or without a zone. NULLs and times after `as_of` are skipped."
    ),
    argument(
        name = "amount",
        description = "What it was worth: any number. A NULL counts as a purchase worth nothing."
    ),
    argument(
        name = "as_of",
        description = "The constant DATE or TIMESTAMP up to which purchases are known. A DATE includes its whole day. A TIMESTAMP without a zone is an instant in UTC where `ts` is one too, else what the wall clock of `tz` shows."
    ),
    argument(
        name = "unit",
        description = "The constant unit of recency and age: `'day'`, `'week'`, `'month'` or `'year'`."
    ),
    argument(
        name = "tz",
        description = "The constant IANA name of the time zone whose days count. Default: the zone of the timestamps themselves, else the session's `datafusion.execution.time_zone`, else UTC."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ClvSummary;

impl Described for ClvSummary {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("ts", Kind::Time),
        Parameter::required("amount", Kind::Amount),
        Parameter::required("as_of", Kind::ConstantTime),
        Parameter::required("unit", Kind::ConstantText),
        Parameter::optional("tz", Kind::TimeZone),
    ];

    fn check(constants: &Constants) -> Result<()> {
        unit_days(constants)?;
        if constants.value("as_of").is_none() {
            return Err(constants.missing("as_of", Kind::ConstantTime.expected()));
        }
        named_zone(constants, "tz").map(drop)
    }
}

/// The length of a unit in days.
fn unit_days(constants: &Constants) -> Result<f64> {
    constants.required_word("unit", UNITS)
}

fn result_fields() -> Fields {
    Fields::from(vec![
        Field::new("frequency", DataType::Int64, true),
        Field::new("recency", DataType::Float64, true),
        Field::new("age", DataType::Float64, true),
        Field::new("monetary", DataType::Float64, true),
    ])
}

impl Aggregating for ClvSummary {
    const NAME: &'static str = NAME;

    type State = ClvSummaryState;

    fn retype(types: &mut [DataType]) {
        if let [_, amount, ..] = types {
            *amount = amount_type(amount);
        }
    }

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Struct(result_fields()))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        let carried = carried_type(&total_type(fields[1].data_type()));
        vec![
            list_field("days", DataType::Int32),
            Field::new("first", carried.clone(), false),
            Field::new("repeat", carried, false),
        ]
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<ClvSummaryState> {
        let times = fields[0].data_type();
        let clock = Clock::new(times, constants, "tz")?;
        let as_of = AsOf::of_call(constants, times, clock)?
            .ok_or_else(|| constants.missing("as_of", Kind::ConstantTime.expected()))?;
        let call = Call {
            clock,
            as_of,
            unit_days: unit_days(constants)?,
        };
        ClvSummaryState::try_new(call, fields[1].data_type())
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests;
