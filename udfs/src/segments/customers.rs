//! The customers of each group: numbers a (group, customer) pair, so that
//! aggregates keep one flat column for each thing they know of a customer.
//!
//! Distinct customers are stored once, whatever the number of groups they occur
//! in. A pair costs 8 bytes, and 13 to 26 more in the lookup table once there is
//! more than one group.

use std::sync::{Arc, Mutex, PoisonError};

use datafusion::arrow::array::{Array, ArrayRef, UInt32Array, new_empty_array};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::{SortOptions, sort_to_indices, take};
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::{exec_datafusion_err, internal_datafusion_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::EmitTo;
use datafusion::physical_plan::aggregates::group_values::{GroupValues, new_group_values};
use datafusion::physical_plan::aggregates::order::GroupOrdering;
use hashbrown::HashMap;

use crate::lists::result_offsets;
use crate::math::counting_sort::counting_sort;

/// Numbers the pairs of a group and a customer, in the order they are met.
pub(super) struct CustomerGroups {
    customer_type: DataType,
    /// Distinct customers by number. The lock is never contended: it makes what
    /// DataFusion's accumulators must be, shareable, of what GroupValues are not.
    customers: Mutex<Box<dyn GroupValues>>,
    /// Customers that were handed out and are still part of the state: interned
    /// again, to the same numbers, if more rows follow.
    handed_out: Option<HandedOut>,
    /// None while there is only group 0, where a pair's number is its customer's.
    lookup: Option<HashMap<(u32, u32), u32>>,
    group: Vec<u32>,
    customer: Vec<u32>,
    numbers: Vec<usize>,
}

/// Customers outside their hash table.
struct HandedOut {
    customers: ArrayRef,
    /// Which of them there still are, in the order of their numbers; None for all.
    kept: Option<Vec<u32>>,
}

impl HandedOut {
    fn array(self) -> Result<ArrayRef> {
        Ok(match self.kept {
            None => self.customers,
            Some(kept) => take(&self.customers, &UInt32Array::from(kept), None)?,
        })
    }
}

/// In what order the pairs of a group are emitted.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sorted {
    /// By customer, ascending.
    ByCustomer,
    /// In no order that means anything.
    No,
}

/// The pairs of some groups, group by group.
pub(super) struct Emitted {
    /// Where each group's pairs begin and end.
    pub(super) offsets: OffsetBuffer<i32>,
    /// The pairs by number.
    pub(super) pairs: Vec<u32>,
    /// The customer of each pair.
    pub(super) customers: ArrayRef,
}

impl CustomerGroups {
    /// Customers of a type that [`crate::keys::result_type`] gives.
    pub(super) fn try_new(customer: &DataType) -> Result<Self> {
        let field = Field::new("customer", customer.clone(), true);
        let schema = Arc::new(Schema::new(vec![field]));
        Ok(Self {
            customer_type: customer.clone(),
            customers: Mutex::new(new_group_values(schema, &GroupOrdering::None)?),
            handed_out: None,
            lookup: None,
            group: Vec::new(),
            customer: Vec::new(),
            numbers: Vec::new(),
        })
    }

    /// How many pairs there are.
    pub(super) fn len(&self) -> usize {
        self.group.len()
    }

    /// The number of each row's pair. Customers must not be NULL.
    pub(super) fn intern(
        &mut self,
        groups: &[usize],
        customers: &ArrayRef,
        pairs: &mut Vec<usize>,
    ) -> Result<()> {
        let table = self.customers.get_mut().map_err(poisoned)?;
        if let Some(known) = self.handed_out.take() {
            table.intern(&[known.array()?], &mut self.numbers)?;
        }
        table.intern(&[Arc::clone(customers)], &mut self.numbers)?;
        pairs.clear();
        if self.lookup.is_none() && groups.iter().any(|group| *group != 0) {
            self.lookup = Some(self.numbered_pairs());
        }
        match &mut self.lookup {
            None => {
                for number in &self.numbers {
                    if *number == self.customer.len() {
                        self.group.push(0);
                        self.customer.push(narrow(*number)?);
                    }
                    pairs.push(*number);
                }
            }
            Some(lookup) => {
                for (group, number) in groups.iter().zip(&self.numbers) {
                    let key = (narrow(*group)?, narrow(*number)?);
                    let next = narrow(self.group.len())?;
                    let pair = *lookup.entry(key).or_insert(next);
                    if pair == next {
                        self.group.push(key.0);
                        self.customer.push(key.1);
                    }
                    pairs.push(pair as usize);
                }
            }
        }
        Ok(())
    }

