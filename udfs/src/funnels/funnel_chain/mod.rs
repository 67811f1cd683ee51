//! `funnel_chain(window, modes, ts, exclude, by, c1 … c32)`: the chain of a customer, for `funnel`.
//!
//! Definition: the deepest chain as `window_funnel_events` gives it, if chains end with what is
//! excluded; and the value of `by` on the row that served step 1. A step of the report `funnel`.
//!
//! - `window`, `modes`, `ts` and `c1` … `c32` as in `window_funnel`; NULL modes are none.
//! - `exclude`, BOOLEAN: every chain begun ends with a row on which it holds, after the steps of
//!   rows at the same time. NULL is false. Where `'strict_order'` ends the search at a row that
//!   fulfils no condition, that includes one that is excluded.
//! - `by`: a key of any type that can be hashed. Of several rows of c1 at the time at which the
//!   chain starts, the least value counts, NULL when they have no other.
//!
//! Result: STRUCT(by, times LIST of the type of `ts`); NULL when no row fulfils c1 or there is none.
//! Dictionaries are unpacked and unsigned integers become signed ones that hold them, BIGINT
//! UNSIGNED a DECIMAL(20,0). State: as `window_funnel`, and sixteen bytes more for each row of c1
//! and for each that is excluded, and each value of `by` once. Cost: as `window_funnel`, and a
//! lookup of `by` for each row of c1. Errors: those of `window_funnel`, and more than four billion
//! values of `by`, at execution.

mod starts;
mod state;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use self::state::{BY, CONDITIONS, FunnelChainState};
use super::call::{Call, check};
use super::state::TS;
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::keys::result_type;
use crate::parameter::{Kind, Parameter, with_conditions};
use crate::registry::Described;

const NAME: &str = "funnel_chain";

/// The deepest chain and what it is split by.
#[user_doc(
    doc_section(label = "Funnels"),
    description = "The deepest chain of steps of one customer, as `window_funnel_events` finds it, where a row on which `exclude` holds ends every chain begun, and the value of `by` at step 1: a step of the report `funnel`. Returns STRUCT(by, times LIST of the type of `ts`), NULL when no row fulfils c1.",
    syntax_example = "funnel_chain(window, modes, ts, exclude, by, c1, …)",
    sql_example = "```sql
SELECT customer, funnel_chain(86400, 'strict_once', day, page = 'help', device, page = 'cart', page = 'pay') AS chain
FROM (VALUES ('ada', DATE '2024-03-01', 'cart', 'phone'), ('ada', DATE '2024-03-02', 'pay', 'desk'),
             ('bob', DATE '2024-03-01', 'cart', 'desk'), ('bob', DATE '2024-03-01', 'help', 'desk'),
             ('bob', DATE '2024-03-02', 'pay', 'desk')) AS visits(customer, day, page, device)
GROUP BY customer ORDER BY customer;
+----------+----------------------------------------------+
| customer | chain                                        |
+----------+----------------------------------------------+
| ada      | {by: phone, times: [2024-03-01, 2024-03-02]} |
| bob      | {by: desk, times: [2024-03-01]}              |
+----------+----------------------------------------------+
```",
    argument(
        name = "window",
        description = "The constant longest time from the first step to the last: an INTERVAL of days, hours or seconds, or a number of seconds. A gap equal to it is inside."
    ),
    argument(
        name = "modes",
        description = "A constant comma-separated list, as in `window_funnel`; NULL for none."
    ),
    argument(
        name = "ts",
        description = "When something happened: DATE or TIMESTAMP, with or without a zone. NULLs are skipped."
    ),
    argument(
        name = "exclude",
        description = "A condition; a row on which it holds ends every chain begun, after the steps of rows at the same time. NULL is false."
    ),
    argument(
        name = "by",
        description = "A key of any type that can be hashed. Of several rows at the start of the chain, the least value counts; NULLs come last. Unsigned integers come back as signed ones, BIGINT UNSIGNED as DECIMAL(20,0)."
    ),
    argument(
        name = "c1",
        description = "The conditions c1 to c32 of the steps, as many as there are. NULL is false."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct FunnelChain;

impl Described for FunnelChain {
    const PARAMETERS: &'static [Parameter] = &with_conditions::<5, 37>([
        Parameter::required("window", Kind::ConstantSpan),
        Parameter::required("modes", Kind::ConstantText),
        Parameter::required("ts", Kind::Time),
        Parameter::required("exclude", Kind::Condition),
        Parameter::required("by", Kind::Key),
    ]);

    fn check(constants: &Constants) -> Result<()> {
        check(constants)
    }
}

/// The fields of the result, of times and values of `by` of these types.
fn result_fields(times: &DataType, by: &DataType) -> Fields {
    Fields::from(vec![
        Field::new("by", result_type(by), true),
        Field::new("times", DataType::new_list(times.clone(), true), true),
    ])
}

impl Aggregating for FunnelChain {
    const NAME: &'static str = NAME;

    const HOLISTIC: bool = true;

    type State = FunnelChainState;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        let fields = result_fields(fields[TS].data_type(), fields[BY].data_type());
        Ok(DataType::Struct(fields))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        state::state_fields(fields[BY].data_type())
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<FunnelChainState> {
        let (times, by) = (fields[TS].data_type(), fields[BY].data_type());
        let call = Call::new(constants, times)?;
        FunnelChainState::new(call, fields.len() - CONDITIONS, times, by)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests;
