//! What `ntile_segment` keeps of each customer of each group: the sum of their values.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int32Array, ListArray, StructArray, make_array,
};
use datafusion::arrow::buffer::{BooleanBuffer, NullBuffer, OffsetBuffer};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::error::Result;

use super::NAME;
use super::segments::Segments;
use crate::grouped::GroupedState;
use crate::lists::{elements, groups_of_elements, result_offsets};
use crate::money::sums::{MoneySums, carried_type};
use crate::rows::counted;
use crate::segments::customers::{CustomerGroups, Sorted};
use crate::segments::ranking::{Ranked, Worst, expand, without_nulls};
use crate::segments::rows::take_counted;

/// The state of every group.
pub(in crate::segments) struct NtileState {
    segments: Segments,
    customer_type: DataType,
    sum_type: DataType,
    groups: usize,
    customers: CustomerGroups,
    /// One a customer of a group, as the next.
    sums: MoneySums,
    /// Whether any of the customer's values was not NULL.
    known: Vec<bool>,
    /// The customer of each row of the current batch.
    pairs: Vec<usize>,
}

/// The type of a group's state: a list with an entry a customer.
pub(super) fn state_type(customer: &DataType, sum: &DataType) -> DataType {
    DataType::List(entry_field(state_fields(customer, sum), false))
}

/// The type of the result: a list with an entry a customer.
pub(super) fn result_type(customer: &DataType, sum: &DataType, segment: &DataType) -> DataType {
    DataType::List(entry_field(result_fields(customer, sum, segment), true))
}

fn entry_field(fields: Fields, nullable: bool) -> FieldRef {
    Arc::new(Field::new_list_field(DataType::Struct(fields), nullable))
}

fn state_fields(customer: &DataType, sum: &DataType) -> Fields {
    Fields::from(vec![
        Field::new("customer", customer.clone(), false),
        Field::new("value", carried_type(sum), true),
    ])
}

fn result_fields(customer: &DataType, sum: &DataType, segment: &DataType) -> Fields {
    Fields::from(vec![
        Field::new("customer", customer.clone(), true),
        Field::new("value", sum.clone(), true),
        Field::new("segment", segment.clone(), true),
    ])
}

impl NtileState {
    pub(super) fn try_new(
        segments: Segments,
        customer_type: &DataType,
        sum_type: &DataType,
    ) -> Result<Self> {
        Ok(Self {
            segments,
            customer_type: customer_type.clone(),
            sum_type: sum_type.clone(),
            groups: 0,
            customers: CustomerGroups::try_new(customer_type)?,
            sums: MoneySums::try_new(NAME, sum_type)?,
            known: Vec::new(),
            pairs: Vec::new(),
        })
    }

    /// Numbers the customers of some rows and makes room for what is kept of them.
    fn intern(&mut self, group_indices: &[usize], rows: &[ArrayRef]) -> Result<()> {
        self.customers
            .intern(group_indices, &rows[0], &mut self.pairs)?;
        self.sums.resize(self.customers.len());
        self.known.resize(self.customers.len(), false);
        for (row, pair) in self.pairs.iter().enumerate() {
            self.known[*pair] |= rows[1].is_valid(row);
        }
        Ok(())
    }

    /// Which of some customers have a sum; None for all.
    fn nulls(&self, pairs: &[u32]) -> Option<NullBuffer> {
        let known = BooleanBuffer::collect_bool(pairs.len(), |at| self.known[pairs[at] as usize]);
        Some(NullBuffer::new(known)).filter(|nulls| nulls.null_count() > 0)
    }

    fn state_list(
        &self,
        offsets: OffsetBuffer<i32>,
        customers: ArrayRef,
        sums: ArrayRef,
    ) -> Result<Vec<ArrayRef>> {
        let fields = state_fields(&self.customer_type, &self.sum_type);
        let entries = StructArray::try_new(fields.clone(), vec![customers, sums], None)?;
        let field = entry_field(fields, false);
        let list = ListArray::try_new(field, offsets, Arc::new(entries), None)?;
        Ok(vec![Arc::new(list)])
    }
}

