//! `retention(c1, …)`: which conditions somebody who met the first one met at all.
//!
//! Definition: r₁ says whether any row meets c₁, and rᵢ whether any row meets c₁ and any row
//! meets cᵢ, in any order: times play no part.
//!
//! - `c1` … `c32`, BOOLEAN. A NULL is false.
//!
//! Result: LIST of BOOLEAN, as long as there are conditions; all false when there are no rows.
//! Where DataFusion itself supplies the answer for no rows, knowing only its type, the list is
//! empty: a correlated subquery without a match, a window's frame without rows. State: which
//! conditions were met, four bytes a group. Cost: a step for each condition that is true.
//! Errors, at planning: types, no condition or more than 32.
//! Source: ClickHouse's function of the same name.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, BooleanBuilder, UInt32Array,
};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, UInt32Type};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;
use datafusion_macros::user_doc;

use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::grouped::GroupedState;
use crate::lists::result_lists;
use crate::parameter::{Parameter, with_conditions};
use crate::registry::Described;
use crate::rows::counted;

const NAME: &str = "retention";

/// The conditions met.
#[user_doc(
    doc_section(label = "Cohorts and retention"),
    description = "Which of some conditions somebody met who met the first one: the first entry says whether any row meets `c1`, each further one whether any row meets `c1` and any row, the same or another, meets that condition, whatever the times. Returns a LIST of BOOLEAN, as long as there are conditions, all false over no rows. Only a correlated subquery without a match and a window's frame without rows, which DataFusion answers knowing only the type, have an empty list.",
    syntax_example = "retention(c1, …)",
    sql_example = "```sql
SELECT customer, retention(day = DATE '2024-01-01', day = DATE '2024-01-02', day = DATE '2024-01-08') AS back
FROM (VALUES ('ada', DATE '2024-01-01'), ('ada', DATE '2024-01-08'), ('bob', DATE '2024-01-02'))
  AS visits(customer, day)
GROUP BY customer
ORDER BY customer;
+----------+-----------------------+
| customer | back                  |
+----------+-----------------------+
| ada      | [true, false, true]   |
| bob      | [false, false, false] |
+----------+-----------------------+
```",
    argument(
        name = "c1",
        description = "The condition that all others presuppose; up to 31 others follow it. NULL is false."
    )
)]
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Retention;

impl Described for Retention {
    const PARAMETERS: &'static [Parameter] = &with_conditions::<0, 32>([]);
}

fn item() -> Field {
    Field::new_list_field(DataType::Boolean, true)
}

impl Aggregating for Retention {
    const NAME: &'static str = NAME;

    const NULLABLE: bool = false;

    type State = RetentionState;

    fn result_type(_fields: &[FieldRef]) -> Result<DataType> {
        Ok(DataType::List(Arc::new(item())))
    }

    fn state_fields(_fields: &[FieldRef]) -> Vec<Field> {
        vec![Field::new("met", DataType::UInt32, false)]
    }

    fn state(fields: &[FieldRef], _constants: &Constants) -> Result<RetentionState> {
        Ok(RetentionState {
            conditions: fields.len(),
            met: Vec::new(),
        })
    }

    fn of_nothing(_result: &DataType) -> Result<ScalarValue> {
        let none = ScalarValue::new_list_nullable(&[], &DataType::Boolean);
        Ok(ScalarValue::List(none))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.doc()
    }
}

/// Which conditions the rows of each group met, a bit a condition.
pub(crate) struct RetentionState {
    conditions: usize,
    met: Vec<u32>,
}

/// Calls `each` with the row and the bit of every condition that is true.
fn for_each_met(
    values: &[ArrayRef],
    filter: Option<&BooleanArray>,
    mut each: impl FnMut(usize, u32),
) {
    for (number, condition) in values.iter().enumerate() {
        let bits = condition.as_boolean().values();
        let met = match counted(filter, &[condition]) {
            Some(counted) => bits & counted.inner(),
            None => bits.clone(),
        };
        met.set_indices().for_each(|row| each(row, 1 << number));
    }
}

impl GroupedState for RetentionState {
    fn grow(&mut self, groups: usize) {
        self.met.resize(groups, 0);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        for_each_met(values, filter, |row, bit| {
            self.met[group_indices[row]] |= bit;
        });
        Ok(())
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        let met = state[0].as_primitive::<UInt32Type>().values();
        for (group, met) in group_indices.iter().zip(met) {
            self.met[*group] |= met;
        }
        Ok(())
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let entries = groups * self.conditions;
        let mut values = BooleanBuilder::with_capacity(entries);
        for met in &self.met[..groups] {
            let met = if met & 1 == 1 { *met } else { 0 };
            for number in 0..self.conditions {
                values.append_value(met >> number & 1 == 1);
            }
        }
        let lengths = std::iter::repeat_n(self.conditions, groups);
        result_lists(NAME, Arc::new(values.finish()), lengths, None)
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        Ok(vec![Arc::new(UInt32Array::from(
            self.met[..groups].to_vec(),
        ))])
    }

    fn discard(&mut self, groups: usize) {
        self.met.drain(..groups);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut met = vec![0; values[0].len()];
        for_each_met(values, filter, |row, bit| met[row] |= bit);
        Ok(vec![Arc::new(UInt32Array::from(met))])
    }

    fn groups(&self) -> usize {
        self.met.len()
    }

    fn heap_size(&self) -> usize {
        self.met.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use datafusion::logical_expr::AggregateUDF;
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;
    use crate::aggregate::Aggregate;
    use crate::cohorts::samples::{filter, passes};
    use crate::testing::{Argument, Case};

    const GROUPS: usize = 9;

    /// Random conditions, some NULL, against a scan of each group for each condition.
    #[test]
    fn any_split_equals_one_pass() {
        for seed in 0..48 {
            let rng = &mut StdRng::seed_from_u64(seed);
            let rows = rng.random_range(0..200);
            let conditions: Vec<BooleanArray> = (0..rng.random_range(1..=32))
                .map(|_| {
                    let often = rng.random_range(0.0..0.2);
                    (0..rows)
                        .map(|_| rng.random_bool(0.9).then(|| rng.random_bool(often)))
                        .collect()
                })
                .collect();
            let groups: Vec<usize> = (0..rows).map(|_| rng.random_range(0..GROUPS)).collect();
            let filter = filter(rng, rows);
            let met = |group: usize, condition: &BooleanArray| {
                (0..rows)
                    .filter(|&row| groups[row] == group && passes(filter.as_ref(), row))
                    .any(|row| condition.is_valid(row) && condition.value(row))
            };
            let mut lists = datafusion::arrow::array::ListBuilder::new(BooleanBuilder::new());
            for group in 0..GROUPS {
                let came = met(group, &conditions[0]);
                for condition in &conditions {
                    lists.values().append_value(came && met(group, condition));
                }
                lists.append(true);
            }
            let expected: ArrayRef = Arc::new(lists.finish());
            let columns = conditions
                .iter()
                .map(|condition| Arc::new(condition.clone()) as ArrayRef);
            let case = Case {
                function: Arc::new(AggregateUDF::from(Aggregate::new(Retention))),
                arguments: columns.map(Argument::Column).collect(),
                groups: groups.clone(),
                filter: filter.clone(),
            };
            case.assert_every_route(&expected, seed);
        }
    }
}
