//! `gamma_gamma_expected(params, frequency, monetary)`: the mean amount that a customer is
//! expected to spend at a time.
//!
//! Definition: E[M | x, m] = p·(v + x·m)/(p·x + q − 1) of the Gamma-Gamma model: for x = 0 the
//! population's mean p·v/(q − 1), from which it moves to the customer's own mean m as x grows.
//!
//! - `params`, a STRUCT with the numbers p, q and v, as `gamma_gamma_fit` gives it.
//! - `frequency`, `monetary`: x and m, as in `gamma_gamma_fit`. A NULL in any argument, or among
//!   the parameters, has a NULL result.
//!
//! Result: DOUBLE; infinite where p·x + q ≤ 1, where the model has no mean. State: none. Cost:
//! a few multiplications a row.
//! Errors, at planning: types; at execution: parameters that are not greater than 0, and a row
//! that cannot be, with its numbers.
//! Source: P. S. Fader and B. G. S. Hardie (2013), *The Gamma-Gamma Model of Monetary Value*,
//! equation 5.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::params::{Arguments, check_params};
use crate::arguments::as_doubles;
use crate::constants::Constants;
use crate::math::gamma_gamma::{GammaGamma, fault};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::scalar::PerRow;

const NAME: &str = "gamma_gamma_expected";

/// The fields of `params`.
const FIELDS: [&str; 3] = ["p", "q", "v"];

/// The mean amount expected of a customer.
#[user_doc(
    doc_section(label = "Lifetime value"),
    description = "The mean amount that a customer is expected to spend at a time, by the Gamma-Gamma model: between the customer's own mean and that of all, which it is without repeat purchases. Returns a DOUBLE, infinite where the model has no mean (p·frequency + q ≤ 1); NULL when an argument or a parameter is NULL.",
    syntax_example = "gamma_gamma_expected(params, frequency, monetary)",
    sql_example = "```sql
SELECT frequency, monetary, round(gamma_gamma_expected(fit, frequency, monetary), 4) AS expected
FROM (VALUES (named_struct('p', 6.25, 'q', 3.744, 'v', 15.44), 0, 0.0),
             (named_struct('p', 6.25, 'q', 3.744, 'v', 15.44), 2, 22.345))
  AS fits(fit, frequency, monetary);
+-----------+----------+----------+
| frequency | monetary | expected |
+-----------+----------+----------+
| 0         | 0.0      | 35.1676  |
| 2         | 22.345   | 24.6531  |
+-----------+----------+----------+
```",
    argument(
        name = "params",
        description = "The parameters: a STRUCT with the numbers p, q and v, as `gamma_gamma_fit` gives it."
    ),
    argument(
        name = "frequency",
        description = "Repeat purchases: a whole number, not negative."
    ),
    argument(
        name = "monetary",
        description = "The mean amount of these: a number, not negative."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct GammaGammaExpected;

impl Described for GammaGammaExpected {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("params", Kind::Value),
        Parameter::required("frequency", Kind::Amount),
        Parameter::required("monetary", Kind::Amount),
    ];
}

impl PerRow for GammaGammaExpected {
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
        let results = arguments.results(|[p, q, v], [frequency, monetary]| {
            match fault(frequency, monetary) {
                Some(fault) => Err(fault),
                None => Ok(GammaGamma { p, q, v }.expected(frequency, monetary)),
            }
        });
        Ok(Arc::new(results?))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}
