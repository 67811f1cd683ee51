//! `mann_whitney(x, variant [, control])`: whether the values of one variant tend to be larger.
//!
//! Definition: over all pairs of a row of the control a and one of the treatment b, with U the
//! number of pairs in which b's value is larger, ties counting half,
//!
//! - effect = U / (n_a·n_b) − 1/2: how much likelier than a coin's a random value of b is to be
//!   the larger one, from −1/2 to 1/2,
//! - statistic = U,
//! - p_value, two-sided, of z = (|U − n_a·n_b/2| − 1/2) / σ against the standard normal
//!   distribution, where σ² = n_a·n_b/12 · (n + 1 − Σ(t³ − t)/(n(n − 1))) and t are the numbers
//!   of equal values among all n: the test with corrections for ties and continuity,
//! - lower and upper, Brunner and Munzel's 95 % interval of the effect, by Student's t, which
//!   does not suppose that the values are spread alike. It may pass ±1/2 in small samples.
//!
//! - `x`, any number, compared as a DOUBLE. A row in which it is NULL is skipped.
//! - `variant`, any type that can be hashed. NULLs are skipped. A group has two, at most.
//! - `control`, constant: which variant is a. Default: the smallest.
//!
//! Result: STRUCT(n_a BIGINT, n_b BIGINT, effect DOUBLE, statistic DOUBLE, p_value DOUBLE, lower
//! DOUBLE, upper DOUBLE); NULL without rows. With rows of one variant only, or with a NaN, n_a and
//! n_b are known and the others NULL. There is no interval with fewer than two rows of a variant,
//! and none where all values are equal (the p-value is 1) or no two overlap.
//!
//! State: 16 bytes for each distinct value of a group and variant, at most twice that between
//! sorts, and the variants. Cost: a hash lookup a row and a sort.
//! Errors, at planning: types, a control that is no variant's value; at execution: more than two
//! variants, or two without the control.
//! Source: Mann & Whitney 1947 and Brunner & Munzel 2000; scipy's
//! `mannwhitneyu(method='asymptotic')`, statsmodels' `rank_compare_2indep(use_t=True)`.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::compared::{Compared, compared_column, compared_type};
use super::variants::Variants;
use crate::aggregate::Aggregating;
use crate::arguments::as_doubles;
use crate::constants::Constants;
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::lists::{elements, list_field, list_of};
use crate::math::comparison::Comparison;
use crate::math::rank_test::mann_whitney;
use crate::math::tiles::ordered;
use crate::math::value_counts::{Count, ValueCounts, of_owner};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::rows::{counted, for_each_counted};

const NAME: &str = "mann_whitney";

/// The rank test.
#[user_doc(
    doc_section(label = "Experiments"),
    description = "Whether the values of one variant tend to be larger, whatever their distribution: Mann and Whitney's test (Wilcoxon's rank sum test), by the normal approximation with corrections for ties and continuity. Returns STRUCT(n_a BIGINT, n_b BIGINT, effect DOUBLE, statistic DOUBLE, p_value DOUBLE, lower DOUBLE, upper DOUBLE), where a is the control and b the treatment: their rows, the probability that a random value of b is larger than one of a (ties count half) less 1/2, U of b, the two-sided p-value, and Brunner and Munzel's 95 % interval of the effect; NULL without rows, and NULL fields for what is not defined. More than two variants in a group are an error: filter the rows.",
    syntax_example = "mann_whitney(x, variant [, control])",
    sql_example = "```sql
SELECT test['statistic'] AS u, round(test['effect'], 2) AS effect, round(test['p_value'], 4) AS p_value,
       round(test['lower'], 4) AS lower, round(test['upper'], 4) AS upper
