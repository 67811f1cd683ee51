//! `churn_status(last_ts, as_of, at_risk_days, churned_days [, tz])`: whether a customer is still
//! there.
//!
//! Definition: with days = date(`as_of`) − date(`last_ts`), 'Churned' where
//! days > `churned_days`, else 'At Risk' where days > `at_risk_days`, else 'Active'.
//!
//! - `last_ts`, when the customer last came: DATE or TIMESTAMP of any unit, with or without a
//!   zone. A NULL has a NULL status.
//! - `as_of`, the moment of reference, likewise. A TIMESTAMP without a zone is, as in
//!   `rfm_score`, read as `last_ts` is: an instant in UTC beside a timestamp without one, else
//!   what the clock on the wall shows.
//! - `at_risk_days`, `churned_days`, constant whole numbers of days, not negative, the first at
//!   most the second. A customer whose days equal a bound has not passed it.
//! - `tz`, the constant IANA name of the zone whose calendar counts. Default: each one's own
//!   zone; one that has none takes that of the other; where neither has one, the session's
//!   `datafusion.execution.time_zone`, else UTC. A DATE is a calendar day, which no zone shifts.
//!
//! Result: VARCHAR; 'Active' also for a customer who came after `as_of`. State: none. Cost: two
//! lookups of the calendar a row.
//! Errors, at planning: types, bounds, an unknown zone; at execution: a time beyond the
//! calendar.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, StringBuilder};
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::constants::Constants;
use crate::math::zone::Zone;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::rows::counted;
use crate::scalar::PerRow;
use crate::times::{Clock, days, named_zone};

const NAME: &str = "churn_status";

/// What bounds may be, for messages.
const DAYS: &str = "a whole number of days, not negative";

/// Whether a customer is still there.
#[user_doc(
    doc_section(label = "Cohorts and retention"),
    description = "Whether a customer who last came at `last_ts` is still there at `as_of`, by the calendar days between: 'Churned' when they are more than `churned_days`, else 'At Risk' when they are more than `at_risk_days`, else 'Active'. Returns a VARCHAR, NULL where a time is NULL. A DATE is a calendar day and is never shifted by a zone. A TIMESTAMP without a zone is an instant in UTC; such an `as_of` beside a DATE or a TIMESTAMP with a zone is what the clock on the wall shows.",
    syntax_example = "churn_status(last_ts, as_of, at_risk_days, churned_days [, tz])",
    sql_example = "```sql
SELECT customer, churn_status(last, DATE '2024-06-30', 30, 90) AS status
FROM (VALUES ('ada', DATE '2024-05-31'), ('bob', DATE '2024-05-30'), ('eve', DATE '2024-03-31'))
  AS customers(customer, last)
