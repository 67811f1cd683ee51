//! What `rfm_score` keeps of each customer of each group: the latest order, the number
//! of orders, and their sum.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, StructArray,
};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type};
use datafusion::error::Result;

use super::scores::{Customers, scores};
use crate::as_of::AsOf;
use crate::grouped::GroupedState;
use crate::lists::{elements, groups_of_elements, result_offsets};
use crate::money::sums::{MoneySums, carried_type};
use crate::rows::counted;
use crate::segments::customers::{CustomerGroups, Sorted};
use crate::segments::ranking::Cut;
use crate::segments::rows::take_counted;
use crate::times::{Clock, for_each_time};

/// The constants of a call.
#[derive(Clone, Copy, Debug)]
pub(super) struct Call {
    pub(super) clock: Clock,
    /// None for the latest order of each group.
    pub(super) as_of: Option<AsOf>,
    pub(super) cut: Cut,
}

/// The state of every group.
pub(in crate::segments) struct RfmState {
    function: &'static str,
    call: Call,
    customer_type: DataType,
    sum_type: DataType,
    groups: usize,
    customers: CustomerGroups,
    /// One a customer of a group, as the next two.
    last: Vec<i64>,
    orders: Vec<i64>,
    amounts: MoneySums,
    /// The customer of each row of the current batch.
    pairs: Vec<usize>,
}

/// The type of a group's state: a list with an entry a customer.
pub(super) fn state_type(customer: &DataType, sum: &DataType) -> DataType {
    DataType::List(entry_field(customer, sum))
}

fn entry_field(customer: &DataType, sum: &DataType) -> FieldRef {
    let entry = DataType::Struct(entry_fields(customer, sum));
    Arc::new(Field::new_list_field(entry, false))
}

fn entry_fields(customer: &DataType, sum: &DataType) -> Fields {
    Fields::from(vec![
        Field::new("customer", customer.clone(), false),
        Field::new("last", DataType::Int64, false),
        Field::new("orders", DataType::Int64, false),
        Field::new("amount", carried_type(sum), false),
    ])
}

impl RfmState {
    pub(super) fn try_new(
        function: &'static str,
        call: Call,
        customer_type: &DataType,
        sum_type: &DataType,
    ) -> Result<Self> {
        Ok(Self {
            function,
            call,
            customer_type: customer_type.clone(),
            sum_type: sum_type.clone(),
            groups: 0,
            customers: CustomerGroups::try_new(customer_type)?,
            last: Vec::new(),
            orders: Vec::new(),
            amounts: MoneySums::try_new(function, sum_type)?,
            pairs: Vec::new(),
        })
    }

