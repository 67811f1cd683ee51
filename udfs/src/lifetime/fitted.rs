//! What the fits of models keep: the rows of each group, counted where they are equal.
//!
//! State: a list of the distinct rows of each group and one of how often each came. A fit takes
//! them in order, so that its result has the same bits however the rows came.

use std::marker::PhantomData;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, StructArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::{DataType, Field, Fields, Float64Type, Int64Type};
use datafusion::common::{exec_datafusion_err, exec_err};
use datafusion::error::Result;

use super::params::listed;
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::lists::{list_field, list_of};
use crate::math::newton::Fit;
use crate::math::tally::{Tallied, Tally};
use crate::registry::Described;
use crate::rows::{counted, for_each_counted};

/// A model with K parameters, fitted to rows of N numbers.
pub(super) trait Model<const N: usize, const K: usize>:
    Described + Send + Sync + 'static
{
    /// The function that fits it.
    const FUNCTION: &'static str;

    /// Its parameters, as fields of the result.
    const FITTED: [&'static str; K];

    /// What is wrong with a row, if anything is.
    fn fault(row: &[f64; N]) -> Option<&'static str>;

    /// Whether a row without fault says anything.
    fn counts(_row: &[f64; N]) -> bool {
        true
    }

    /// The fit; `None` without rows.
    fn fit(rows: &[Tallied<N>]) -> Option<Fit<K>>;
}

/// The fields of a fit: the parameters, log_likelihood, and converged.
pub(super) fn result_fields<const K: usize>(parameters: [&'static str; K]) -> Fields {
    let doubles = parameters.into_iter().chain(["log_likelihood"]);
    let doubles = doubles.map(|name| Field::new(name, DataType::Float64, true));
    doubles
        .chain([Field::new("converged", DataType::Boolean, true)])
        .collect()
}

/// The columns of the state.
pub(super) fn state_fields() -> Vec<Field> {
    vec![
        list_field("rows", DataType::Float64),
        list_field("counts", DataType::Int64),
    ]
}

/// The rows of every group.
pub(super) struct FitState<M, const N: usize, const K: usize> {
    rows: Tally<N>,
    model: PhantomData<M>,
}

impl<M: Model<N, K>, const N: usize, const K: usize> FitState<M, N, K> {
    pub(super) fn new() -> Self {
        Self {
            rows: Tally::default(),
            model: PhantomData,
        }
    }

    /// Calls `each` with the number and the values of every row that counts.
    fn for_each_row(
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
        mut each: impl FnMut(usize, [f64; N]),
    ) -> Result<()> {
        let columns: Vec<&ArrayRef> = values.iter().take(N).collect();
        let counted = counted(filter, &columns);
        let columns: [&[f64]; N] = std::array::from_fn(|column| -> &[f64] {
            values[column].as_primitive::<Float64Type>().values()
        });
        let mut faulty = None;
        for_each_counted(values[0].len(), counted.as_ref(), |row| {
            let numbers = columns.map(|column| column[row]);
            if let Some(fault) = M::fault(&numbers) {
                faulty.get_or_insert((fault, numbers));
            } else if M::counts(&numbers) {
                each(row, numbers);
            }
        });
        match faulty {
            None => Ok(()),
            Some((fault, numbers)) => {
                let given = listed(<M as Described>::PARAMETERS, &numbers);
                exec_err!("{}: {fault}, got {given}", M::FUNCTION)
            }
        }
    }
}

impl<M: Model<N, K>, const N: usize, const K: usize> GroupedState for FitState<M, N, K> {
    fn grow(&mut self, groups: usize) {
        self.rows.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        Self::for_each_row(values, filter, |row, numbers| {
            self.rows.add(group_indices[row], numbers, 1);
        })
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        let (rows, counts) = (state[0].as_list::<i64>(), state[1].as_list::<i64>());
        for (index, group) in group_indices.iter().enumerate() {
            let (rows, counts) = (rows.value(index), counts.value(index));
            let (rows, _) = rows.as_primitive::<Float64Type>().values().as_chunks::<N>();
            let counts = counts.as_primitive::<Int64Type>().values();
            for (row, count) in rows.iter().zip(counts) {
                self.rows.add(*group, *row, count.unsigned_abs());
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let fits = self.rows.of_groups(groups).map(|rows| {
            let fit = M::fit(rows);
            // A fit that is interrupted ends anywhere.
            interrupt::check().map(|()| fit)
        });
        let fits: Vec<Option<Fit<K>>> = fits.collect::<Result<_>>()?;
        let double = |part: &dyn Fn(&Fit<K>) -> f64| -> ArrayRef {
            let parts = fits.iter().map(|fit| fit.as_ref().map(part));
            Arc::new(parts.collect::<Float64Array>())
        };
        let mut columns: Vec<ArrayRef> = (0..K)
            .map(|number| double(&|fit| fit.parameters[number]))
            .collect();
        columns.push(double(&|fit| fit.log_likelihood));
        let converged = fits.iter().map(|fit| fit.map(|fit| fit.converged));
        columns.push(Arc::new(converged.collect::<BooleanArray>()));
        let known = NullBuffer::from_iter(fits.iter().map(Option::is_some));
        let fields = result_fields(M::FITTED);
        let result = StructArray::try_new(fields, columns, Some(known))?;
        Ok(Arc::new(result))
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let mut lengths = Vec::with_capacity(groups);
        let mut numbers = Vec::new();
        let mut counts = Vec::new();
        for rows in self.rows.of_groups(groups) {
            lengths.push(rows.len());
            for row in rows {
                numbers.extend_from_slice(&row.row);
                let count = i64::try_from(row.count);
                counts.push(count.map_err(|_| exec_datafusion_err!("too many equal rows"))?);
            }
        }
        let of_numbers = lengths.iter().map(|length| length * N);
        Ok(vec![
            list_of(Arc::new(Float64Array::from(numbers)), of_numbers),
            list_of(Arc::new(Int64Array::from(counts)), lengths),
        ])
    }

    fn discard(&mut self, groups: usize) {
        self.rows.discard(groups);
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let mut lengths = vec![0; values[0].len()];
        let mut numbers = Vec::with_capacity(values[0].len() * N);
        Self::for_each_row(values, filter, |row, row_numbers| {
            lengths[row] = 1;
            numbers.extend_from_slice(&row_numbers);
        })?;
        let counts = vec![1; numbers.len() / N];
        let of_numbers = lengths.iter().map(|length| length * N);
        Ok(vec![
            list_of(Arc::new(Float64Array::from(numbers)), of_numbers),
            list_of(Arc::new(Int64Array::from(counts)), lengths),
        ])
    }

    fn groups(&self) -> usize {
        self.rows.groups()
    }

    fn heap_size(&self) -> usize {
        self.rows.heap_size()
    }
}
