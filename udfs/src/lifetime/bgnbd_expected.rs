//! `bgnbd_expected(params, t, frequency, recency, age)`: the purchases that a customer is
//! expected to make in the next `t`.
//!
//! Definition: E[Y(t) | x, t_x, T] of the BG/NBD model, by the sum or the integral of
//! [`crate::math::bgnbd_future`], which agree with the printed formula to 1e-12 and hold where
//! that one has no digits left.
//!
//! - `params`, a STRUCT with the numbers r, alpha, a and b, as `bgnbd_fit` gives it.
//! - `t`, a number in the unit of time of alpha, not negative.
//! - `frequency`, `recency`, `age`: as in `bgnbd_fit`. A NULL in any argument, or among the
//!   parameters, has a NULL result.
//!
//! Result: DOUBLE, 0 where `t` is 0. State: none. Cost: some 5 ns for each of about (r+x)·y +
//! 40·(1+y) terms, with y = t/(alpha + age), and at most some ten µs.
//! Errors, at planning: types; at execution: parameters that are not greater than 0, a negative
//! `t`, a row that cannot be, and numbers so large or small that y or the result is beyond a
//! DOUBLE, with these numbers.
//! Source: Fader, Hardie and Lee (2005), equation 10.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::params::{Arguments, check_params};
use crate::arguments::as_doubles;
use crate::constants::Constants;
use crate::math::bgnbd::{BgNbd, Customer};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::scalar::PerRow;

const NAME: &str = "bgnbd_expected";

/// The fields of `params`.
pub(super) const FIELDS: [&str; 4] = ["r", "alpha", "a", "b"];

/// The purchases expected of a customer.
#[user_doc(
    doc_section(label = "Lifetime value"),
    description = "The purchases that a customer is expected to make in the next `t`, by the BG/NBD model. Returns a DOUBLE; NULL when an argument or a parameter is NULL.",
    syntax_example = "bgnbd_expected(params, t, frequency, recency, age)",
    sql_example = "```sql
SELECT round(bgnbd_expected(fit, 39, 2, 30.43, 38.86), 6) AS purchases
FROM (VALUES (named_struct('r', 0.243, 'alpha', 4.414, 'a', 0.793, 'b', 2.426))) AS fits(fit);
+-----------+
| purchases |
+-----------+
| 1.226028  |
+-----------+
```",
    argument(
        name = "params",
        description = "The parameters: a STRUCT with the numbers r, alpha, a and b, as `bgnbd_fit` gives it."
    ),
    argument(
        name = "t",
        description = "The time ahead, in the unit of recency and age: a number, not negative."
    ),
    argument(
        name = "frequency",
        description = "Repeat purchases: a whole number, not negative."
    ),
    argument(
        name = "recency",
        description = "Time from the first purchase to the last: a number, at most `age`, and 0 where `frequency` is 0."
    ),
    argument(
        name = "age",
        description = "Time from the first purchase until now, in the same unit."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct BgnbdExpected;

impl Described for BgnbdExpected {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("params", Kind::Value),
        Parameter::required("t", Kind::Amount),
        Parameter::required("frequency", Kind::Amount),
        Parameter::required("recency", Kind::Amount),
        Parameter::required("age", Kind::Amount),
    ];
}

impl PerRow for BgnbdExpected {
    const NAME: &'static str = NAME;

    fn retype(types: &mut [DataType]) {
        as_doubles(types.iter_mut().skip(1));
    }

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        check_params(NAME, FIELDS, fields)?;
        Ok(DataType::Float64)
    }

    fn evaluate(columns: &[ArrayRef], _rows: usize, _constants: &Constants) -> Result<ArrayRef> {
        let arguments = Arguments::new::<Self>(FIELDS, columns)?;
        let results = arguments.results(|[r, alpha, a, b], [t, frequency, recency, age]| {
            let customer = Customer {
                frequency,
                recency,
                age,
            };
            if !(t.is_finite() && t >= 0.0) {
                return Err("t must be finite and not negative");
            }
            match customer.fault() {
                Some(fault) => Err(fault),
                None => {
                    let purchases = BgNbd { r, alpha, a, b }.expected(t, &customer);
                    let purchases = Some(purchases).filter(|purchases| purchases.is_finite());
                    purchases.ok_or("the purchases expected are beyond a DOUBLE")
                }
            }
        });
        Ok(Arc::new(results?))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
