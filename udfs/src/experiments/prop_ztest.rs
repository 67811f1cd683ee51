//! `prop_ztest(converted, variant [, method [, control]])`: whether two variants differ in how
//! many of their rows convert.
//!
//! Definition: with n rows of each variant, of which k converted, and p = k/n,
//!
//! - effect = p_b − p_a,
//! - statistic z = effect / √v, where v is p(1 − p)(1/n_a + 1/n_b) with p = (k_a + k_b)/(n_a + n_b)
//!   for `'pooled'`, and p_a(1 − p_a)/n_a + p_b(1 − p_b)/n_b for `'unpooled'`,
//! - p_value, two-sided, of the standard normal distribution,
//! - lower and upper, Wald's 95 % interval of the effect, whose variance is never pooled.
//!
//! - `converted`, BOOLEAN; NULL is false, so that what was joined and not found did not convert.
//! - `variant`, any type that can be hashed. NULLs are skipped. A group has two, at most.
//! - `method`, constant: `'pooled'` (default), the variance as it is without a difference, or
//!   `'unpooled'`, in any case.
//! - `control`, constant: which variant is a. Default: the smallest.
//!
//! Result: STRUCT(n_a BIGINT, n_b BIGINT, effect DOUBLE, statistic DOUBLE, p_value DOUBLE, lower
//! DOUBLE, upper DOUBLE); NULL without rows. With rows of one variant only, n_a and n_b are known
//! and the others NULL. A variance of 0, where all rows convert or none does, leaves NULL what
//! divides by it, and no interval.
//!
//! State: a count and a sum for each group and variant, 40 bytes and the variant's. Cost: a hash
//! lookup a row.
//! Errors, at planning: types, methods, a control that is no variant's value; at execution: more
//! than two variants, or two without the control.
//! Source: statsmodels' `proportions_ztest` and `test_proportions_2indep(method='wald')`.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::compared::compared_type;
use super::sums::{Sum, SumState, SumTest, state_fields};
use super::variants::Variants;
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::math::comparison::Comparison;
use crate::math::mean_tests::{ProportionVariance, Sample, proportions};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

const NAME: &str = "prop_ztest";

/// The z test of two proportions.
#[user_doc(
    doc_section(label = "Experiments"),
    description = "Whether two variants differ in the share of rows that convert: the z test of two proportions. Returns STRUCT(n_a BIGINT, n_b BIGINT, effect DOUBLE, statistic DOUBLE, p_value DOUBLE, lower DOUBLE, upper DOUBLE), where a is the control and b the treatment: their rows, the difference of the shares (b − a), z, the two-sided p-value, and Wald's 95 % interval of the difference; NULL without rows, and NULL fields for what is not defined, as where all convert. More than two variants in a group are an error: filter the rows.",
    syntax_example = "prop_ztest(converted, variant [, method [, control]])",
    sql_example = "```sql
SELECT round(test['effect'], 6) AS effect, round(test['statistic'], 7) AS z, round(test['p_value'], 7) AS p_value
FROM (
  SELECT prop_ztest(converted, variant, 'unpooled') AS test
  FROM (
    SELECT 'a' AS variant, visit <= 10 AS converted FROM generate_series(1, 100) AS control(visit)
    UNION ALL
    SELECT 'b', visit <= 11 FROM generate_series(1, 101) AS treatment(visit)
  )
);
+----------+-----------+-----------+
| effect   | z         | p_value   |
+----------+-----------+-----------+
| 0.008911 | 0.2065672 | 0.8363478 |
+----------+-----------+-----------+
```",
    argument(
        name = "converted",
        description = "Whether a row converted: BOOLEAN. NULL is false."
    ),
    argument(
        name = "variant",
        description = "Which variant a row belongs to: any type that can be hashed. NULLs are skipped."
    ),
    argument(
        name = "method",
        description = "The constant that says how the variance of the statistic is estimated: `'pooled'` (default), from both variants together, or `'unpooled'`, from each its own."
    ),
    argument(
        name = "control",
        description = "The constant variant that is a, the control. Default: the smallest."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PropZtest;

impl Described for PropZtest {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("converted", Kind::Condition),
        Parameter::required("variant", Kind::Key),
        Parameter::optional("method", Kind::ConstantText),
        Parameter::optional("control", Kind::Constant),
    ];

    fn check(constants: &Constants) -> Result<()> {
        method(constants).map(drop)
    }
}

fn method(constants: &Constants) -> Result<ProportionVariance> {
    let methods = [
        ("pooled", ProportionVariance::Pooled),
        ("unpooled", ProportionVariance::Unpooled),
    ];
    let method = constants.word("method", &methods)?;
    Ok(method.unwrap_or(ProportionVariance::Pooled))
}

impl Aggregating for PropZtest {
    const NAME: &'static str = NAME;

    type State = SumState<Proportions>;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        compared_type(NAME, &fields[1], fields.get(3))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        state_fields(fields[1].data_type())
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<SumState<Proportions>> {
        let variants = Variants::of_call(NAME, fields[1].data_type(), constants)?;
        Ok(SumState::new(Proportions(method(constants)?), variants))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The test on how many rows converted.
pub(super) struct Proportions(ProportionVariance);

impl SumTest for Proportions {
    const COLUMNS: usize = 1;

    const SUMS: &'static [Sum] = &[Sum::Of(0)];

    fn columns(values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        let converted = values[0].as_boolean();
        let yes = |row| converted.is_valid(row) && converted.value(row);
        let ones = (0..converted.len()).map(|row| if yes(row) { 1.0 } else { 0.0 });
        Ok(vec![Arc::new(Float64Array::from_iter_values(ones))])
    }

    fn compare(&self, a: &Sample, b: &Sample) -> Comparison {
        proportions(a, b, self.0)
    }
}

#[cfg(test)]
mod tests;
