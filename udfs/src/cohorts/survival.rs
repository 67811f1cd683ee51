//! `survival(duration, observed)`: how many last how long, Kaplan and Meier's estimate.
//!
//! Definition: at each distinct duration t, with n of those who lasted as long and d of them whose
//! end was observed at t,
//!
//! - survival S(t) = Π (1 − d/n) over the durations up to t: the probability to last longer,
//! - lower and upper = exp(−exp(ln(−ln S) ± 1.96·√v)) with v = Σ d/(n(n − d)) / (ln S)², the 95 %
//!   interval on the scale of ln(−ln S) with Greenwood's variance. Both are 1 before the first
//!   event and 0 where all have ended.
//!
//! - `duration`, any number that is not negative: how long it lasted, or has lasted so far. NULLs
//!   are skipped.
//! - `observed`, BOOLEAN: whether it ended then; false is censored, it was only seen so long. NULL
//!   is false.
//!
//! Result: LIST of STRUCT(t, at_risk BIGINT, events BIGINT, survival DOUBLE, lower DOUBLE, upper
//! DOUBLE) in the order of t, which is BIGINT of whole numbers and DOUBLE of others; a row for
//! each distinct duration, also where all are censored; empty without a row. Who is censored at t
//! counts as at risk there.
//!
//! State: 16 bytes for each distinct duration of a group, observed and not, at most twice that
//! between sorts. Cost: a sort, and one of the rows so far at each step of a window that grows.
//! Errors, at planning: types; at execution: a duration that is negative or NaN.
//! Source: Kaplan & Meier 1958; Greenwood 1926; Kalbfleisch & Prentice 1980; lifelines'
//! `KaplanMeierFitter`, R's `survfit(conf.type = "log-log")`.

mod state;

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use self::state::{SurvivalState, state_fields, step_field};
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

const NAME: &str = "survival";

/// Kaplan and Meier's estimate of survival.
#[user_doc(
    doc_section(label = "Cohorts and retention"),
    description = "How many last how long when some have not ended yet: Kaplan and Meier's estimate of survival. Returns a LIST of STRUCT(t, at_risk BIGINT, events BIGINT, survival DOUBLE, lower DOUBLE, upper DOUBLE) with a row for each distinct duration t, in order: how many lasted as long, how many of them ended then, the probability to last longer, and its 95 % interval (log-log, with Greenwood's variance); empty when there is no row. t is a BIGINT of whole numbers and a DOUBLE of others.",
    syntax_example = "survival(duration, observed)",
    sql_example = "```sql
SELECT step['t'] AS t, step['at_risk'] AS at_risk, step['events'] AS events,
       step['survival'] AS survival, round(step['lower'], 4) AS lower, round(step['upper'], 4) AS upper
FROM (
  SELECT unnest(survival(months, cancelled)) AS step
  FROM (VALUES (1, true), (3, true), (3, false), (5, false), (8, true)) AS subscriptions(months, cancelled)
);
+---+---------+--------+----------+--------+--------+
| t | at_risk | events | survival | lower  | upper  |
+---+---------+--------+----------+--------+--------+
| 1 | 5       | 1      | 0.8      | 0.2038 | 0.9692 |
| 3 | 4       | 1      | 0.6      | 0.1257 | 0.8818 |
| 5 | 2       | 0      | 0.6      | 0.1257 | 0.8818 |
| 8 | 1       | 1      | 0.0      | 0.0    | 0.0    |
+---+---------+--------+----------+--------+--------+
```",
    argument(
        name = "duration",
        description = "How long it lasted, or has lasted so far: any number that is not negative. NULLs are skipped."
    ),
    argument(
        name = "observed",
        description = "Whether it ended then: BOOLEAN. Where it is false or NULL, it was only seen so long (censored)."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Survival;

impl Described for Survival {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("duration", Kind::Amount),
        Parameter::required("observed", Kind::Condition),
    ];
}

/// The type of a step's time, and the one to which durations of `given` are brought.
fn time_type(given: &DataType) -> DataType {
    if given.is_integer() {
        DataType::Int64
    } else {
        DataType::Float64
    }
}

impl Aggregating for Survival {
    const NAME: &'static str = NAME;

    const NULLABLE: bool = false;

    type State = SurvivalState;

    fn retype(types: &mut [DataType]) {
        if let [duration, ..] = types
            && duration.is_numeric()
        {
            *duration = time_type(duration);
        }
    }

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        let steps = step_field(fields[0].data_type());
        Ok(DataType::List(Arc::new(steps)))
    }

    fn state_fields(_fields: &[FieldRef]) -> Vec<Field> {
        state_fields()
    }

    fn state(fields: &[FieldRef], _constants: &Constants) -> Result<SurvivalState> {
        Ok(SurvivalState::new(fields[0].data_type().clone()))
    }

    fn of_nothing(result: &DataType) -> Result<ScalarValue> {
        ScalarValue::new_default(result)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests;
