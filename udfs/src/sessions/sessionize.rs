//! `sessionize(ts, gap [, max_length]) OVER (PARTITION BY customer ORDER BY ts)`: the number of
//! the session that each event belongs to.
//!
//! Definition: the first event of a partition begins session 1. An event begins the next session
//! when it is more than `gap` after the event before it, or more than `max_length` after the
//! first event of the session; otherwise it belongs to the session of the event before it.
//!
//! - `ts`, DATE or TIMESTAMP of any unit, with or without a zone. A NULL has a NULL number and no
//!   effect on other events.
//! - `gap`, constant: an INTERVAL without months, or a number of seconds, not negative. An event
//!   exactly this long after the one before is of the same session.
//! - `max_length`, constant, likewise. Default: none.
//!
//! The window needs an ORDER BY by which times ascend; what else it says does not matter, since
//! equal times are always of one session. The frame does not matter either.
//!
//! Result: BIGINT from 1. State: three numbers a partition; sorted partitions stream through it.
//! Cost: linear, besides the window's own sort. With the rules of this crate
//! ([`crate::physical_optimizer_rules`]) nothing but the times of a customer is sorted, unless the
//! plan relies on the order of the window; the rows are then held in memory, and spill.
//! Errors: types, constants and a window without ORDER BY, at planning; times that go backwards,
//! as under DESC, at execution.

