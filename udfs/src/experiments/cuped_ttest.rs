//! `cuped_ttest(x, covariate, variant [, control])`: whether two variants differ in the mean of a
//! value, with less noise by what was known before.
//!
//! Definition: Welch's test, as `welch_ttest` has it, of x − θ·(c − c̄), where c is the covariate,
//! c̄ its mean over both variants and θ = cov(x, c) / var(c), over both variants as well. A
//! covariate from before the experiment, as the same value of the weeks before, cannot depend on
//! the variant, so that the effect stays what it is and its variance shrinks by the squared
//! correlation of x and c.
//!
//! - `x`, any number, taken as a DOUBLE. A row in which it is NULL is skipped.
//! - `covariate`, likewise: who was not there before needs a value, such as 0, to count.
//! - `variant`, any type that can be hashed. NULLs are skipped. A group has two, at most.
//! - `control`, constant: which variant is a. Default: the smallest.
//!
//! Result: STRUCT(n_a BIGINT, n_b BIGINT, effect DOUBLE, statistic DOUBLE, p_value DOUBLE, lower
//! DOUBLE, upper DOUBLE); NULL without rows. The effect is the adjusted one. A covariate that does
//! not vary adjusts nothing. Otherwise NULL is as in `welch_ttest`.
//!
//! State: a count and five exact sums for each group and variant, 168 bytes and the variant's.
//! Cost: a hash lookup and some twenty additions a row.
//! Errors, at planning: types, a control that is no variant's value; at execution: more than two
//! variants, or two without the control.
//! Source: Deng, Xu, Kohavi & Walker 2013, *Improving the Sensitivity of Online Controlled
//! Experiments by Utilizing Pre-Experiment Data*.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::sums::{MeanTest, Sum, SumTest};
use crate::math::comparison::Comparison;
use crate::math::mean_tests::{Sample, cuped};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

/// Welch's t test, adjusted by a covariate.
#[user_doc(
    doc_section(label = "Experiments"),
    description = "Whether two variants differ in the mean of a value, adjusted by a covariate from before the experiment (CUPED): Welch's t test of x − θ·(covariate − its mean), with θ = cov(x, covariate) / var(covariate) over both variants. Returns STRUCT(n_a BIGINT, n_b BIGINT, effect DOUBLE, statistic DOUBLE, p_value DOUBLE, lower DOUBLE, upper DOUBLE), as welch_ttest does, of the adjusted means; NULL without rows, and NULL fields for what is not defined. More than two variants in a group are an error: filter the rows.",
    syntax_example = "cuped_ttest(x, covariate, variant [, control])",
    sql_example = "```sql
SELECT round(plain['effect'], 3) AS effect, round(plain['p_value'], 3) AS p_value,
       round(adjusted['effect'], 3) AS adjusted, round(adjusted['p_value'], 3) AS adjusted_p
FROM (
  SELECT welch_ttest(spent, variant) AS plain, cuped_ttest(spent, spent_before, variant) AS adjusted
  FROM (VALUES ('a', 10, 8), ('a', 21, 20), ('a', 33, 31), ('b', 15, 9), ('b', 24, 19), ('b', 35, 30))
    AS visits(variant, spent, spent_before)
);
+--------+---------+----------+------------+
| effect | p_value | adjusted | adjusted_p |
+--------+---------+----------+------------+
| 3.333  | 0.725   | 3.658    | 0.003      |
+--------+---------+----------+------------+
```",
    argument(
        name = "x",
        description = "The value whose means are compared: any number. Rows in which it is NULL are skipped."
    ),
    argument(
        name = "covariate",
        description = "What was known before the experiment, such as the same value then: any number. Rows in which it is NULL are skipped, so give those without one a value."
    ),
    argument(
        name = "variant",
        description = "Which variant a row belongs to: any type that can be hashed. NULLs are skipped."
    ),
    argument(
        name = "control",
        description = "The constant variant that is a, the control. Default: the smallest."
    )
)]
#[derive(Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct CupedTtest;

impl Described for CupedTtest {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("x", Kind::Amount),
        Parameter::required("covariate", Kind::Amount),
        Parameter::required("variant", Kind::Key),
        Parameter::optional("control", Kind::Constant),
    ];
}

impl SumTest for CupedTtest {
    const COLUMNS: usize = 2;

    /// Σx, Σc, Σx², Σc² and Σxc.
    const SUMS: &'static [Sum] = &[
        Sum::Of(0),
        Sum::Of(1),
        Sum::Product(0, 0),
        Sum::Product(1, 1),
        Sum::Product(0, 1),
    ];

    fn compare(&self, a: &Sample, b: &Sample) -> Comparison {
        cuped(a, b)
    }
}

impl MeanTest for CupedTtest {
    const FUNCTION: &'static str = "cuped_ttest";

    fn described(&self) -> Option<&Documentation> {
        self.doc()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiments::testing::assert_any_split_equals_one_pass;

    #[test]
    fn any_split_equals_one_pass() {
        assert_any_split_equals_one_pass::<CupedTtest>();
    }
}
