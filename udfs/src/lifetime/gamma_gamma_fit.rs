//! `gamma_gamma_fit(frequency, monetary)`: the parameters of the Gamma-Gamma model of spending
//! by maximum likelihood.
//!
//! Definition: p, q and v that make Σ ln f greatest, with f of [`crate::math::gamma_gamma`],
//! over customers with x = `frequency` amounts of mean m = `monetary`: what `clv_summary` gives.
//!
//! - `frequency`, a whole number of any type, not negative.
//! - `monetary`, any number, not negative. Rows with a NULL in either argument are skipped, and
//!   those where either is 0, of which the model says nothing.
//!
//! Result: STRUCT(p, q, v, log_likelihood DOUBLE, converged BOOLEAN); v is in the unit of money.
//! NULL when no row counts. `converged` is as in `bgnbd_fit`: false where there is no maximum,
//! as where all customers spend the same.
//!
//! State: 32 bytes a distinct row of a group; equal rows are counted. Cost: a sort, and three
//! searches of ten to thirty evaluations of the likelihood, 0.1 µs a distinct row each; all of it
//! for the rows so far at each step of a window that grows.
//! Errors, at planning: types; at execution: a row that cannot be, with its numbers.
//! Source: P. S. Fader and B. G. S. Hardie (2013), *The Gamma-Gamma Model of Monetary Value*.

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::fitted::{FitState, Model, result_fields, state_fields};
use crate::aggregate::Aggregating;
use crate::arguments::as_doubles;
use crate::constants::Constants;
use crate::math::gamma_gamma::{fault, fit};
use crate::math::newton::Fit;
use crate::math::tally::Tallied;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

const NAME: &str = "gamma_gamma_fit";

/// The parameters of the Gamma-Gamma model.
#[user_doc(
    doc_section(label = "Lifetime value"),
    description = "The parameters of the Gamma-Gamma model of how much customers spend, by maximum likelihood over one row a customer, as `clv_summary` gives them. Returns STRUCT(p DOUBLE, q DOUBLE, v DOUBLE, log_likelihood DOUBLE, converged BOOLEAN); v is in the unit of money. Customers without repeat purchases, or worth nothing, are left out; NULL when none is left. `converged` is false where there is no maximum, as where all spend the same; the parameters are the best that were found then.",
    syntax_example = "gamma_gamma_fit(frequency, monetary)",
    sql_example = "```sql
SELECT round(fit['p'], 4) AS p, round(fit['q'], 4) AS q, round(fit['v'], 4) AS v,
       fit['converged'] AS converged
FROM (
  SELECT gamma_gamma_fit(frequency, monetary) AS fit
  FROM (VALUES (1, 35.0), (2, 21.5), (1, 80.0), (3, 30.2), (6, 44.0), (1, 12.0), (2, 95.0),
               (0, 0.0), (4, 18.1), (1, 51.0)) AS customers(frequency, monetary)
);
+--------+--------+---------+-----------+
| p      | q      | v       | converged |
+--------+--------+---------+-----------+
| 3.8256 | 4.8543 | 42.8059 | true      |
+--------+--------+---------+-----------+
```",
    argument(
        name = "frequency",
        description = "Repeat purchases: a whole number, not negative. Rows with 0 or with a NULL in either argument are left out."
    ),
    argument(
        name = "monetary",
        description = "The mean amount of these: a number, not negative. Rows with 0 are left out."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct GammaGammaFit;

impl Described for GammaGammaFit {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("frequency", Kind::Amount),
        Parameter::required("monetary", Kind::Amount),
    ];
}

impl Model<2, 3> for GammaGammaFit {
    const FUNCTION: &'static str = NAME;

    const FITTED: [&'static str; 3] = ["p", "q", "v"];

    fn fault([frequency, monetary]: &[f64; 2]) -> Option<&'static str> {
        fault(*frequency, *monetary)
    }

    fn counts([frequency, monetary]: &[f64; 2]) -> bool {
        *frequency > 0.0 && *monetary > 0.0
    }

    fn fit(rows: &[Tallied<2>]) -> Option<Fit<3>> {
        fit(rows)
    }
}

impl Aggregating for GammaGammaFit {
    const NAME: &'static str = NAME;

    type State = FitState<Self, 2, 3>;

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