ORDER BY customer;
+----------+---------+
| customer | status  |
+----------+---------+
| ada      | Active  |
| bob      | At Risk |
| eve      | Churned |
+----------+---------+
```",
    argument(
        name = "last_ts",
        description = "When the customer last came: DATE or TIMESTAMP, with or without a zone."
    ),
    argument(
        name = "as_of",
        description = "The moment of reference: DATE or TIMESTAMP, with or without a zone."
    ),
    argument(
        name = "at_risk_days",
        description = "After how many days without activity a customer is at risk: a constant whole number, not negative. That many days exactly are not yet too many."
    ),
    argument(
        name = "churned_days",
        description = "After how many days without activity a customer is gone: a constant whole number, at least `at_risk_days`."
    ),
    argument(
        name = "tz",
        description = "The constant IANA name of the time zone whose calendar counts, such as `'Europe/Berlin'`. Default: each one's own zone, for one without a zone that of the other, else the session's `datafusion.execution.time_zone`, else UTC."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct ChurnStatus;

impl Described for ChurnStatus {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("last_ts", Kind::Time),
        Parameter::required("as_of", Kind::Time),
        Parameter::required("at_risk_days", Kind::ConstantInteger),
        Parameter::required("churned_days", Kind::ConstantInteger),
        Parameter::optional("tz", Kind::TimeZone),
    ];

    fn check(constants: &Constants) -> Result<()> {
        Bounds::of_call(constants)?;
        named_zone(constants, "tz").map(drop)
    }
}

/// After how many days a customer is no longer active, and gone.
#[derive(Clone, Copy)]
struct Bounds {
    at_risk_days: i64,
    churned_days: i64,
}

impl Bounds {
    fn of_call(constants: &Constants) -> Result<Self> {
        let days = |name: &str| match constants.integer(name)? {
            Some(days) if days >= 0 => Ok(days),
            _ => Err(constants.out_of_range(name, DAYS)),
        };
        let bounds = Self {
            at_risk_days: days("at_risk_days")?,
            churned_days: days("churned_days")?,
        };
        if bounds.churned_days < bounds.at_risk_days {
            let expected = format!("at least at_risk_days, {}", bounds.at_risk_days);
            return Err(constants.out_of_range("churned_days", &expected));
        }
        Ok(bounds)
    }

    fn status(self, days: i64) -> &'static str {
        if days > self.churned_days {
            "Churned"
        } else if days > self.at_risk_days {
            "At Risk"
        } else {
            "Active"
        }
    }
}

impl PerRow for ChurnStatus {
    const NAME: &'static str = NAME;

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn evaluate(columns: &[ArrayRef], rows: usize, constants: &Constants) -> Result<ArrayRef> {
        let bounds = Bounds::of_call(constants)?;
        let [last, as_of] = [&columns[0], &columns[1]];
        let types = [last.data_type(), as_of.data_type()];
        let [last_clock, mut as_of_clock] = Clock::pair(types, constants, "tz")?;
        let is_naive = |data_type: &DataType| matches!(data_type, DataType::Timestamp(_, None));
        if is_naive(types[1]) && !is_naive(types[0]) {
            as_of_clock = Clock::in_zone(types[1], Zone::UTC)?;
        }
        let nulls = counted(None, &[last, as_of]);
        let mut inactive_days = vec![0; rows];
        days(NAME, last_clock, last, nulls.as_ref(), |row, day| {
            inactive_days[row] = day;
        })?;
        days(NAME, as_of_clock, as_of, nulls.as_ref(), |row, day| {
            inactive_days[row] = day - inactive_days[row];
        })?;
        let mut statuses = StringBuilder::with_capacity(rows, 8 * rows);
        for (row, days) in inactive_days.into_iter().enumerate() {
            if nulls.as_ref().is_some_and(|nulls| nulls.is_null(row)) {
                statuses.append_null();
            } else {
                statuses.append_value(bounds.status(days));
            }
        }
        Ok(Arc::new(statuses.finish()))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::{Array, StringArray};
    use datafusion::common::ScalarValue;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::cohorts::samples::{Times, zone};

    /// Pairs of random times of every two types, against the definition on chrono's days.
    #[test]
    fn statuses_follow_the_days_between() {
        for seed in 0..200 {
            let rng = &mut StdRng::seed_from_u64(seed);
            let rows = rng.random_range(1..50);
            let [last, as_of] = [(), ()].map(|()| Times::random(rng, rows, 20));
            let at_risk_days = rng.random_range(0..10);
            let churned_days = at_risk_days + rng.random_range(0..10);
            let tz = zone(rng);
            let known = [
                None,
                None,
                Some(&ScalarValue::from(at_risk_days)),
                Some(&ScalarValue::from(churned_days)),
                Some(&ScalarValue::Utf8(tz.map(str::to_owned))),
            ];
            let constants = Constants::of_known(NAME, ChurnStatus::PARAMETERS, &known);
            let columns = [Arc::clone(&last.column), Arc::clone(&as_of.column)];
            let found = ChurnStatus::evaluate(&columns, rows, &constants).unwrap();
            let on_the_wall = as_of.own.is_none() && (last.is_date || last.own.is_some());
            let expected: StringArray = (0..rows)
                .map(|row| {
                    let last_day = last.day(row, tz.or(last.own).or(as_of.own))?;
                    let there = tz.or(as_of.own).or(last.own);
                    let there = if on_the_wall { Some("UTC") } else { there };
                    let days = (as_of.day(row, there)? - last_day).num_days();
                    Some(match days {
                        days if days > churned_days => "Churned",
                        days if days > at_risk_days => "At Risk",
                        _ => "Active",
                    })
                })
                .collect();
            assert_eq!(found.as_ref(), &expected as &dyn Array, "seed {seed}");
        }
    }
}
