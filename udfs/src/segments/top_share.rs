//! `top_share(x, fraction)`: how much of a total its largest members hold.
//!
//! Definition: the sum of the largest `fraction`·n of n values over the sum of all. Where
//! `fraction`·n is no whole number, the next member counts in part: it is 1 − L(1 − `fraction`)
//! on the Lorenz curve L, which is straight between two members.
//!
//! - `x`, any number, one row a member, not negative. NULLs are skipped: a member who holds
//!   nothing has to come as 0.
//! - `fraction`, a constant number above 0 and at most 1.
//!
//! Result: DOUBLE, at least `fraction` and at most 1; NULL without members, and where the total
//! is 0, of which nobody has a share. Equal values need no order.
//!
//! State: every value, twelve bytes each. Cost: a sort of each group at the end, and of the
//! rows so far at each step of a window that grows. The result has the same bits whatever the
//! order of the rows.
//! Errors, at planning: types, `fraction` out of range; at execution: a value that is negative
//! or not finite.
//! Source: Lorenz (1905), *Methods of Measuring the Concentration of Wealth*.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::inequality::{Inequality, Measure};
use crate::aggregate::Aggregating;
use crate::arguments::as_doubles;
use crate::constants::Constants;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

const NAME: &str = "top_share";

/// What `fraction` may be, for messages.
const FRACTION: &str = "a number above 0 and at most 1";

/// The share of the largest members.
#[user_doc(
    doc_section(label = "Segments"),
    description = "The share of a total that its largest members hold, one row a member: with `fraction` 0.2, what the top 20 % hold. Returns a DOUBLE; NULL without values, or where their total is 0. Where the fraction of the members is no whole number, the next one counts in part: with four members 20 % are four fifths of the largest. A value that is negative or not finite is an error.",
    syntax_example = "top_share(x, fraction)",
    sql_example = "```sql
SELECT top_share(spent, 0.2) AS a_fifth, top_share(spent, 0.5) AS a_half
FROM (VALUES (80.00), (8.00), (6.00), (4.00), (2.00)) AS customers(spent);
+---------+--------+
| a_fifth | a_half |
+---------+--------+
| 0.8     | 0.91   |
+---------+--------+
```",
    argument(
        name = "x",
        description = "What a member holds: any number that is not negative. NULLs are skipped; members who hold nothing count when they come as 0."
    ),
    argument(
        name = "fraction",
        description = "Which part of the members are the top: a constant number above 0 and at most 1."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct TopShare;

impl Described for TopShare {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("x", Kind::Amount),
        Parameter::required("fraction", Kind::ConstantDouble),
    ];

    fn check(constants: &Constants) -> Result<()> {
        fraction_of_call(constants).map(drop)
    }
}

fn fraction_of_call(constants: &Constants) -> Result<f64> {
    constants
        .double("fraction")?
        .filter(|fraction| 0.0 < *fraction && *fraction <= 1.0)
        .ok_or_else(|| constants.out_of_range("fraction", FRACTION))
}

impl Aggregating for TopShare {
    const NAME: &'static str = NAME;

    type State = Inequality;

    fn retype(types: &mut [DataType]) {
        as_doubles(types.iter_mut().take(1));
    }

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Float64)
    }

    fn state_fields(_fields: &[FieldRef]) -> Vec<Field> {
        Inequality::fields()
    }

    fn state(_fields: &[FieldRef], constants: &Constants) -> Result<Inequality> {
        let fraction = fraction_of_call(constants)?;
        Ok(Inequality::new(NAME, Measure::TopShare(fraction)))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