impl GroupedState for NtileState {
    fn grow(&mut self, groups: usize) {
        self.groups = self.groups.max(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let counted = counted(filter, &[&values[0]]);
        let (rows, group_indices) = take_counted(&values[..2], group_indices, counted.as_ref())?;
        self.intern(&group_indices, &rows)?;
        self.sums.add(&self.pairs, &rows[1])
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        let lists = state[0].as_list::<i32>();
        let group_indices = groups_of_elements(lists, group_indices);
        let entries = elements(lists);
        let entries = entries.as_struct();
        self.intern(&group_indices, entries.columns())?;
        self.sums.merge(&self.pairs, entries.column(1))
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let emitted = self.customers.emit(NAME, groups, Sorted::ByCustomer)?;
        let nulls = self.nulls(&emitted.pairs);
        let values = with_nulls(self.sums.finish(&emitted.pairs)?, nulls)?;
        // Groups of the values that are known, which alone are ranked.
        let known = |at: &usize| values.is_valid(*at);
        let lengths = emitted.offsets.windows(2);
        let lengths =
            lengths.map(|ends| (ends[0] as usize..ends[1] as usize).filter(known).count());
        let ranked = Ranked::try_new(&without_nulls(&values)?)?;
        let mut start = 0;
        let mut tiles = Vec::with_capacity(values.len());
        for length in lengths {
            let group = start..start + length;
            start = group.end;
            tiles.extend(ranked.tiles(group, Worst::Smallest, self.segments.cut));
        }
        let tiles: Int32Array = expand(tiles, values.nulls());

        let segment = self.segments.data_type();
        let fields = result_fields(&self.customer_type, &self.sum_type, &segment);
        let entries = StructArray::try_new(
            fields.clone(),
            vec![emitted.customers, values, self.segments.of_tiles(tiles)?],
            None,
        )?;
        let field = entry_field(fields, true);
        let list = ListArray::try_new(field, emitted.offsets, Arc::new(entries), None)?;
        Ok(Arc::new(list))
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let emitted = self.customers.emit(NAME, groups, Sorted::No)?;
        let nulls = self.nulls(&emitted.pairs);
        let sums = with_nulls(self.sums.carry(&emitted.pairs), nulls)?;
        self.state_list(emitted.offsets, emitted.customers, sums)
    }

    fn discard(&mut self, groups: usize) {
        let staying = self.customers.discard(groups);
        self.sums.keep(&staying);
        self.known = staying
            .iter()
            .map(|pair| self.known[*pair as usize])
            .collect();
        self.groups -= groups;
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let counted = counted(filter, &[&values[0]]);
        let all: Vec<usize> = (0..values[0].len()).collect();
        let (rows, numbers) = take_counted(&values[..2], &all, counted.as_ref())?;
        let mut sums = MoneySums::try_new(NAME, &self.sum_type)?;
        sums.resize(numbers.len());
        let each: Vec<usize> = (0..numbers.len()).collect();
        sums.add(&each, &rows[1])?;
        let each: Vec<u32> = (0..).take(numbers.len()).collect();
        let sums = with_nulls(sums.carry(&each), rows[1].nulls().cloned())?;
        let lengths = all.iter().map(|row| {
            let counts = |counted: &NullBuffer| counted.is_valid(*row);
            usize::from(counted.as_ref().is_none_or(counts))
        });
        self.state_list(result_offsets(NAME, lengths)?, Arc::clone(&rows[0]), sums)
    }

    fn groups(&self) -> usize {
        self.groups
    }

    fn heap_size(&self) -> usize {
        self.customers.size()
            + self.sums.size()
            + self.known.capacity()
            + self.pairs.capacity() * size_of::<usize>()
    }
}

/// The same values, NULL where `nulls` says.
fn with_nulls(values: ArrayRef, nulls: Option<NullBuffer>) -> Result<ArrayRef> {
    let data = values.to_data().into_builder().nulls(nulls).build()?;
    Ok(make_array(data))
}