    /// The pairs of the first `groups` groups, all of which stay.
    pub(super) fn emit(
        &mut self,
        function: &str,
        groups: usize,
        sorted: Sorted,
    ) -> Result<Emitted> {
        let table = self.customers.get_mut().map_err(poisoned)?;
        let all = match self.handed_out.take() {
            Some(handed_out) => handed_out.array()?,
            // Not every kind of GroupValues can be asked for nothing.
            None if table.is_empty() => new_empty_array(&self.customer_type),
            None => table
                .emit(EmitTo::All)?
                .pop()
                .ok_or_else(|| internal_datafusion_err!("no column of customers"))?,
        };
        let pairs = match sorted {
            Sorted::No => (0..narrow(self.len())?).collect(),
            Sorted::ByCustomer => self.by_customer(&all)?,
        };
        let (offsets, pairs) = self.by_group(function, groups, &pairs)?;
        let wanted = pairs.iter().map(|pair| self.customer[*pair as usize]);
        let customers = take(&all, &UInt32Array::from_iter_values(wanted), None)?;
        self.handed_out = Some(HandedOut {
            customers: all,
            kept: None,
        });
        Ok(Emitted {
            offsets,
            pairs,
            customers,
        })
    }

    /// Forgets the first `groups` groups, just emitted; later ones move down to 0. The
    /// old numbers of the pairs that stay, in the order of their new ones.
    pub(super) fn discard(&mut self, groups: usize) -> Vec<u32> {
        let mut staying = Vec::new();
        let mut renumbered = HashMap::new();
        let mut kept = Vec::new();
        let (mut group, mut customer) = (Vec::new(), Vec::new());
        for (pair, (old_group, old_customer)) in (0..).zip(self.group.iter().zip(&self.customer)) {
            let Some(moved) = (*old_group as usize).checked_sub(groups) else {
                continue;
            };
            staying.push(pair);
            // No number grows, so that all still fit.
            group.push(moved as u32);
            customer.push(*renumbered.entry(*old_customer).or_insert_with(|| {
                kept.push(*old_customer);
                kept.len() as u32 - 1
            }));
        }
        (self.group, self.customer) = (group, customer);
        self.numbers = Vec::new();
        self.lookup = (!staying.is_empty()).then(|| self.numbered_pairs());
        self.handed_out = self
            .handed_out
            .take()
            .filter(|_| !kept.is_empty())
            .map(|handed_out| HandedOut {
                customers: handed_out.customers,
                kept: Some(kept),
            });
        staying
    }

    /// Bytes held.
    pub(super) fn size(&self) -> usize {
        let lookup = self.lookup.as_ref().map_or(0, HashMap::allocation_size);
        let handed_out = self
            .handed_out
            .as_ref()
            .map_or(0, |handed_out| handed_out.customers.get_array_memory_size());
        self.customers.lock().map_or(0, |table| table.size())
            + handed_out
            + lookup
            + (self.group.capacity() + self.customer.capacity()) * size_of::<u32>()
            + self.numbers.capacity() * size_of::<usize>()
    }

    fn numbered_pairs(&self) -> HashMap<(u32, u32), u32> {
        let keys = self
            .group
            .iter()
            .copied()
            .zip(self.customer.iter().copied());
        keys.zip(0..).collect()
    }

    /// All pairs, those of the smallest customer first.
    fn by_customer(&self, customers: &ArrayRef) -> Result<Vec<u32>> {
        let mut ranks = vec![0; customers.len()];
        for (rank, number) in ascending(customers)?.into_iter().enumerate() {
            ranks[number as usize] = rank;
        }
        let rank_of = |pair: u32| ranks[self.customer[pair as usize] as usize];
        let all: Vec<u32> = (0..narrow(self.len())?).collect();
        Ok(counting_sort(&all, customers.len(), rank_of).1)
    }

    /// The pairs of the first groups, those of group 0 first, otherwise in the
    /// order given.
    fn by_group(
        &self,
        function: &str,
        groups: usize,
        pairs: &[u32],
    ) -> Result<(OffsetBuffer<i32>, Vec<u32>)> {
        let group_of = |pair: u32| (self.group[pair as usize] as usize).min(groups);
        // Pairs that stay come last, as if of one more group.
        let (mut ends, mut pairs) = counting_sort(pairs, groups + 1, group_of);
        ends.pop();
        pairs.truncate(ends.last().copied().unwrap_or(0));
        let mut start = 0;
        let lengths = ends
            .into_iter()
            .map(|end| end - std::mem::replace(&mut start, end));
        Ok((result_offsets(function, lengths)?, pairs))
    }
}

/// The positions of a column's values, the smallest first.
fn ascending(column: &ArrayRef) -> Result<Vec<u32>> {
    if !column.data_type().is_nested() {
        return Ok(sort_to_indices(column, None, None)?.values().to_vec());
    }
    let options = SortOptions::new(false, false);
    let field = SortField::new_with_options(column.data_type().clone(), options);
    let converter = RowConverter::new(vec![field])?;
    let rows = converter.convert_columns(&[Arc::clone(column)])?;
    let mut order: Vec<u32> = (0..narrow(column.len())?).collect();
    order.sort_by_key(|position| rows.row(*position as usize));
    Ok(order)
}

fn poisoned<T>(_: PoisonError<T>) -> DataFusionError {
    internal_datafusion_err!("a panic interrupted the numbering of customers")
}

fn narrow(number: usize) -> Result<u32> {
    u32::try_from(number)
        .map_err(|_| exec_datafusion_err!("more than {} customers in one aggregate", u32::MAX))
}
