//! `nth_time(ts, n)`: when something happened for the n-th time.
//!
//! Definition: the n-th of the times in ascending order, equal ones counted separately.
//!
//! - `ts`, DATE or TIMESTAMP of any unit, with or without a zone. NULLs are skipped.
//! - `n`, a constant whole number from 1 to 268,435,456.
//!
//! Result: of the type of `ts`, with its zone; NULL when there are fewer than n times. State:
//! 8·n bytes a group up to n = 16, see [`crate::math::smallest`]; above, up to 32 bytes for each
//! of the times kept, which are n at most. Cost: a comparison for a row that is not among the
//! first n so far; a further one up to n ≤ 16, log n above.
//! Errors, at planning: types, n out of range. As a window function it takes frames that begin
//! with the partition.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, BinaryViewBuilder, BooleanArray, Int64Array,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::math::smallest::Smallest;
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;
use crate::rows::counted;
use crate::times::{for_each_time, time_column};

const NAME: &str = "nth_time";

/// The largest `n`: the times of one group are one value of the state, of 2 GiB at most.
const MOST: i64 = 1 << 28;

/// Bytes of one time in the state.
const TIME_BYTES: usize = size_of::<i64>();

/// The n-th time.
#[user_doc(
    doc_section(label = "Cohorts and retention"),
    description = "When something happened for the n-th time: the n-th smallest `ts`, equal ones counted separately. Returns the type of `ts`, with its zone; NULL when there are fewer than n times.",
    syntax_example = "nth_time(ts, n)",
    alternative_syntax = "nth_time(ts, n) OVER (PARTITION BY customer)",
    sql_example = "```sql
SELECT customer, nth_time(ts, 2) AS second_order
FROM (VALUES ('ada', DATE '2024-03-09'), ('ada', DATE '2024-01-05'), ('ada', DATE '2024-02-29'),
             ('bob', DATE '2024-03-01')) AS orders(customer, ts)
