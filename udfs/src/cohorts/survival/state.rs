//! The durations of each group, and the estimates of them.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StructArray,
};
use datafusion::arrow::datatypes::{DataType, Field, Fields, Float64Type, Int64Type};
use datafusion::common::{ScalarValue, exec_err};
use datafusion::error::Result;

use super::NAME;
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::lists::{list_field, list_of, result_lists};
use crate::math::kaplan_meier::{Step, steps};
use crate::math::tiles::{ordered, unordered};
use crate::math::value_counts::{Count, ValueCounts, of_owner};
use crate::rows::{counted, for_each_counted};

/// The fields of a step.
pub(super) fn step_fields(time: &DataType) -> Fields {
    let field = |name, data_type: &DataType| Field::new(name, data_type.clone(), true);
    Fields::from(vec![
        field("t", time),
        field("at_risk", &DataType::Int64),
        field("events", &DataType::Int64),
        field("survival", &DataType::Float64),
        field("lower", &DataType::Float64),
        field("upper", &DataType::Float64),
    ])
}

/// The items of the result.
pub(super) fn step_field(time: &DataType) -> Field {
    Field::new_list_field(DataType::Struct(step_fields(time)), true)
}

/// The durations of each group.
pub(in crate::cohorts) struct SurvivalState {
    time: DataType,
    groups: usize,
    /// As integers that order like them; owner 2·g has those of group g that were censored,
    /// 2·g + 1 those that ended.
    durations: ValueCounts,
}

/// The columns of the state: each distinct duration and how often it came, negative for those that
/// were censored.
pub(super) fn state_fields() -> Vec<Field> {
    ["durations", "times"]
        .map(|name| list_field(name, DataType::Int64))
        .to_vec()
}

/// The owner of a group's durations.
fn owner(group: usize, ended: bool) -> u32 {
    (group as u32) << 1 | u32::from(ended)
}

impl SurvivalState {
    /// No durations yet, of type `time`, BIGINT or DOUBLE.
    pub(super) fn new(time: DataType) -> Self {
        Self {
            time,
            groups: 0,
            durations: ValueCounts::default(),
        }
    }

    /// Checks that every group has its owners.
    fn check_groups(&self) -> Result<()> {
        let most = (u32::MAX >> 1) as usize;
        if self.groups > most {
            return exec_err!("{NAME}: more than {most} groups");
        }
        Ok(())
    }

    /// A duration that was kept, as a time of the result.
    fn times(&self, steps: &[Step]) -> ArrayRef {
        let kept = steps.iter().map(|step| step.t);
        match self.time {
            DataType::Int64 => Arc::new(Int64Array::from_iter_values(kept)),
            _ => Arc::new(Float64Array::from_iter_values(kept.map(unordered))),
        }
    }
}

/// Durations as integers that order like them; those of rows that do not count mean nothing.
fn kept(durations: &ArrayRef) -> Vec<i64> {
    match durations.as_primitive_opt::<Int64Type>() {
        Some(whole) => whole.values().to_vec(),
        None => {
            let doubles = durations.as_primitive::<Float64Type>().values();
            doubles.iter().copied().map(ordered).collect()
        }
    }
}

impl GroupedState for SurvivalState {
    fn grow(&mut self, groups: usize) {
        self.groups = groups;
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        self.check_groups()?;
        let counted = counted(filter, &[&values[0]]);
        let durations = kept(&values[0]);
        let observed = values[1].as_boolean();
        // Zero orders as the integer 0 does, infinity as the last but NaN.
        let most = match self.time {
            DataType::Int64 => i64::MAX,
            _ => ordered(f64::INFINITY),
        };
        let mut counts = Vec::with_capacity(durations.len());
        let mut wrong = None;
        for_each_counted(durations.len(), counted.as_ref(), |row| {
            let value = durations[row];
            if !(0..=most).contains(&value) {
                wrong = Some(row);
            }
            counts.push(Count {
                owner: owner(
                    group_indices[row],
                    observed.is_valid(row) && observed.value(row),
                ),
                times: 1,
                value,
            });
        });
        if let Some(row) = wrong {
            let value = ScalarValue::try_from_array(&values[0], row)?;
            return exec_err!("{NAME}: a duration must not be negative or NaN, got {value}");
        }
        self.durations.extend(counts.into_iter());
        Ok(())
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        self.check_groups()?;
        let [durations, times] = [0, 1].map(|column| state[column].as_list::<i64>());
        for (row, group) in group_indices.iter().enumerate() {
            let [durations, times] = [durations, times].map(|lists| lists.value(row));
            let [durations, times] = [&durations, &times]
                .map(|values| values.as_primitive::<Int64Type>().values().iter().copied());
            self.durations
                .extend(durations.zip(times).map(|(value, times)| Count {
                    owner: owner(*group, times > 0),
                    times: u32::try_from(times.unsigned_abs()).unwrap_or(u32::MAX),
                    value,
                }));
        }
        Ok(())
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let sorted = self.durations.sorted();
        let mut all: Vec<Step> = Vec::new();
        let mut lengths = Vec::with_capacity(groups);
        for group in 0..groups {
            interrupt::check()?;
            let [censored, ended] =
                [false, true].map(|ended| of_owner(sorted, owner(group, ended)));
            let before = all.len();
            all.extend(steps(ended, censored));
            lengths.push(all.len() - before);
        }
        let whole = |of: fn(&Step) -> u64| -> ArrayRef {
            let numbers = all.iter().map(|step| of(step).cast_signed());
            Arc::new(Int64Array::from_iter_values(numbers))
        };
        let double = |of: fn(&Step) -> f64| -> ArrayRef {
            Arc::new(Float64Array::from_iter_values(all.iter().map(of)))
        };
        let columns = vec![
            self.times(&all),
            whole(|step| step.at_risk),
            whole(|step| step.events),
            double(|step| step.survival),
            double(|step| step.lower),
            double(|step| step.upper),
        ];
        let steps = StructArray::try_new(step_fields(&self.time), columns, None)?;
        result_lists(NAME, Arc::new(steps), lengths, None)
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let sorted = self.durations.sorted();
        let kept = sorted.partition_point(|count| ((count.owner >> 1) as usize) < groups);
        let kept = &sorted[..kept];
        let mut lengths = vec![0; groups];
        for count in kept {
            lengths[(count.owner >> 1) as usize] += 1;
        }
        let durations = kept.iter().map(|count| count.value);
        let times = kept.iter().map(|count| match count.owner & 1 {
            1 => i64::from(count.times),
            _ => -i64::from(count.times),
        });
        let columns = [
            Int64Array::from_iter_values(durations),
            Int64Array::from_iter_values(times),
        ];
        let columns = columns.map(|values| list_of(Arc::new(values), lengths.iter().copied()));
        Ok(columns.to_vec())
    }

    fn discard(&mut self, groups: usize) {
        self.groups = self.groups.saturating_sub(groups);
        let gone = u32::try_from(groups).unwrap_or(u32::MAX).saturating_mul(2);
        self.durations.rename(|owner| owner.checked_sub(gone));
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let mut each = Self {
            time: self.time.clone(),
            groups: rows,
            durations: ValueCounts::default(),
        };
        let groups: Vec<usize> = (0..rows).collect();
        each.update(values, &groups, filter)?;
        each.state(rows)
    }

    fn groups(&self) -> usize {
        self.groups
    }

    fn heap_size(&self) -> usize {
        self.durations.heap_size()
    }
}
