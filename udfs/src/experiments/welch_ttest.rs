//! `welch_ttest(x, variant [, control])`: whether two variants differ in the mean of a value.
//!
//! Definition: with means x̄, sample variances s² (over n − 1) and n rows of each variant,
//!
//! - effect = x̄_b − x̄_a,
//! - statistic t = effect / √(s²_a/n_a + s²_b/n_b),
//! - p_value, two-sided, of Student's t with Welch and Satterthwaite's degrees of freedom
//!   (s²_a/n_a + s²_b/n_b)² / ((s²_a/n_a)²/(n_a − 1) + (s²_b/n_b)²/(n_b − 1)),
//! - lower and upper, the 95 % interval of the effect by the same distribution.
//!
//! - `x`, any number, taken as a DOUBLE. A row in which it is NULL is skipped.
//! - `variant`, any type that can be hashed. NULLs are skipped. A group has two, at most.
//! - `control`, constant: which variant is a. Default: the smallest.
//!
//! Result: STRUCT(n_a BIGINT, n_b BIGINT, effect DOUBLE, statistic DOUBLE, p_value DOUBLE, lower
//! DOUBLE, upper DOUBLE); NULL without rows. With rows of one variant only, n_a and n_b are known
//! and the others NULL. Without two rows of each, without variance in either, or with a value that
//! is not finite or whose square is not, only the effect remains, if that.
//!
//! State: a count and two exact sums for each group and variant, 72 bytes and the variant's. Sums
//! lose nothing, so that neither order nor merges matter, nor how far from 0 the values lie.
//! Cost: a hash lookup and a few additions a row.
//! Errors, at planning: types, a control that is no variant's value; at execution: more than two
//! variants, or two without the control.
//! Source: Welch 1947; R's `t.test`, scipy's `ttest_ind(equal_var=False)`.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::sums::{MeanTest, Sum, SumTest};
use crate::math::comparison::Comparison;
use crate::math::mean_tests::{Sample, welch};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

/// Welch's t test.
#[user_doc(
    doc_section(label = "Experiments"),
    description = "Whether two variants differ in the mean of a value: Welch's t test, which takes the variants' variances as they are. Returns STRUCT(n_a BIGINT, n_b BIGINT, effect DOUBLE, statistic DOUBLE, p_value DOUBLE, lower DOUBLE, upper DOUBLE), where a is the control and b the treatment: their rows, the difference of the means (b − a), t, the two-sided p-value, and the 95 % interval of the difference; NULL without rows, and NULL fields for what is not defined, as with fewer than two rows of a variant, or where nothing varies. More than two variants in a group are an error: filter the rows.",
    syntax_example = "welch_ttest(x, variant [, control])",
    sql_example = "```sql
SELECT test['n_a'] AS n_a, test['n_b'] AS n_b, test['effect'] AS effect,
       round(test['p_value'], 4) AS p_value, round(test['lower'], 4) AS lower, round(test['upper'], 4) AS upper
FROM (
  SELECT welch_ttest(spent, variant) AS test
  FROM (VALUES ('a', 10), ('a', 12), ('a', 14), ('b', 13), ('b', 15), ('b', 20)) AS visits(variant, spent)
);
+-----+-----+--------+---------+--------+--------+
| n_a | n_b | effect | p_value | lower  | upper  |
+-----+-----+--------+---------+--------+--------+
| 3   | 3   | 4.0    | 0.1878  | -3.408 | 11.408 |
+-----+-----+--------+---------+--------+--------+
```",
    argument(
        name = "x",
        description = "The value whose means are compared: any number. Rows in which it is NULL are skipped."
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
pub(super) struct WelchTtest;

impl Described for WelchTtest {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("x", Kind::Amount),
        Parameter::required("variant", Kind::Key),
        Parameter::optional("control", Kind::Constant),
    ];
}

impl SumTest for WelchTtest {
    const COLUMNS: usize = 1;

    /// Σx and Σx².
    const SUMS: &'static [Sum] = &[Sum::Of(0), Sum::Product(0, 0)];

    fn compare(&self, a: &Sample, b: &Sample) -> Comparison {
        welch(a, b)
    }
}

impl MeanTest for WelchTtest {
    const FUNCTION: &'static str = "welch_ttest";

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
        assert_any_split_equals_one_pass::<WelchTtest>();
    }
}