use std::ops::Range;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::{ScalarValue, exec_datafusion_err, plan_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::function::{
    ExpressionArgs, PartitionEvaluatorArgs, WindowFunctionSimplification, WindowUDFFieldArgs,
};
use datafusion::logical_expr::{
    Documentation, LimitEffect, PartitionEvaluator, Signature, WindowUDFImpl,
};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::windows::WindowUDFExpr;
use datafusion_macros::user_doc;

use crate::arguments;
use crate::binding::simplify_window;
use crate::constants::Constants;
use crate::math::sessions::{SessionRule, Sessions};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::rows::counted;
use crate::times::{for_each_time, time_at};

const NAME: &str = "sessionize";

/// The numbers of sessions.
#[user_doc(
    doc_section(label = "Sessions, paths, attribution"),
    description = "Returns the number of the session that each event of the partition belongs to, a BIGINT from 1: a new one begins when an event is more than `gap` after the one before it or, with `max_length`, more than that after the session's first event. The window must be ordered by the times, ascending; its frame does not matter. A NULL time has a NULL number and no effect.",
    syntax_example = "sessionize(ts, gap [, max_length]) OVER (PARTITION BY … ORDER BY ts)",
    sql_example = "```sql
SELECT customer, ts, sessionize(ts, INTERVAL '30 minutes') OVER (PARTITION BY customer ORDER BY ts) AS session
FROM (VALUES ('ada', TIMESTAMP '2024-03-01 09:00:00'), ('ada', TIMESTAMP '2024-03-01 09:30:00'),
             ('ada', TIMESTAMP '2024-03-01 10:00:01'), ('bob', TIMESTAMP '2024-03-01 09:10:00'))
  AS events(customer, ts)
ORDER BY customer, ts;
+----------+---------------------+---------+
| customer | ts                  | session |
+----------+---------------------+---------+
| ada      | 2024-03-01T09:00:00 | 1       |
| ada      | 2024-03-01T09:30:00 | 1       |
| ada      | 2024-03-01T10:00:01 | 2       |
| bob      | 2024-03-01T09:10:00 | 1       |
+----------+---------------------+---------+
```",
    argument(
        name = "ts",
        description = "When the event happened: DATE or TIMESTAMP, with or without a zone. A NULL has a NULL number."
    ),
    argument(
        name = "gap",
        description = "The constant longest time between two events of a session, itself included: an INTERVAL without months, or a number of seconds."
    ),
    argument(
        name = "max_length",
        description = "The constant longest time from the first event of a session to its last, itself included, likewise. Default: none."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sessionize {
    signature: Signature,
}

impl Sessionize {
    pub(crate) fn new() -> Self {
        Self {
            signature: arguments::signature(Self::PARAMETERS),
        }
    }
}

impl Described for Sessionize {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("ts", Kind::Time),
        Parameter::required("gap", Kind::ConstantSpan),
        Parameter::optional("max_length", Kind::ConstantSpan),
    ];

    fn check(constants: &Constants) -> Result<()> {
        constants.required_span("gap")?;
        constants.span("max_length").map(drop)
    }

    fn check_unordered(_constants: &Constants) -> Result<()> {
        plan_err!(
            "{NAME} needs the events in the order of their times: add ORDER BY ts to its window, \
             as in {NAME}(ts, gap) OVER (PARTITION BY customer ORDER BY ts)"
        )
    }
}

/// The rule that the constants of a call give, for times of type `times`.
fn rule(constants: &Constants, times: &DataType) -> Result<SessionRule> {
    let max_length = constants.span("max_length")?;
    Ok(SessionRule {
        gap: constants.required_span("gap")?.ticks(times),
        max_length: max_length.map_or(u64::MAX, |span| span.ticks(times)),
    })
}

/// The times and the rule of a call, over rows of `input`; `None` for another function.
///
/// # Errors
///
/// A planning error for constants that the function refuses.
pub(crate) fn session_rule(
    call: &WindowUDFExpr,
    input: &Schema,
) -> Result<Option<(Arc<dyn PhysicalExpr>, SessionRule)>> {
    let [times, ..] = call.args() else {
        return Ok(None);
    };
    if !call.fun().inner().is::<Sessionize>() {
        return Ok(None);
    }
    let constants = Constants::of_physical(NAME, Sessionize::PARAMETERS, call.args())?;
    let rule = rule(&constants, &times.data_type(input)?)?;
    Ok(Some((Arc::clone(times), rule)))
}

impl WindowUDFImpl for Sessionize {
    fn name(&self) -> &str {
        NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arguments::coerce(Self::PARAMETERS, arg_types))
    }

    fn field(&self, field_args: WindowUDFFieldArgs) -> Result<FieldRef> {
        arguments::check_types(NAME, Self::PARAMETERS, field_args.input_fields())?;
        Ok(Arc::new(Field::new(
            field_args.name(),
            DataType::Int64,
            true,
        )))
    }

    /// Only the times: constants would be spread over the rows of each partition.
    fn expressions(&self, expr_args: ExpressionArgs) -> Vec<Arc<dyn PhysicalExpr>> {
        expr_args.input_exprs().iter().take(1).cloned().collect()
    }

    fn partition_evaluator(
        &self,
        args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        let constants = Constants::of_physical(NAME, Self::PARAMETERS, args.input_exprs())?;
        let rule = rule(&constants, args.input_fields()[0].data_type())?;
        Ok(Box::new(Numbers {
            sessions: Sessions::new(rule),
        }))
    }

    fn simplify(&self) -> Option<WindowFunctionSimplification> {
        simplify_window::<Self>(NAME)
    }

    /// A number depends on no later row.
    fn limit_effect(&self, _args: &[Arc<dyn PhysicalExpr>]) -> LimitEffect {
        LimitEffect::None
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The sessions of one partition.
#[derive(Debug)]
struct Numbers {
    sessions: Sessions,
}

impl PartitionEvaluator for Numbers {
    fn is_causal(&self) -> bool {
        true
    }

    fn supports_bounded_execution(&self) -> bool {
        true
    }

    /// The next row: DataFusion asks for every one, in order.
    fn evaluate(&mut self, values: &[ArrayRef], range: &Range<usize>) -> Result<ScalarValue> {
        let number = match time_at(&values[0], range.start)? {
            None => None,
            Some(time) => Some(
                self.sessions
                    .next(time)
                    .ok_or_else(|| backwards(&values[0], range.start))?,
            ),
        };
        Ok(ScalarValue::Int64(number))
    }

    fn evaluate_all(&mut self, values: &[ArrayRef], num_rows: usize) -> Result<ArrayRef> {
        let times = &values[0];
        let known = counted(None, &[times]);
        let mut numbers = vec![0; num_rows];
        let mut wrong = None;
        for_each_time(times, known.as_ref(), |row, time| {
            match self.sessions.next(time) {
                Some(number) => numbers[row] = number,
                None => wrong = wrong.or(Some(row)),
            }
        })?;
        match wrong {
            Some(row) => Err(backwards(times, row)),
            None => Ok(Arc::new(Int64Array::new(numbers.into(), known))),
        }
    }
}

/// The error for a time that is before the one of an earlier row.
fn backwards(times: &ArrayRef, row: usize) -> DataFusionError {
    let time = ScalarValue::try_from_array(times, row);
    let time = time.map_or_else(|_| String::new(), |time| format!(", to {time}"));
    exec_datafusion_err!(
        "{NAME}: the times of the window go backwards{time}; order it by the times, ascending: \
         OVER (PARTITION BY … ORDER BY ts)"
    )
}

#[cfg(test)]
mod tests;
