//! `window_funnel(window [, modes], ts, c1 … c32)`: how far a customer came along a chain of steps.
//!
//! Definition: the greatest k for which there are rows of steps 1 to k, row i fulfilling ci, each
//! not before the one before it, and the last at most `window` after the first. These are the
//! rules of ClickHouse's windowFunnel.
//!
//! - `window`, constant: an INTERVAL without months or a number of seconds; a gap equal to it is
//!   inside.
//! - `modes`, constant: a comma-separated list, in any case. Default: none.
//!   - `'strict_order'`: after the first row of c1, the search ends at a row that fulfils no
//!     condition, and at one that fulfils ci when no chain has come to step i − 1 yet. Rows at the
//!     same time go by step, those that fulfil none first.
//!   - `'allow_reentry'`, with `'strict_order'`: a row that fulfils ci too early is passed over.
//!   - `'strict_deduplication'`: the search ends at a row that fulfils ci, i > 1, when a chain has
//!     come to step i already. A row is not its own repetition in a chain with `'strict_once'`.
//!   - `'strict_increase'`: each row of a chain is later than the one before.
//!   - `'strict_once'`: a row serves a chain once. Without it or `'strict_increase'` one row may
//!     serve several steps.
//!   - `'clickhouse'`: exactly ClickHouse's result where it differs, see below.
//! - `ts`, DATE or TIMESTAMP of any unit, with or without a zone. Rows without it are skipped.
//! - `c1` … `c32`, BOOLEAN; NULL is false. Rows at the same time go by step.
//!
//! Result: INT, 0 when no row fulfils c1 or there is none. State: sixteen bytes for each row on
//! which some condition holds, with `'strict_order'` for every row. Cost: a sort of each group's
//! rows, and one look at each of them, and both for the rows so far at each step of a window that
//! grows. Errors, at planning: an unknown mode, `'allow_reentry'` without `'strict_order'`, a
//! window with months, that is negative or not constant.
//!
//! Source: ClickHouse 26.9, with which a test compares all modes. Two results differ, unless the
//! mode `'clickhouse'` asks for ClickHouse's:
//!
//! - With `'strict_increase'` but not `'strict_once'` ClickHouse keeps one chain a step, and a chain
//!   that comes to a step hides the one that was there from all rows of the same time. So of rows
//!   of c1 at 1 and at 2 and of c2 at 2 it finds no second step, although that at 2 is later than
//!   that at 1; here it is found. With `'strict_deduplication'` or `'strict_order'` as well, such a
//!   step may also end the search where ClickHouse goes on.
//! - With `'strict_deduplication'` and `'strict_once'` a row that every chain holds already, as
//!   one of c1 and c2 when another row of that time served step 2, is no repetition here. In
//!   ClickHouse it is one if it comes after the other, and which does is not defined there. With
//!   `'clickhouse'` rows at the same time come by the sum of 2 to the power of i over the ci that
//!   they fulfil, from the least.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::call::{Call, check};
use super::state::{FunnelState, TS, Wanted};
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::events::Events;
use crate::parameter::{Kind, Parameter, with_conditions};
use crate::registry::Described;

/// The deepest step.
#[user_doc(
    doc_section(label = "Funnels"),
    description = "How many steps of a funnel a customer came along: the greatest k for which rows fulfil c1 to ck, one after another in the order of time, the last at most `window` after the first. One row may serve several steps unless a mode says otherwise, and rows at the same time go by step. Returns an INT, 0 when no row fulfils c1. These are the rules of ClickHouse's windowFunnel but for two results, which the mode `'clickhouse'` gives as ClickHouse does: with `'strict_increase'` and without `'strict_once'`, ClickHouse loses a chain when another comes to the same step at the time of the step after; with `'strict_deduplication'` and `'strict_once'`, it may take a row that is in the chain already for a repetition.",
    syntax_example = "window_funnel(window [, modes], ts, c1, …)",
    sql_example = "```sql
SELECT customer, window_funnel(INTERVAL '1 hour', at, page = 'cart', page = 'pay') AS step
FROM (VALUES ('ada', TIMESTAMP '2024-03-01 10:00:00', 'cart'),
             ('ada', TIMESTAMP '2024-03-01 11:00:00', 'pay'),
             ('bob', TIMESTAMP '2024-03-01 10:00:00', 'cart'),
             ('bob', TIMESTAMP '2024-03-01 11:00:01', 'pay')) AS visits(customer, at, page)
GROUP BY customer ORDER BY customer;
+----------+------+
| customer | step |
+----------+------+
| ada      | 2    |
| bob      | 1    |
+----------+------+
```",
    argument(
        name = "window",
        description = "The constant longest time from the first step to the last: an INTERVAL of days, hours or seconds, or a number of seconds. A gap equal to it is inside."
    ),
    argument(
        name = "modes",
        description = "A constant comma-separated list. `'strict_order'`: after a row of c1 the search ends at a row that fulfils no condition or a step too early; with `'allow_reentry'` it passes over steps that come too early. `'strict_deduplication'`: it ends at the repetition of a step after the first. `'strict_increase'`: each row of a chain is later than the one before. `'strict_once'`: a row serves a chain once. `'clickhouse'`: ClickHouse's result where it differs. Default: none."
    ),
    argument(
        name = "ts",
        description = "When something happened: DATE or TIMESTAMP, with or without a zone. NULLs are skipped."
    ),
    argument(
        name = "c1",
        description = "The conditions c1 to c32 of the steps, as many as there are. NULL is false."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct WindowFunnel;

/// What the functions of windows and steps take.
pub(super) const PARAMETERS: &[Parameter] = &with_conditions::<3, 35>([
    Parameter::required("window", Kind::ConstantSpan),
    Parameter::optional("modes", Kind::ConstantText),
    Parameter::required("ts", Kind::Time),
]);

impl Described for WindowFunnel {
    const PARAMETERS: &'static [Parameter] = PARAMETERS;

    fn check(constants: &Constants) -> Result<()> {
        check(constants)
    }
}

impl Aggregating for WindowFunnel {
    const NAME: &'static str = "window_funnel";

    const HOLISTIC: bool = true;

    const NULLABLE: bool = false;

    type State = FunnelState;

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Int32)
    }

    fn state_fields(_fields: &[FieldRef]) -> Vec<Field> {
        Events::state_fields()
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<FunnelState> {
        let call = Call::new(constants, fields[TS].data_type())?;
        let steps = fields.len() - TS - 1;
        Ok(FunnelState::new(call, steps, Wanted::Depth))
    }

    fn of_nothing(_result: &DataType) -> Result<ScalarValue> {
        Ok(ScalarValue::Int32(Some(0)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests;
