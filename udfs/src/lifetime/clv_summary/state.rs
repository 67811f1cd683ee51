//! What `clv_summary` keeps of each group: its days, and its amounts on the first of them and on
//! the others.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int32Array, Int64Array, StructArray,
    UInt32Array,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::{cast, take};
use datafusion::arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, Float64Type};
use datafusion::arrow::datatypes::{DecimalType, Int32Type};
use datafusion::common::exec_err;
use datafusion::error::Result;

use super::{NAME, result_fields};
use crate::as_of::AsOf;
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::lists::list_of;
use crate::math::purchase_days::{PurchaseDays, day};
use crate::money::sums::MoneySums;
use crate::rows::counted;
use crate::times::{Clock, for_each_in_calendar};

/// The constants of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) clock: Clock,
    pub(super) as_of: AsOf,
    pub(super) unit_days: f64,
}

/// The type in which amounts are summed: the widest of their kind, as only the mean is shown.
pub(super) fn total_type(amount: &DataType) -> DataType {
    match amount {
        DataType::Int64 => DataType::Decimal128(Decimal128Type::MAX_PRECISION, 0),
        DataType::Decimal128(_, scale) => {
            DataType::Decimal128(Decimal128Type::MAX_PRECISION, *scale)
        }
        DataType::Decimal256(_, scale) => {
            DataType::Decimal256(Decimal256Type::MAX_PRECISION, *scale)
        }
        other => other.clone(),
    }
}

/// The state of every group.
pub(in crate::lifetime) struct ClvSummaryState {
    call: Call,
    total_type: DataType,
    days: PurchaseDays,
    /// Of each group, the total of the first day, which an earlier one may still become.
    first: MoneySums,
    /// Of each group, the total of the others.
    repeat: MoneySums,
}

/// Purchases: rows of a batch, each with its group and its day.
#[derive(Default)]
struct Purchases {
    rows: Vec<u32>,
    groups: Vec<u32>,
    days: Vec<i32>,
}

impl ClvSummaryState {
    pub(super) fn try_new(call: Call, amount: &DataType) -> Result<Self> {
        let total_type = total_type(amount);
        Ok(Self {
            call,
            days: PurchaseDays::default(),
            first: MoneySums::try_new(NAME, &total_type)?,
            repeat: MoneySums::try_new(NAME, &total_type)?,
            total_type,
        })
    }

    /// Calls `each` with the row and the day of every purchase that counts.
    fn for_each_day(
        &self,
        times: &ArrayRef,
        filter: Option<&BooleanArray>,
        mut each: impl FnMut(usize, i32),
    ) -> Result<()> {
        let Call { clock, as_of, .. } = self.call;
        let counted = counted(filter, &[times]);
        for_each_in_calendar(NAME, times, counted.as_ref(), |row, time| {
            if as_of.includes(clock, time) {
                each(row, i32::try_from(clock.day(time)?).ok()?);
            }
            Some(())
        })
    }

    /// Adds days, and to the first or the others of each group what `amounts` gives for them:
    /// by [`MoneySums::merge`] if they are `carried`, else by [`MoneySums::add`].
    fn add(&mut self, purchases: &Purchases, amounts: &ArrayRef, carried: bool) -> Result<()> {
        let preceded = self.days.add(&purchases.groups, &purchases.days);
        if !preceded.is_empty() {
            let numbers: Vec<u32> = preceded.iter().map(|group| number(*group)).collect();
            let was_first = self.first.carry(&numbers);
            self.repeat.merge(&preceded, &was_first)?;
            self.first.reset(&preceded);
        }
        for is_first in [true, false] {
            let mut rows = Vec::new();
            let mut groups = Vec::new();
            let all = purchases.groups.iter().zip(&purchases.days);
            for ((group, day), row) in all.zip(&purchases.rows) {
                if self.days.is_first(*group, *day) == is_first {
                    rows.push(*row);
                    groups.push(*group as usize);
                }
            }
            if rows.is_empty() {
                continue;
            }
            let amounts = take(amounts, &UInt32Array::from(rows), None)?;
            let sums = if is_first {
                &mut self.first
            } else {
                &mut self.repeat
            };
            if carried {
                sums.merge(&groups, &amounts)?;
            } else {
                sums.add(&groups, &amounts)?;
            }
        }
        Ok(())
    }
}

/// Fails where not every group, or every row of a batch, has a number of 32 bits.
fn check_numbers(groups: usize, rows: usize) -> Result<()> {
    if u32::try_from(groups.max(rows)).is_err() {
        return exec_err!("{NAME}: more than {} groups, or rows of a batch", u32::MAX);
    }
    Ok(())
}

/// The number of a group or row, of which [`check_numbers`] let no more through.
fn number(index: usize) -> u32 {
    index as u32
}

/// The numbers from 0 on, `n` of them.
fn first_numbers(n: usize) -> Vec<u32> {
    (0..).take(n).collect()
}

