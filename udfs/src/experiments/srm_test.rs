//! `srm_test(variant, expected_shares)`: whether the rows split over the variants as planned.
//!
//! Definition: Pearson's chi-square test. With o rows of a variant, n of all, and its share s of
//! those expected, statistic = Σ (o − n·s)² / (n·s), p_value = P(χ² ≥ statistic) with one degree
//! of freedom fewer than variants. A p-value below 0.001 or so is a sample ratio mismatch: the
//! experiment's numbers are not to be trusted before its cause is found.
//!
//! - `variant`, any type that can be hashed. NULLs are skipped.
//! - `expected_shares`, constant: a list of positive numbers, one for each variant in ascending
//!   order, of any scale: `[0.5, 0.5]`, `[1, 1]` and `[50, 50]` are the same.
//!
//! Result: STRUCT(n BIGINT, statistic DOUBLE, p_value DOUBLE); NULL without rows; p_value is NULL
//! for one variant, which cannot be off.
//!
//! State: 8 bytes for each group and variant, and the variant. Cost: a hash lookup a row.
//! Errors, at planning: types and shares; at execution: another number of variants than of
//! shares, also when a variant has no row at all.
//! Source: Fabijan et al. 2019, *Diagnosing Sample Ratio Mismatch in Online Controlled
//! Experiments*; scipy's `chisquare`.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StructArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::{can_cast_types, cast};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Float64Type, Int64Type};
use datafusion::common::{exec_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::variants::Variants;
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::lists::{elements, list_field, list_of};
use crate::math::shares::chi_square;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::rows::counted;
use crate::sql_types::sql_name;

const NAME: &str = "srm_test";

const SHARES: &str = "expected_shares";

/// What `expected_shares` may be, for messages.
const EXPECTED: &str = "a constant list of positive numbers, one for each variant";

/// The test of a sample ratio mismatch.
#[user_doc(
    doc_section(label = "Experiments"),
    description = "Whether the rows split over the variants as planned: the chi-square test of a sample ratio mismatch, for any number of variants. Returns STRUCT(n BIGINT, statistic DOUBLE, p_value DOUBLE): the rows, Pearson's chi-square, and how likely a split is that is at least so far off; NULL without rows. Another number of variants than of shares is an error.",
    syntax_example = "srm_test(variant, expected_shares)",
    sql_example = "```sql
SELECT test['n'] AS n, test['statistic'] AS chi_square, round(test['p_value'], 4) AS p_value
FROM (
  SELECT srm_test(CASE WHEN visit <= 460 THEN 'a' ELSE 'b' END, [0.5, 0.5]) AS test
  FROM generate_series(1, 1000) AS visits(visit)
);
+------+------------+---------+
| n    | chi_square | p_value |
+------+------------+---------+
| 1000 | 6.4        | 0.0114  |
+------+------------+---------+
```",
    argument(
        name = "variant",
        description = "Which variant a row belongs to: any type that can be hashed. NULLs are skipped."
    ),
    argument(
        name = "expected_shares",
        description = "The constant list of the variants' shares in ascending order of the variants: positive numbers of any scale, so `[1, 1]` is a half each."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SrmTest;

impl Described for SrmTest {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("variant", Kind::Key),
        Parameter::required(SHARES, Kind::Constant),
    ];

    fn check(constants: &Constants) -> Result<()> {
        shares(constants).map(drop)
    }
}

/// The type in which shares are read.
fn shares_type() -> DataType {
    DataType::new_list(DataType::Float64, true)
}

/// The shares of a call.
fn shares(constants: &Constants) -> Result<Vec<f64>> {
    let wrong = || constants.out_of_range(SHARES, EXPECTED);
    let given = constants.value(SHARES).ok_or_else(wrong)?;
    if !is_list(&given.data_type()) {
        return Err(wrong());
    }
    let list = cast(&given.to_array()?, &shares_type()).map_err(|_| wrong())?;
    let values = list.as_list::<i32>().value(0);
    let values = values.as_primitive::<Float64Type>();
    let shares = values.iter().map(|share| {
        let positive = |share: &f64| share.is_finite() && *share > 0.0;
        share.filter(positive).ok_or_else(wrong)
    });
    let shares = shares.collect::<Result<Vec<f64>>>()?;
    match shares.iter().sum::<f64>() {
        whole if whole.is_finite() && whole > 0.0 => Ok(shares),
        _ => Err(wrong()),
    }
}

fn is_list(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::List(_)
            | DataType::LargeList(_)
            | DataType::ListView(_)
            | DataType::LargeListView(_)
            | DataType::FixedSizeList(..)
    )
}

fn result_fields() -> Fields {
    Fields::from(vec![
        Field::new("n", DataType::Int64, true),
        Field::new("statistic", DataType::Float64, true),
        Field::new("p_value", DataType::Float64, true),
    ])
}

impl Aggregating for SrmTest {
    const NAME: &'static str = NAME;

    type State = CountState;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        let given = fields[1].data_type();
        if given.is_null() || is_list(given) && can_cast_types(given, &shares_type()) {
            return Ok(DataType::Struct(result_fields()));
        }
        plan_err!(
            "argument \"{SHARES}\" of {NAME} must be {EXPECTED}, got {}",
            sql_name(given)
        )
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        vec![
            Variants::state_field(fields[0].data_type()),
            list_field("rows", DataType::Int64),
        ]
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<CountState> {
        Ok(CountState {
            shares: shares(constants)?.into(),
            variants: Variants::of_call(NAME, fields[0].data_type(), constants)?,
            rows: Vec::new(),
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// How many rows each group and variant has.
pub(super) struct CountState {
    shares: Arc<[f64]>,
    variants: Variants,
    /// By variant.
    rows: Vec<i64>,
}

/// What is known of a group with rows: how many they are, and the test.
type Tested = (i64, (Option<f64>, Option<f64>));

impl CountState {
    fn tested(&self, variants: &[u32]) -> Result<Option<Tested>> {
        if variants.is_empty() {
            return Ok(None);
        }
        if variants.len() != self.shares.len() {
            return exec_err!(
                "{NAME} expects {} variants by their shares, got {}: {}; a variant without rows \
                 cannot be told from one that was never planned",
                self.shares.len(),
                variants.len(),
                self.variants.names(variants)?
            );
        }
        let rows: Vec<i64> = variants.iter().map(|v| self.rows[*v as usize]).collect();
        let n = rows.iter().fold(0, |n: i64, rows| n.saturating_add(*rows));
        Ok(Some((n, chi_square(&rows, &self.shares))))
    }
}

impl GroupedState for CountState {
    fn grow(&mut self, groups: usize) {
        self.variants.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let counted = counted(filter, &[&values[0]]);
        let group = |row: usize| group_indices[row];
        let variants = self.variants.number(&values[0], counted.as_ref(), group)?;
        self.rows.resize(self.variants.len(), 0);
        for variant in variants {
            self.rows[variant as usize] += 1;
        }
        Ok(())
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        let variants = self.variants.merge(&state[0], group_indices)?;
        self.rows.resize(self.variants.len(), 0);
        let rows = elements(state[1].as_list::<i64>());
        for (variant, rows) in variants
            .iter()
            .zip(rows.as_primitive::<Int64Type>().values())
        {
            let own = &mut self.rows[*variant as usize];
            *own = own.saturating_add(*rows);
        }
        Ok(())
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let grouped = self.variants.by_group(groups);
        let tested = (0..groups).map(|group| {
            interrupt::check()?;
            self.tested(grouped.of(group))
        });
        let tested = tested.collect::<Result<Vec<_>>>()?;
        let n: Int64Array = tested.iter().map(|group| Some((*group)?.0)).collect();
        let number = |of: fn(Tested) -> Option<f64>| -> ArrayRef {
            let numbers = tested.iter().map(|group| of((*group)?));
            Arc::new(numbers.collect::<Float64Array>())
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(n),
            number(|(_, (statistic, _))| statistic),
            number(|(_, (_, p_value))| p_value),
        ];
        let known: NullBuffer = tested.iter().map(Option::is_some).collect();
        let result = StructArray::try_new(result_fields(), columns, Some(known))?;
        Ok(Arc::new(result))
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let grouped = self.variants.by_group(groups);
        let rows = grouped.numbers.iter().map(|v| self.rows[*v as usize]);
        let rows = Int64Array::from_iter_values(rows);
        let lengths = (0..groups).map(|group| grouped.of(group).len());
        Ok(vec![
            self.variants.state(&grouped)?,
            list_of(Arc::new(rows), lengths),
        ])
    }

    fn discard(&mut self, groups: usize) {
        let staying = self.variants.discard(groups);
        self.rows = staying.iter().map(|old| self.rows[*old as usize]).collect();
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let mut each = Self {
            shares: Arc::clone(&self.shares),
            variants: self.variants.emptied(rows)?,
            rows: Vec::new(),
        };
        let groups: Vec<usize> = (0..rows).collect();
        each.update(values, &groups, filter)?;
        each.state(rows)
    }

    fn groups(&self) -> usize {
        self.variants.groups()
    }

    fn heap_size(&self) -> usize {
        self.variants.heap_size() + self.rows.capacity() * size_of::<i64>()
    }
}

#[cfg(test)]
mod tests;
