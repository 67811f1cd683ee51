//! `bgnbd_alive(params, frequency, recency, age)`: the probability that a customer is still
//! active.
//!
//! Definition: P(alive | x, t_x, T) = 1 / (1 + a/(b+x−1) · ((alpha+T)/(alpha+t_x))^(r+x)) of the
//! BG/NBD model, and 1 where x = 0, as nobody becomes inactive before a repeat purchase there.
//!
//! - `params`, a STRUCT with the numbers r, alpha, a and b, as `bgnbd_fit` gives it.
//! - `frequency`, `recency`, `age`: as in `bgnbd_fit`. A NULL in any argument, or among the
//!   parameters, has a NULL result.
//!
//! Result: DOUBLE from 0 to 1. State: none. Cost: three transcendental functions a row.
//! Errors, at planning: types; at execution: parameters that are not greater than 0, and a row
//! that cannot be, with its numbers.
//! Source: P. S. Fader and B. G. S. Hardie (2008), *Computing P(alive) Using the BG/NBD Model*.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::bgnbd_expected::FIELDS;
use super::params::{Arguments, check_params};
use crate::arguments::as_doubles;
use crate::constants::Constants;
use crate::math::bgnbd::{BgNbd, Customer};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::scalar::PerRow;

const NAME: &str = "bgnbd_alive";

/// The probability that a customer is still active.
#[user_doc(
    doc_section(label = "Lifetime value"),
    description = "The probability that a customer is still active, by the BG/NBD model. Returns a DOUBLE from 0 to 1, which is 1 without repeat purchases; NULL when an argument or a parameter is NULL.",
    syntax_example = "bgnbd_alive(params, frequency, recency, age)",
    sql_example = "```sql
SELECT recency, round(bgnbd_alive(fit, 2, recency, 38.86), 6) AS alive
FROM (VALUES (named_struct('r', 0.243, 'alpha', 4.414, 'a', 0.793, 'b', 2.426), 30.43),
             (named_struct('r', 0.243, 'alpha', 4.414, 'a', 0.793, 'b', 2.426), 5.0))
  AS fits(fit, recency);
+---------+----------+
| recency | alive    |
+---------+----------+
| 30.43   | 0.726579 |
| 5.0     | 0.123679 |
+---------+----------+
```",
    argument(
        name = "params",
        description = "The parameters: a STRUCT with the numbers r, alpha, a and b, as `bgnbd_fit` gives it."
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
pub(super) struct BgnbdAlive;

impl Described for BgnbdAlive {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("params", Kind::Value),
        Parameter::required("frequency", Kind::Amount),
        Parameter::required("recency", Kind::Amount),
        Parameter::required("age", Kind::Amount),
    ];
}

impl PerRow for BgnbdAlive {
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
        let results = arguments.results(|[r, alpha, a, b], [frequency, recency, age]| {
            let customer = Customer {
                frequency,
                recency,
                age,
            };
            match customer.fault() {
                Some(fault) => Err(fault),
                None => Ok(BgNbd { r, alpha, a, b }.alive(&customer)),
            }
        });
        Ok(Arc::new(results?))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
