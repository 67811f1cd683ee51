//! `window_funnel_events(window [, modes], ts, c1 … c32)`: when each step was taken.
//!
//! Definition: the times of the deepest chain of `window_funnel`; of equally deep ones the one
//! that started last, and of those the one that takes each step as early as can be.
//!
//! Arguments, state, cost and errors are those of `window_funnel`. Result: LIST of the type of
//! `ts`, never NULL, with one a step; empty when no row fulfils c1 or there is none. Error, at execution: more times
//! than a list column can hold. Where the search ends early, as with `'strict_order'`, rows after
//! its end count no more, and those before count however many steps have been taken already. With
//! `'strict_deduplication'` and `'strict_once'`, which of several rows of one time is the first to
//! take a step may decide when the chain starts: it is the one with the least sum of 2 to the power
//! of i over the ci that it fulfils.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::call::{Call, check};
use super::state::{FunnelState, TS, Wanted};
use super::window_funnel::PARAMETERS;
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::events::Events;
use crate::parameter::Parameter;
use crate::registry::Described;

pub(super) const NAME: &str = "window_funnel_events";

/// The times of the deepest chain.
#[user_doc(
    doc_section(label = "Funnels"),
    description = "The times of the deepest chain of steps that `window_funnel` finds, one a step; of equally deep chains the one that started last, with each step as early as can be. Returns a LIST of the type of `ts`, empty when no row fulfils c1.",
    syntax_example = "window_funnel_events(window [, modes], ts, c1, …)",
    sql_example = "```sql
SELECT window_funnel_events(INTERVAL '1 hour', at, page = 'cart', page = 'pay') AS times
FROM (VALUES (TIMESTAMP '2024-03-01 08:00:00', 'cart'),
             (TIMESTAMP '2024-03-01 10:00:00', 'cart'),
             (TIMESTAMP '2024-03-01 10:30:00', 'pay')) AS visits(at, page);
+--------------------------------------------+
| times                                      |
+--------------------------------------------+
| [2024-03-01T10:00:00, 2024-03-01T10:30:00] |
+--------------------------------------------+
```",
    argument(
        name = "window",
        description = "The constant longest time from the first step to the last: an INTERVAL of days, hours or seconds, or a number of seconds. A gap equal to it is inside."
    ),
    argument(
        name = "modes",
        description = "A constant comma-separated list, as in `window_funnel`. Default: none."
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
pub(crate) struct WindowFunnelEvents;

impl Described for WindowFunnelEvents {
    const PARAMETERS: &'static [Parameter] = PARAMETERS;

    fn check(constants: &Constants) -> Result<()> {
        check(constants)
    }
}

impl Aggregating for WindowFunnelEvents {
    const NAME: &'static str = NAME;

    const NULLABLE: bool = false;

    const HOLISTIC: bool = true;

    type State = FunnelState;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::new_list(fields[TS].data_type().clone(), true))
    }

    fn state_fields(_fields: &[FieldRef]) -> Vec<Field> {
        Events::state_fields()
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<FunnelState> {
        let times = fields[TS].data_type();
        let call = Call::new(constants, times)?;
        let steps = fields.len() - TS - 1;
        Ok(FunnelState::new(call, steps, Wanted::Times(times.clone())))
    }

    fn of_nothing(result: &DataType) -> Result<ScalarValue> {
        ScalarValue::new_default(result)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
