//! `exact_sum(amount)`: a sum that is exact, or an error.
//!
//! Definition: Σ `amount`, rounded once, at the end, where the amounts are REAL or DOUBLE
//! (to the nearest DOUBLE, ties to even), and not at all otherwise. Unlike SUM it gives
//! the same bits whatever the order of the rows, the threads and the size of batches, and
//! never wraps around.
//!
//! - `amount`, any number. NULLs are skipped.
//!
//! Result: BIGINT of integers, DECIMAL(p + 10, s) of DECIMAL(p, s) with 38 digits at most
//! (76 where p is more than 38), DECIMAL(30, 0) of unsigned 64-bit integers, DOUBLE of
//! REAL and DOUBLE; NULL when there is no amount.
//!
//! State: 17 bytes a group, 33 where p is more than 38; a DOUBLE whose amounts differ so
//! much that two doubles do not hold their sum, a few more. Cost: that of SUM; for DOUBLE
//! a few additions more a row.
//! Errors, at planning: types; at execution: a sum that does not fit the result.
//! Source: the sums of doubles are Shewchuk's (1997), see [`crate::math::exact_sum`].

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use super::sums::{MoneySums, amount_type, carried_type, sum_type};
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::grouped::GroupedState;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::rows::{counted, for_each_counted, with_nulls};

const NAME: &str = "exact_sum";

/// A sum that is exact, or an error.
#[user_doc(
    doc_section(label = "Money"),
    description = "The sum of amounts, exact until the end: the same bits whatever the order of the rows, the number of threads and the size of batches, and an error where a sum does not fit its type. Returns a BIGINT of integers, a DECIMAL with up to ten more digits of DECIMAL, a DOUBLE, rounded once, of REAL and DOUBLE; NULL when there is no amount. SUM rounds a DOUBLE at each row and lets a BIGINT or DECIMAL wrap around.",
    syntax_example = "exact_sum(amount)",
    sql_example = "```sql
SELECT customer, exact_sum(amount) AS spent
FROM (VALUES ('ada', 0.1), ('ada', 0.2), ('ada', 0.3), ('bob', 0.3), ('bob', 0.2), ('bob', 0.1))
  AS orders(customer, amount)