FROM (
  SELECT mann_whitney(orders, variant) AS test
  FROM (VALUES ('a', 1), ('a', 2), ('a', 2), ('a', 3), ('a', 5),
               ('b', 2), ('b', 4), ('b', 5), ('b', 6), ('b', 7), ('b', 7)) AS customers(variant, orders)
);
+------+--------+---------+--------+--------+
| u    | effect | p_value | lower  | upper  |
+------+--------+---------+--------+--------+
| 25.5 | 0.35   | 0.0641  | 0.0782 | 0.6218 |
+------+--------+---------+--------+--------+
```",
    argument(
        name = "x",
        description = "The value whose ranks are compared: any number. Rows in which it is NULL are skipped."
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
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct MannWhitney;

impl Described for MannWhitney {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("x", Kind::Amount),
        Parameter::required("variant", Kind::Key),
        Parameter::optional("control", Kind::Constant),
    ];
}

impl Aggregating for MannWhitney {
    const NAME: &'static str = NAME;

    type State = RankState;

    fn retype(types: &mut [DataType]) {
        as_doubles(types.iter_mut().take(1));
    }

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        compared_type(NAME, &fields[1], fields.get(2))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        vec![
            Variants::state_field(fields[1].data_type()),
            // How many of the values each variant has.
            list_field("lengths", DataType::Int64),
            list_field("values", DataType::Int64),
            list_field("times", DataType::Int64),
        ]
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<RankState> {
        let variants = Variants::of_call(NAME, fields[1].data_type(), constants)?;
        Ok(RankState::of(variants))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The values of each group and variant.
pub(super) struct RankState {
    variants: Variants,
    /// The values by variant, as integers that order like them.
    values: ValueCounts,
}

impl RankState {
    fn of(variants: Variants) -> Self {
        Self {
            variants,
            values: ValueCounts::default(),
        }
    }

    fn compared(variants: &Variants, group: &[u32], sorted: &[Count]) -> Result<Compared> {
        let pair = variants.pair(group)?;
        if pair == [None, None] {
            return Ok(None);
        }
        let [a, b] = pair.map(|variant| match variant {
            Some(variant) => of_owner(sorted, variant),
            None => &[],
        });
        let rows = [a, b].map(|counts| {
            let rows = counts.iter().map(|count| i64::from(count.times));
            rows.fold(0, i64::saturating_add)
        });
        // A NaN is above everything else.
        let nan = ordered(f64::NAN);
        let broken = [a, b].map(|counts| counts.last().is_some_and(|last| last.value == nan));
        let comparison = match broken {
            [false, false] => mann_whitney(a, b),
            _ => Comparison::default(),
        };
        Ok(Some((rows, comparison)))
    }
}

impl GroupedState for RankState {
    fn grow(&mut self, groups: usize) {
        self.variants.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let counted = counted(filter, &[&values[0], &values[1]]);
        let group = |row: usize| group_indices[row];
        let owners = self.variants.number(&values[1], counted.as_ref(), group)?;
        let x = values[0].as_primitive::<Float64Type>().values();
        let mut rows = Vec::with_capacity(owners.len());
        for_each_counted(x.len(), counted.as_ref(), |row| rows.push(ordered(x[row])));
        let times = 1;
        let counts = owners.into_iter().zip(rows).map(|(owner, value)| Count {
            owner,
            times,
            value,
        });
        self.values.extend(counts);
        Ok(())
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        let variants = self.variants.merge(&state[0], group_indices)?;
        let [lengths, values, times] =
            [1, 2, 3].map(|column| elements(state[column].as_list::<i64>()));
        let [lengths, values, times] = [&lengths, &values, &times]
            .map(|column| column.as_primitive::<Int64Type>().values().iter().copied());
        let owners = variants
            .into_iter()
            .zip(lengths)
            .flat_map(|(owner, length)| {
                let length = usize::try_from(length).unwrap_or_default();
                std::iter::repeat_n(owner, length)
            });
        let rows = owners.zip(values).zip(times);
        self.values
            .extend(rows.map(|((owner, value), times)| Count {
                owner,
                times: u32::try_from(times).unwrap_or(u32::MAX),
                value,
            }));
        Ok(())
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let grouped = self.variants.by_group(groups);
        let sorted = self.values.sorted();
        let results = (0..groups).map(|group| {
            interrupt::check()?;
            Self::compared(&self.variants, grouped.of(group), sorted)
        });
        compared_column(&results.collect::<Result<Vec<_>>>()?)
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let grouped = self.variants.by_group(groups);
        let sorted = self.values.sorted();
        let (mut lengths, mut values, mut times) = (Vec::new(), Vec::new(), Vec::new());
        let (mut variant_lengths, mut value_lengths) = (Vec::new(), Vec::new());
        for group in 0..groups {
            let before = values.len();
            for variant in grouped.of(group) {
                let counts = of_owner(sorted, *variant);
                lengths.push(counts.len() as i64);
                values.extend(counts.iter().map(|count| count.value));
                times.extend(counts.iter().map(|count| i64::from(count.times)));
            }
            variant_lengths.push(grouped.of(group).len());
            value_lengths.push(values.len() - before);
        }
        Ok(vec![
            self.variants.state(&grouped)?,
            list_of(Arc::new(Int64Array::from(lengths)), variant_lengths),
            list_of(
                Arc::new(Int64Array::from(values)),
                value_lengths.iter().copied(),
            ),
            list_of(Arc::new(Int64Array::from(times)), value_lengths),
        ])
    }

    fn discard(&mut self, groups: usize) {
        let before = self.variants.len();
        let staying = self.variants.discard(groups);
        let mut renumbered = vec![None; before];
        for (new, old) in (0..).zip(staying) {
            renumbered[old as usize] = Some(new);
        }
        self.values.rename(|owner| renumbered[owner as usize]);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let mut each = Self::of(self.variants.emptied(rows)?);
        let groups: Vec<usize> = (0..rows).collect();
        each.update(values, &groups, filter)?;
        each.state(rows)
    }

    fn groups(&self) -> usize {
        self.variants.groups()
    }

    fn heap_size(&self) -> usize {
        self.variants.heap_size() + self.values.heap_size()
    }
}

#[cfg(test)]
mod tests;
