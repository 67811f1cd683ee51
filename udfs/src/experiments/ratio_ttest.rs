//! `ratio_ttest(numerator, denominator, variant [, control])`: whether two variants differ in a
//! ratio of sums, such as revenue an order or clicks a view, where rows are what was randomised.
//!
//! Definition: with r = Σx / Σy for each variant, x the numerator and y the denominator, over n
//! rows,
//!
//! - effect = r_b − r_a,
//! - statistic z = effect / √(v_a + v_b), where by the delta method
//!   v = (var(x) − 2·r·cov(x, y) + r²·var(y)) / (n·ȳ²), with variances over n − 1,
//! - p_value, two-sided, of the standard normal distribution,
//! - lower and upper, the 95 % interval of the effect by the same distribution.
//!
//! - `numerator`, `denominator`, any numbers, taken as DOUBLE: what a customer, or whatever else
//!   the variants were dealt to, adds to each, a row each. Rows with a NULL are skipped.
//! - `variant`, any type that can be hashed. NULLs are skipped. A group has two, at most.
//! - `control`, constant: which variant is a. Default: the smallest.
//!
//! Result: STRUCT(n_a BIGINT, n_b BIGINT, effect DOUBLE, statistic DOUBLE, p_value DOUBLE, lower
//! DOUBLE, upper DOUBLE); NULL without rows. With rows of one variant only, n_a and n_b are known
//! and the others NULL. NULL, too, is what a denominator of 0 in all, fewer than two rows of a
//! variant, rows that do not vary at all or a value that is not finite leave undefined.
//!
//! State: a count and five exact sums for each group and variant, 168 bytes and the variant's.
//! Cost: a hash lookup and some twenty additions a row.
//! Errors, at planning: types, a control that is no variant's value; at execution: more than two
//! variants, or two without the control.
//! Source: Deng, Knoblich & Lu 2018, *Applying the Delta Method in Metric Analytics*.

use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::sums::{MeanTest, Sum, SumTest};
use crate::math::comparison::Comparison;
use crate::math::mean_tests::{Sample, ratios};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

/// The z test of two ratios, by the delta method.
#[user_doc(
    doc_section(label = "Experiments"),
    description = "Whether two variants differ in a ratio of sums, such as revenue an order or clicks a view, when a row is what was randomised (a customer with all of its orders, say): the z test with the variance that the delta method gives. Returns STRUCT(n_a BIGINT, n_b BIGINT, effect DOUBLE, statistic DOUBLE, p_value DOUBLE, lower DOUBLE, upper DOUBLE), where a is the control and b the treatment: their rows, the difference of Σnumerator / Σdenominator (b − a), z, the two-sided p-value, and the 95 % interval of the difference; NULL without rows, and NULL fields for what is not defined. More than two variants in a group are an error: filter the rows.",
    syntax_example = "ratio_ttest(numerator, denominator, variant [, control])",
    sql_example = "```sql
SELECT round(test['effect'], 4) AS effect, round(test['statistic'], 4) AS z, round(test['p_value'], 4) AS p_value
FROM (
  SELECT ratio_ttest(clicks, views, variant) AS test
  FROM (VALUES ('a', 1, 9), ('a', 2, 11), ('a', 0, 4), ('b', 3, 10), ('b', 4, 12), ('b', 1, 5))
    AS customers(variant, clicks, views)
);
+--------+--------+---------+
| effect | z      | p_value |
+--------+--------+---------+
| 0.1713 | 3.3625 | 0.0008  |
+--------+--------+---------+
```",
    argument(
        name = "numerator",
        description = "What a row adds to the numerator: any number. Rows in which it is NULL are skipped."
    ),
    argument(
        name = "denominator",
        description = "What a row adds to the denominator: any number. Rows in which it is NULL are skipped."
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
pub(super) struct RatioTtest;

impl Described for RatioTtest {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("numerator", Kind::Amount),
        Parameter::required("denominator", Kind::Amount),
        Parameter::required("variant", Kind::Key),
        Parameter::optional("control", Kind::Constant),
    ];
}

impl SumTest for RatioTtest {
    const COLUMNS: usize = 2;

    /// Σx, Σy, Σx², Σy² and Σxy.
    const SUMS: &'static [Sum] = &[
        Sum::Of(0),
        Sum::Of(1),
        Sum::Product(0, 0),
        Sum::Product(1, 1),
        Sum::Product(0, 1),
    ];

    fn compare(&self, a: &Sample, b: &Sample) -> Comparison {
        ratios(a, b)
    }
}

impl MeanTest for RatioTtest {
    const FUNCTION: &'static str = "ratio_ttest";

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
        assert_any_split_equals_one_pass::<RatioTtest>();
    }
}