GROUP BY customer
ORDER BY customer;
+----------+--------------+
| customer | second_order |
+----------+--------------+
| ada      | 2024-02-29   |
| bob      |              |
+----------+--------------+
```",
    argument(
        name = "ts",
        description = "When something happened: DATE or TIMESTAMP, with or without a zone. NULLs are skipped."
    ),
    argument(
        name = "n",
        description = "Which of the times, from 1, the earliest: a constant whole number up to 268,435,456."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct NthTime;

impl Described for NthTime {
    const PARAMETERS: &'static [Parameter] = &[
        Parameter::required("ts", Kind::Time),
        Parameter::required("n", Kind::ConstantInteger),
    ];

    fn check(constants: &Constants) -> Result<()> {
        n_of_call(constants).map(drop)
    }
}

fn n_of_call(constants: &Constants) -> Result<usize> {
    let n = constants.integer("n")?;
    n.filter(|n| (1..=MOST).contains(n))
        .and_then(|n| usize::try_from(n).ok())
        .ok_or_else(|| constants.out_of_range("n", &format!("a whole number from 1 to {MOST}")))
}

impl Aggregating for NthTime {
    const NAME: &'static str = NAME;

    type State = NthTimeState;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        Ok(fields[0].data_type().clone())
    }

    fn state_fields(_fields: &[FieldRef]) -> Vec<Field> {
        vec![Field::new("first", DataType::BinaryView, false)]
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<NthTimeState> {
        Ok(NthTimeState {
            data_type: fields[0].data_type().clone(),
            first: Smallest::new(n_of_call(constants)?),
        })
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// The first n times of each group, in the unit in which they came.
///
/// As a state they are the bytes of one value a group: with a single time, as most rows of a
/// query with many groups are passed on, it lies in the view itself and is copied like a number.
pub(crate) struct NthTimeState {
    data_type: DataType,
    first: Smallest,
}

impl GroupedState for NthTimeState {
    fn grow(&mut self, groups: usize) {
        self.first.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let times = &values[0];
        let counted = counted(filter, &[times]);
        // Which of the two it is, is asked once a batch and not once a row.
        match &mut self.first {
            Smallest::Few(few) => for_each_time(times, counted.as_ref(), |row, time| {
                few.add(group_indices[row], time);
            }),
            Smallest::Many(many) => for_each_time(times, counted.as_ref(), |row, time| {
                many.add(group_indices[row], time);
            }),
        }
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        let lists = state[0].as_binary_view();
        match &mut self.first {
            Smallest::Few(few) => for_each_kept(lists, |row, time| {
                few.add(group_indices[row], time);
            }),
            Smallest::Many(many) => for_each_kept(lists, |row, time| {
                many.add(group_indices[row], time);
            }),
        }
        Ok(())
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let times = (0..groups).map(|group| {
            interrupt::check()?;
            Ok(self.first.nth(group))
        });
        time_column(times.collect::<Result<Int64Array>>()?, &self.data_type)
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let mut lists = BinaryViewBuilder::with_capacity(groups);
        let mut bytes = Vec::new();
        for group in 0..groups {
            bytes.clear();
            self.first
                .for_each(group, |time| bytes.extend_from_slice(&time.to_le_bytes()));
            lists.try_append_value(&bytes)?;
        }
        Ok(vec![Arc::new(lists.finish())])
    }

    fn discard(&mut self, groups: usize) {
        self.first.discard(groups);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let counted = counted(filter, &[&values[0]]);
        // A view of no bytes is all zeros.
        let mut views = vec![0_u128; values[0].len()];
        for_each_time(&values[0], counted.as_ref(), |row, time| {
            views[row] = view_of(time);
        })?;
        let lists = BinaryViewArray::try_new(views.into(), Vec::new(), None)?;
        Ok(vec![Arc::new(lists)])
    }

    fn groups(&self) -> usize {
        self.first.len()
    }

    fn heap_size(&self) -> usize {
        self.first.heap_size()
    }
}

/// The view whose value is the bytes of one time: its length in the lowest 32 bits, then they.
fn view_of(time: i64) -> u128 {
    TIME_BYTES as u128 | u128::from(time.cast_unsigned()) << 32
}

/// Calls `each` with the row and every time that a state holds in it.
fn for_each_kept(lists: &BinaryViewArray, mut each: impl FnMut(usize, i64)) {
    for (row, view) in lists.views().iter().enumerate() {
        if *view as u32 == TIME_BYTES as u32 {
            each(row, ((view >> 32) as u64).cast_signed());
        } else {
            let (times, _) = lists.value(row).as_chunks();
            times
                .iter()
                .for_each(|time| each(row, i64::from_le_bytes(*time)));
        }
    }
}

#[cfg(test)]
mod tests {
    use datafusion::arrow::array::UInt64Array;
    use datafusion::arrow::compute::take;
    use datafusion::common::ScalarValue;
    use datafusion::logical_expr::AggregateUDF;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::aggregate::Aggregate;
    use crate::cohorts::samples::{Times, filter, passes};
    use crate::testing::{Argument, Case};

    const GROUPS: usize = 5;

    /// Random times of every type, with and without ties, against each group's sorted rows.
    #[test]
    fn any_split_equals_one_pass() {
        for seed in 0..96 {
            let rng = &mut StdRng::seed_from_u64(seed);
            let rows = rng.random_range(0..400);
            let days = [4, 36_000][rng.random_range(0..2)];
            let times = Times::random(rng, rows, days).column;
            let n = [1, 2, 3, 10, 16, 17, 30, 1_000][rng.random_range(0..8)];
            let groups: Vec<usize> = (0..rows).map(|_| rng.random_range(0..GROUPS)).collect();
            let filter = filter(rng, rows);
            let mut ticks = vec![0; rows];
            for_each_time(&times, times.nulls(), |row, time| ticks[row] = time).unwrap();
            let nth = |group: usize| {
                let mut chosen: Vec<usize> = (0..rows)
                    .filter(|&row| groups[row] == group && passes(filter.as_ref(), row))
                    .filter(|&row| times.is_valid(row))
                    .collect();
                chosen.sort_by_key(|&row| ticks[row]);
                chosen.get(n - 1).map(|&row| row as u64)
            };
            let chosen: UInt64Array = (0..GROUPS).map(nth).collect();
            let expected = take(&times, &chosen, None).unwrap();
            let case = Case {
                function: Arc::new(AggregateUDF::from(Aggregate::new(NthTime))),
                arguments: vec![
                    Argument::Column(Arc::clone(&times)),
                    Argument::Constant(ScalarValue::from(n as i64)),
                ],
                groups: groups.clone(),
                filter: filter.clone(),
            };
            case.assert_every_route(&expected, seed);
        }
    }
}