GROUP BY customer
ORDER BY customer;
+----------+-------+
| customer | spent |
+----------+-------+
| ada      | 0.6   |
| bob      | 0.6   |
+----------+-------+
```",
    argument(
        name = "amount",
        description = "What is summed: any number. NULLs are skipped."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct ExactSum;

impl Described for ExactSum {
    const PARAMETERS: &'static [Parameter] = &[Parameter::required("amount", Kind::Amount)];
}

impl Aggregating for ExactSum {
    const NAME: &'static str = NAME;

    type State = ExactSumState;

    fn retype(types: &mut [DataType]) {
        if let [amount, ..] = types {
            *amount = amount_type(amount);
        }
    }

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        Ok(sum_type(fields[0].data_type()))
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        let carried = carried_type(&sum_type(fields[0].data_type()));
        vec![Field::new("sum", carried, true)]
    }

    fn state(fields: &[FieldRef], _constants: &Constants) -> Result<ExactSumState> {
        ExactSumState::try_new(sum_type(fields[0].data_type()))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The sum of each group.
pub(crate) struct ExactSumState {
    sum_type: DataType,
    sums: MoneySums,
    /// Whether any of the group's amounts was not NULL.
    known: Vec<bool>,
}

impl ExactSumState {
    fn try_new(sum_type: DataType) -> Result<Self> {
        Ok(Self {
            sums: MoneySums::try_new(NAME, &sum_type)?,
            sum_type,
            known: Vec::new(),
        })
    }

    fn remember(&mut self, group_indices: &[usize], nulls: Option<&NullBuffer>) {
        let known = &mut self.known;
        for_each_counted(group_indices.len(), nulls, |row| {
            known[group_indices[row]] = true;
        });
    }

    /// The first `groups` of a column with an entry a group: NULL without amounts.
    fn known(&self, column: &ArrayRef, groups: usize) -> Result<ArrayRef> {
        with_nulls(column, Some(NullBuffer::from(&self.known[..groups])))
    }
}

/// The numbers from 0 on, `n` of them.
fn first(n: usize) -> Vec<u32> {
    (0..).take(n).collect()
}

impl GroupedState for ExactSumState {
    fn grow(&mut self, groups: usize) {
        self.sums.resize(groups);
        self.known.resize(groups, false);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let counted = counted(filter, &[&values[0]]);
        self.remember(group_indices, counted.as_ref());
        match filter {
            None => self.sums.add(group_indices, &values[0]),
            Some(_) => self
                .sums
                .add(group_indices, &with_nulls(&values[0], counted)?),
        }
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        self.remember(group_indices, state[0].nulls());
        self.sums.merge(group_indices, &state[0])
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let sums = self.sums.finish(&first(groups))?;
        self.known(&sums, groups)
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let sums = self.sums.carry(&first(groups));
        Ok(vec![self.known(&sums, groups)?])
    }

    fn discard(&mut self, groups: usize) {
        let staying = first(self.known.len()).split_off(groups);
        self.sums.keep(&staying);
        self.known.drain(..groups);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let mut each = Self::try_new(self.sum_type.clone())?;
        each.grow(rows);
        let groups: Vec<usize> = (0..rows).collect();
        each.update(values, &groups, filter)?;
        each.state(rows)
    }

    fn groups(&self) -> usize {
        self.known.len()
    }

    fn heap_size(&self) -> usize {
        self.sums.size() + self.known.capacity()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::array::{Decimal128Array, Decimal256Array, Float64Array, Int64Array};
    use datafusion::arrow::datatypes::i256;
    use datafusion::logical_expr::AggregateUDF;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::aggregate::Aggregate;
    use crate::testing::{Argument, Case};

    const GROUPS: usize = 9;

    /// Amounts of each kind that cancel out to a part of their size, some NULL, of random
    /// groups and under a random filter, against whole numbers summed in order.
    #[test]
    fn any_split_equals_one_pass() {
        for seed in 0..60 {
            let rng = &mut StdRng::seed_from_u64(seed);
            let rows = rng.random_range(0..200);
            // A double holds each amount, but not every sum of them.
            let most = 1_i64 << rng.random_range(1..=53);
            let amounts: Vec<Option<i64>> = (0..rows)
                .map(|_| rng.random_bool(0.9).then(|| rng.random_range(-most..most)))
                .collect();
            let groups: Vec<usize> = (0..rows).map(|_| rng.random_range(0..GROUPS)).collect();
            let filter: Option<BooleanArray> = rng.random_bool(0.5).then(|| {
                (0..rows)
                    .map(|_| rng.random_bool(0.9).then(|| rng.random_bool(0.5)))
                    .collect()
            });
            let sum = |group: usize| {
                let passed = |f: &BooleanArray, row| f.is_valid(row) && f.value(row);
                let amounts = (0..rows)
                    .filter(|&row| groups[row] == group)
                    .filter(|&row| filter.as_ref().is_none_or(|f| passed(f, row)))
                    .filter_map(|row| amounts[row].map(i128::from));
                amounts.reduce(|sum, amount| sum + amount)
            };
            let sums: Vec<Option<i128>> = (0..GROUPS).map(sum).collect();
            let kind = rng.random_range(0..4);
            let case = Case {
                function: Arc::new(AggregateUDF::from(Aggregate::new(ExactSum))),
                arguments: vec![Argument::Column(money(
                    kind,
                    amounts.iter().map(|amount| amount.map(i128::from)),
                    [20, 40],
                ))],
                groups: groups.clone(),
                filter: filter.clone(),
            };
            case.assert_every_route(&money(kind, sums.into_iter(), [30, 50]), seed);
        }
    }

    /// A column in one of the kinds of money, the decimals with so many digits.
    fn money(
        kind: usize,
        values: impl Iterator<Item = Option<i128>>,
        [narrow, wide]: [u8; 2],
    ) -> ArrayRef {
        match kind {
            0 => Arc::new(
                values
                    .map(|value| value.map(|value| i64::try_from(value).unwrap()))
                    .collect::<Int64Array>(),
            ),
            1 => {
                let values: Decimal128Array = values.collect();
                Arc::new(values.with_precision_and_scale(narrow, 2).unwrap())
            }
            2 => {
                let values = values.map(|value| value.map(i256::from_i128));
                let values: Decimal256Array = values.collect();
                Arc::new(values.with_precision_and_scale(wide, 2).unwrap())
            }
            // A cast rounds to nearest, ties to even.
            _ => Arc::new(
                values
                    .map(|value| value.map(|value| value as f64))
                    .collect::<Float64Array>(),
            ),
        }
    }
}