    /// Customers, times and amounts of the rows that count, and the groups of these.
    fn counted(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Option<NullBuffer>> {
        let counted = counted(filter, &[&values[0], &values[1]]);
        let Some(as_of) = self.call.as_of else {
            return Ok(counted);
        };
        let mut happened = vec![false; values[1].len()];
        for_each_time(&values[1], counted.as_ref(), |row, tick| {
            happened[row] = as_of.includes(self.call.clock, tick);
        })?;
        Ok(Some(NullBuffer::new(BooleanBuffer::from(happened))))
    }

    /// Numbers the customers of some rows and makes room for what is kept of them.
    fn intern(&mut self, group_indices: &[usize], customers: &ArrayRef) -> Result<()> {
        self.customers
            .intern(group_indices, customers, &mut self.pairs)?;
        self.last.resize(self.customers.len(), i64::MIN);
        self.orders.resize(self.customers.len(), 0);
        self.amounts.resize(self.customers.len());
        Ok(())
    }

    fn list(
        &self,
        offsets: OffsetBuffer<i32>,
        customers: ArrayRef,
        last: Vec<i64>,
        orders: Vec<i64>,
        amounts: ArrayRef,
    ) -> Result<Vec<ArrayRef>> {
        let entries = StructArray::try_new(
            entry_fields(&self.customer_type, &self.sum_type),
            vec![
                customers,
                Arc::new(Int64Array::from(last)),
                Arc::new(Int64Array::from(orders)),
                amounts,
            ],
            None,
        )?;
        let field = entry_field(&self.customer_type, &self.sum_type);
        let list = ListArray::try_new(field, offsets, Arc::new(entries), None)?;
        Ok(vec![Arc::new(list)])
    }
}

impl GroupedState for RfmState {
    fn grow(&mut self, groups: usize) {
        self.groups = self.groups.max(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let counted = self.counted(values, filter)?;
        let (rows, group_indices) = take_counted(&values[..3], group_indices, counted.as_ref())?;
        self.intern(&group_indices, &rows[0])?;
        let (pairs, last) = (&self.pairs, &mut self.last);
        for_each_time(&rows[1], None, |row, tick| {
            let last = &mut last[pairs[row]];
            *last = tick.max(*last);
        })?;
        for pair in &self.pairs {
            self.orders[*pair] += 1;
        }
        self.amounts.add(&self.pairs, &rows[2])
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        let lists = state[0].as_list::<i32>();
        let group_indices = groups_of_elements(lists, group_indices);
        let entries = elements(lists);
        let entries = entries.as_struct();
        self.intern(&group_indices, entries.column(0))?;
        let last = entries.column(1).as_primitive::<Int64Type>().values();
        let orders = entries.column(2).as_primitive::<Int64Type>().values();
        for ((pair, last), orders) in self.pairs.iter().zip(last).zip(orders) {
            self.last[*pair] = self.last[*pair].max(*last);
            self.orders[*pair] += orders;
        }
        self.amounts.merge(&self.pairs, entries.column(3))
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let emitted = self
            .customers
            .emit(self.function, groups, Sorted::ByCustomer)?;
        let of_pairs = |column: &[i64]| emitted.pairs.iter().map(|p| column[*p as usize]).collect();
        scores(
            self.function,
            &self.call,
            Customers {
                offsets: emitted.offsets,
                customers: emitted.customers,
                last: of_pairs(&self.last),
                orders: of_pairs(&self.orders),
                amounts: self.amounts.finish(&emitted.pairs)?,
            },
        )
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let emitted = self.customers.emit(self.function, groups, Sorted::No)?;
        let of_pairs = |column: &[i64]| emitted.pairs.iter().map(|p| column[*p as usize]).collect();
        self.list(
            emitted.offsets,
            emitted.customers,
            of_pairs(&self.last),
            of_pairs(&self.orders),
            self.amounts.carry(&emitted.pairs),
        )
    }

    fn discard(&mut self, groups: usize) {
        let staying = self.customers.discard(groups);
        self.last = staying
            .iter()
            .map(|pair| self.last[*pair as usize])
            .collect();
        self.orders = staying
            .iter()
            .map(|pair| self.orders[*pair as usize])
            .collect();
        self.amounts.keep(&staying);
        self.groups -= groups;
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let counted = self.counted(values, filter)?;
        let all: Vec<usize> = (0..values[0].len()).collect();
        let (rows, numbers) = take_counted(&values[..3], &all, counted.as_ref())?;
        let mut last = vec![0; numbers.len()];
        for_each_time(&rows[1], None, |row, tick| last[row] = tick)?;
        let mut amounts = MoneySums::try_new(self.function, &self.sum_type)?;
        amounts.resize(numbers.len());
        let each: Vec<usize> = (0..numbers.len()).collect();
        amounts.add(&each, &rows[2])?;
        let each: Vec<u32> = (0..).take(numbers.len()).collect();
        let offsets = result_offsets(
            self.function,
            (0..values[0].len()).map(|row| {
                counted
                    .as_ref()
                    .is_none_or(|counted| counted.is_valid(row))
                    .into()
            }),
        )?;
        let orders = vec![1; numbers.len()];
        self.list(
            offsets,
            Arc::clone(&rows[0]),
            last,
            orders,
            amounts.carry(&each),
        )
    }

    fn groups(&self) -> usize {
        self.groups
    }

    fn heap_size(&self) -> usize {
        self.customers.size()
            + (self.last.capacity() + self.orders.capacity()) * size_of::<i64>()
            + self.amounts.size()
            + self.pairs.capacity() * size_of::<usize>()
    }
}