/// Sums of money as multiples of the smallest amount that their type holds, and how many of
/// these are one.
fn in_smallest(sums: &ArrayRef) -> Result<(Float64Array, f64)> {
    let scale = |scale: i8| 10_f64.powi(scale.into());
    let (whole, one): (ArrayRef, f64) = match sums.data_type() {
        DataType::Decimal128(precision, of) => {
            let sums = sums.as_primitive::<Decimal128Type>().clone();
            (
                Arc::new(sums.with_precision_and_scale(*precision, 0)?),
                scale(*of),
            )
        }
        DataType::Decimal256(precision, of) => {
            let sums = sums.as_primitive::<Decimal256Type>().clone();
            (
                Arc::new(sums.with_precision_and_scale(*precision, 0)?),
                scale(*of),
            )
        }
        _ => (Arc::clone(sums), 1.0),
    };
    let whole = cast(&whole, &DataType::Float64)?;
    Ok((whole.as_primitive::<Float64Type>().clone(), one))
}

impl GroupedState for ClvSummaryState {
    fn grow(&mut self, groups: usize) {
        self.days.grow(groups);
        self.first.resize(groups);
        self.repeat.resize(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        check_numbers(self.days.len(), values[0].len())?;
        let mut purchases = Purchases::default();
        self.for_each_day(&values[0], filter, |row, day| {
            purchases.rows.push(number(row));
            purchases.groups.push(number(group_indices[row]));
            purchases.days.push(day);
        })?;
        self.add(&purchases, &values[1], false)
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        check_numbers(self.days.len(), state[0].len())?;
        let lists = state[0].as_list::<i64>();
        let days = lists.values().as_primitive::<Int32Type>().values();
        let mut firsts = Purchases::default();
        let mut others = Purchases::default();
        for (row, (group, range)) in group_indices
            .iter()
            .zip(lists.offsets().windows(2))
            .enumerate()
        {
            let range = range[0] as usize..range[1] as usize;
            for (at, day) in days[range].iter().enumerate() {
                // Days are carried in order.
                let to = if at == 0 { &mut firsts } else { &mut others };
                to.rows.push(number(row));
                to.groups.push(number(*group));
                to.days.push(*day);
            }
        }
        // The other days come with no amounts of their own, which are in one sum.
        self.add(&firsts, &state[1], true)?;
        self.days.add(&others.groups, &others.days);
        self.repeat.merge(group_indices, &state[2])
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let (totals, one) = in_smallest(&self.repeat.finish(&first_numbers(groups))?)?;
        let Call {
            as_of, unit_days, ..
        } = self.call;
        let mut known = Vec::with_capacity(groups);
        let mut frequencies = Vec::with_capacity(groups);
        let mut recencies = Vec::with_capacity(groups);
        let mut ages = Vec::with_capacity(groups);
        let mut means = Vec::with_capacity(groups);
        for (history, total) in self.days.histories(groups).zip(totals.values()) {
            interrupt::check()?;
            known.push(history.is_some());
            let (mut repeats, mut recency, mut age) = (0, 0, 0);
            if let Some(history) = history {
                repeats = history.days - 1;
                recency = i64::from(history.last) - i64::from(history.first);
                age = as_of.day.saturating_sub(history.first.into());
            }
            frequencies.push(repeats);
            recencies.push(recency as f64 / unit_days);
            ages.push(age as f64 / unit_days);
            means.push(match repeats {
                0 => 0.0,
                // Divided once, so that the mean of exact sums is the nearest DOUBLE.
                repeats => total / (one * repeats as f64),
            });
        }
        // A field of a NULL must be NULL by itself: DataFusion takes it without looking further.
        let known = Some(NullBuffer::from(known));
        let doubles = |values: Vec<f64>| -> ArrayRef {
            Arc::new(Float64Array::new(values.into(), known.clone()))
        };
        let columns: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::new(frequencies.into(), known.clone())),
            doubles(recencies),
            doubles(ages),
            doubles(means),
        ];
        let result = StructArray::try_new(result_fields(), columns, known)?;
        Ok(Arc::new(result))
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let mut lengths = Vec::with_capacity(groups);
        let mut days = Vec::new();
        for list in self.days.lists(groups) {
            lengths.push(list.len());
            days.extend(list.iter().map(|entry| day(*entry)));
        }
        let numbers = first_numbers(groups);
        Ok(vec![
            list_of(Arc::new(Int32Array::from(days)), lengths),
            self.first.carry(&numbers),
            self.repeat.carry(&numbers),
        ])
    }

    fn discard(&mut self, groups: usize) {
        let staying = first_numbers(self.days.len()).split_off(groups);
        self.days.discard(groups);
        self.first.keep(&staying);
        self.repeat.keep(&staying);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        check_numbers(0, rows)?;
        let mut lengths = vec![0; rows];
        let mut days = Vec::with_capacity(rows);
        let mut counting = Vec::with_capacity(rows);
        self.for_each_day(&values[0], filter, |row, day| {
            lengths[row] = 1;
            days.push(day);
            counting.push(row);
        })?;
        let mut sums = MoneySums::try_new(NAME, &self.total_type)?;
        sums.resize(rows);
        let indices: UInt32Array = counting.iter().map(|row| Some(number(*row))).collect();
        sums.add(&counting, &take(&values[1], &indices, None)?)?;
        let mut none = MoneySums::try_new(NAME, &self.total_type)?;
        none.resize(rows);
        let numbers = first_numbers(rows);
        Ok(vec![
            list_of(Arc::new(Int32Array::from(days)), lengths),
            sums.carry(&numbers),
            none.carry(&numbers),
        ])
    }

    fn groups(&self) -> usize {
        self.days.len()
    }

    fn heap_size(&self) -> usize {
        self.days.heap_size() + self.first.size() + self.repeat.size()
    }
}
