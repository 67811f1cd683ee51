//! From what is known of each customer to the list of their scores.

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, Int32Array, Int64Array, ListArray, StructArray};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::exec_datafusion_err;
use datafusion::error::Result;

use super::state::Call;
use crate::math::tiles::score;
use crate::segments::ranking::{Ranked, Worst};
use crate::times::{Clock, beyond_calendar};

/// The customers of some groups, group by group, each group's in ascending order.
pub(super) struct Customers {
    pub(super) offsets: OffsetBuffer<i32>,
    pub(super) customers: ArrayRef,
    pub(super) last: Vec<i64>,
    pub(super) orders: Vec<i64>,
    pub(super) amounts: ArrayRef,
}

/// The type of the result: a list with an entry a customer.
pub(super) fn result_type(customer: &DataType, sum: &DataType) -> DataType {
    DataType::List(entry_field(customer, sum))
}

fn entry_field(customer: &DataType, sum: &DataType) -> FieldRef {
    let entry = DataType::Struct(entry_fields(customer, sum));
    Arc::new(Field::new_list_field(entry, true))
}

fn entry_fields(customer: &DataType, sum: &DataType) -> Fields {
    let field = |name, data_type: &DataType| Field::new(name, data_type.clone(), true);
    Fields::from(vec![
        field("customer", customer),
        field("recency_days", &DataType::Int32),
        field("frequency", &DataType::Int64),
        field("monetary", sum),
        field("r", &DataType::Int32),
        field("f", &DataType::Int32),
        field("m", &DataType::Int32),
        field("score", &DataType::Int32),
    ])
}

/// The list of scores of each group.
pub(super) fn scores(function: &str, call: &Call, of: Customers) -> Result<ArrayRef> {
    let groups: Vec<_> = of
        .offsets
        .windows(2)
        .map(|ends| ends[0] as usize..ends[1] as usize)
        .collect();
    let mut recency = Vec::with_capacity(of.last.len());
    for group in &groups {
        recency.extend(recency_days(function, call, &of.last[group.clone()])?);
    }

    let ranked = [
        (
            Ranked::Narrow(recency.iter().copied().map(i64::from).collect()),
            Worst::Largest,
        ),
        (Ranked::Narrow(of.orders.clone()), Worst::Smallest),
        (Ranked::try_new(&of.amounts)?, Worst::Smallest),
    ];
    let [r, f, m] = ranked.map(|(ranked, worst)| {
        let tiles = groups
            .iter()
            .flat_map(|group| ranked.tiles(group.clone(), worst, call.cut));
        tiles.map(i32::from).collect::<Vec<i32>>()
    });
    let total = r
        .iter()
        .zip(&f)
        .zip(&m)
        .map(|((r, f), m)| score(*r, *f, *m));
    let total = Int32Array::from_iter_values(total);

    let (customer, sum) = (
        of.customers.data_type().clone(),
        of.amounts.data_type().clone(),
    );
    let entries = StructArray::try_new(
        entry_fields(&customer, &sum),
        vec![
            of.customers,
            Arc::new(Int32Array::from(recency)),
            Arc::new(Int64Array::from(of.orders)),
            of.amounts,
            Arc::new(Int32Array::from(r)),
            Arc::new(Int32Array::from(f)),
            Arc::new(Int32Array::from(m)),
            Arc::new(total),
        ],
        None,
    )?;
    let field = entry_field(&customer, &sum);
    Ok(Arc::new(ListArray::try_new(
        field,
        of.offsets,
        Arc::new(entries),
        None,
    )?))
}

/// Days from the last order of each customer of a group to the moment of reference.
fn recency_days(function: &str, call: &Call, last: &[i64]) -> Result<Vec<i32>> {
    let Some(latest) = last.iter().copied().max() else {
        return Ok(Vec::new());
    };
    let as_of = match call.as_of {
        Some(as_of) => as_of.day,
        None => day(function, call.clock, latest)?,
    };
    last.iter()
        .map(|tick| {
            // Where clocks go back across midnight, an earlier order may be of a later day.
            let days = (as_of - day(function, call.clock, *tick)?).max(0);
            i32::try_from(days)
                .map_err(|_| exec_datafusion_err!("{function}: {days} days do not fit an INT"))
        })
        .collect()
}

fn day(function: &str, clock: Clock, tick: i64) -> Result<i64> {
    clock
        .day(tick)
        .ok_or_else(|| beyond_calendar(function, tick))
}
