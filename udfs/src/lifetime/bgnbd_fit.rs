//! `bgnbd_fit(frequency, recency, age)`: the parameters of the BG/NBD model by maximum
//! likelihood.
//!
//! Definition: r, α, a and b that make Σ ln L greatest, with L of [`crate::math::bgnbd`], over
//! customers with x = `frequency` repeat purchases, the last at t_x = `recency` after the first,
//! until T = `age` after it: what `clv_summary` gives.
//!
//! - `frequency`, a whole number of any type, not negative.
//! - `recency`, `age`, any numbers, of one unit of time: 0 ≤ recency ≤ age, and recency = 0
//!   where frequency is 0. Rows with a NULL in any argument are skipped.
//!
//! Result: STRUCT(r, alpha, a, b, log_likelihood DOUBLE, converged BOOLEAN); alpha is in the unit
//! of time. NULL when no row counts. `converged` is true where the parameters are a maximum:
//! the second derivatives say so, and Newton's step there is below 1e-7 of each. Otherwise the
//! likelihood grows towards infinite or vanishing parameters, as it does where nobody, or only
//! one customer, came back, and they are the best that were found.
//!
//! State: 40 bytes a distinct row of a group; equal rows are counted. Cost: a sort, and three
//! searches of ten to thirty evaluations of the likelihood, 0.1 µs a distinct row each; all of it
//! for the rows so far at each step of a window that grows.
//! Errors, at planning: types; at execution: a row that cannot be, with its numbers.
//! Source: Fader, Hardie and Lee (2005), *"Counting Your Customers" the Easy Way: An Alternative
//! to the Pareto/NBD Model*, Marketing Science 24 (2).

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::fitted::{FitState, Model, result_fields, state_fields};
use crate::aggregate::Aggregating;
use crate::arguments::as_doubles;
use crate::constants::Constants;
use crate::math::bgnbd::{Customer, fit};
use crate::math::newton::Fit;
use crate::math::tally::Tallied;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

const NAME: &str = "bgnbd_fit";

/// The parameters of the BG/NBD model.
#[user_doc(
    doc_section(label = "Lifetime value"),
    description = "The parameters of the BG/NBD model of repeat purchases, by maximum likelihood over one row a customer, as `clv_summary` gives them. Returns STRUCT(r DOUBLE, alpha DOUBLE, a DOUBLE, b DOUBLE, log_likelihood DOUBLE, converged BOOLEAN); alpha is in the unit of recency and age. NULL when no row counts. Where there is no maximum (too few customers, or none who came back) the likelihood grows towards infinite or vanishing parameters: `converged` is false then, and the parameters are the best that were found.",
    syntax_example = "bgnbd_fit(frequency, recency, age)",
    sql_example = "```sql
SELECT round(fit['r'], 4) AS r, round(fit['alpha'], 4) AS alpha, round(fit['a'], 4) AS a,
       round(fit['b'], 4) AS b, fit['converged'] AS converged
FROM (
  SELECT bgnbd_fit(frequency, recency, age) AS fit
  FROM (VALUES (0, 0.0, 30.0), (0, 0.0, 38.0), (1, 2.0, 36.0), (2, 30.5, 39.0), (0, 0.0, 27.0),
               (5, 21.0, 33.0), (1, 24.0, 31.0), (9, 34.0, 38.0), (0, 0.0, 35.0), (3, 8.0, 29.0))
    AS customers(frequency, recency, age)
);
+--------+--------+--------+---------+-----------+
| r      | alpha  | a      | b       | converged |
+--------+--------+--------+---------+-----------+
| 0.4866 | 5.1889 | 2.9594 | 19.1078 | true      |
+--------+--------+--------+---------+-----------+
```",
    argument(
        name = "frequency",
        description = "Repeat purchases: a whole number, not negative. Rows with a NULL in any argument are skipped."
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
pub(super) struct BgnbdFit;

impl Described for BgnbdFit {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("frequency", Kind::Amount),
        Parameter::required("recency", Kind::Amount),
        Parameter::required("age", Kind::Amount),
    ];
}

impl Model<3, 4> for BgnbdFit {
    const FUNCTION: &'static str = NAME;

    const FITTED: [&'static str; 4] = ["r", "alpha", "a", "b"];

    fn fault([frequency, recency, age]: &[f64; 3]) -> Option<&'static str> {
        let customer = Customer {
            frequency: *frequency,
            recency: *recency,
            age: *age,
        };
        customer.fault()
    }

    fn fit(rows: &[Tallied<3>]) -> Option<Fit<4>> {
        fit(rows)
    }
}

impl Aggregating for BgnbdFit {
    const NAME: &'static str = NAME;

    type State = FitState<Self, 3, 4>;

    fn retype(types: &mut [DataType]) {
        as_doubles(types);
    }

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::Struct(result_fields(Self::FITTED)))
    }

    fn state_fields(_fields: &[FieldRef]) -> Vec<Field> {
        state_fields()
    }

    fn state(_fields: &[FieldRef], _constants: &Constants) -> Result<Self::State> {
        Ok(FitState::new())
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests;
