//! The state of the tests that need no more of the rows than sums: for each group and variant, how
//! many rows there are, and exact sums of columns and of products of two.
//!
//! 8 bytes a variant, 32 for each sum, and 30 and its own for the variant itself. Whatever the
//! order of rows and merges, the sums are the same to the bit, and so are the results.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array};
use datafusion::arrow::datatypes::{DataType, Field, FieldRef, Float64Type, Int64Type};
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;

use super::compared::{Compared, compared_column, compared_type};
use super::variants::Variants;
use crate::aggregate::Aggregating;
use crate::arguments::as_doubles;
use crate::constants::Constants;
use crate::grouped::GroupedState;
use crate::interrupt;
use crate::lists::{elements, list_field, list_of};
use crate::math::comparison::Comparison;
use crate::math::mean_tests::Sample;
use crate::math::wide_sum::WideSums;
use crate::registry::Described;
use crate::rows::{counted, for_each_counted};

/// What is summed over the rows of a variant.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sum {
    /// A column, by its place among the arguments.
    Of(usize),
    /// A column times another.
    Product(usize, usize),
}

/// A test of two variants by sums.
pub(crate) trait SumTest: Send + Sync + 'static {
    /// How many arguments come before the variant.
    const COLUMNS: usize;

    /// What is summed.
    const SUMS: &'static [Sum];

    /// The columns to sum, DOUBLE, of the arguments before the variant. Where one of them is NULL
    /// the row is skipped.
    fn columns(values: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
        Ok(values[..Self::COLUMNS].to_vec())
    }

    /// The treatment `b` against the control `a`, both with the sums in the order of
    /// [`SumTest::SUMS`].
    fn compare(&self, a: &Sample, b: &Sample) -> Comparison;
}

/// A test of the means of numbers: a function of [`SumTest::COLUMNS`] of them, the variant, and
/// the control.
pub(crate) trait MeanTest: SumTest + Described + Debug + Default + Eq + Hash {
    /// The name by which it is called.
    const FUNCTION: &'static str;

    /// Its documentation.
    fn described(&self) -> Option<&Documentation>;
}

impl<T: MeanTest> Aggregating for T {
    const NAME: &'static str = T::FUNCTION;

    type State = SumState<T>;

    fn retype(types: &mut [DataType]) {
        as_doubles(types.iter_mut().take(T::COLUMNS));
    }

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        let control = fields.get(T::COLUMNS + 1);
        compared_type(T::FUNCTION, &fields[T::COLUMNS], control)
    }

    fn state_fields(fields: &[FieldRef]) -> Vec<Field> {
        state_fields(fields[T::COLUMNS].data_type())
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<SumState<T>> {
        let variant = fields[T::COLUMNS].data_type();
        let variants = Variants::of_call(T::FUNCTION, variant, constants)?;
        Ok(SumState::new(T::default(), variants))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.described()
    }
}

/// Sums of each group and variant.
pub(crate) struct SumState<T> {
    test: Arc<T>,
    variants: Variants,
    /// How many rows each variant has.
    rows: Vec<i64>,
    /// In the order of [`SumTest::SUMS`], each by variant.
    sums: Vec<WideSums>,
}

/// The fields of the state, for variants of type `variant`.
pub(super) fn state_fields(variant: &DataType) -> Vec<Field> {
    vec![
        Variants::state_field(variant),
        // Of each variant how many rows it has, then how many doubles make each of its sums.
        list_field("numbers", DataType::Int64),
        list_field("sums", DataType::Float64),
    ]
}

impl<T: SumTest> SumState<T> {
    pub(super) fn new(test: T, variants: Variants) -> Self {
        Self::of(Arc::new(test), variants)
    }

    fn of(test: Arc<T>, variants: Variants) -> Self {
        Self {
            test,
            variants,
            rows: Vec::new(),
            sums: T::SUMS.iter().map(|_| WideSums::default()).collect(),
        }
    }

    /// Makes room for all variants.
    fn fit(&mut self) {
        let variants = self.variants.len();
        self.rows.resize(variants, 0);
        self.sums.iter_mut().for_each(|sums| sums.resize(variants));
    }

    fn sample(&self, variant: u32) -> Sample {
        let variant = variant as usize;
        Sample {
            n: self.rows[variant],
            sums: self.sums.iter().map(|sums| sums.exact(variant)).collect(),
        }
    }

    fn compared(&self, variants: &[u32]) -> Result<Compared> {
        let pair = self.variants.pair(variants)?;
        if pair == [None, None] {
            return Ok(None);
        }
        let rows = pair.map(|variant| variant.map_or(0, |variant| self.rows[variant as usize]));
        let comparison = match pair {
            [Some(a), Some(b)] => self.test.compare(&self.sample(a), &self.sample(b)),
            _ => Comparison::default(),
        };
        Ok(Some((rows, comparison)))
    }
}

impl<T: SumTest> GroupedState for SumState<T> {
    fn grow(&mut self, groups: usize) {
        self.variants.grow(groups);
    }

    fn update(
        &mut self,
        values: &[ArrayRef],
        group_indices: &[usize],
        filter: Option<&BooleanArray>,
    ) -> Result<()> {
        let variant = &values[T::COLUMNS];
        let columns = T::columns(values)?;
        let all: Vec<&ArrayRef> = columns.iter().chain([variant]).collect();
        let counted = counted(filter, &all);
        let group = |row: usize| group_indices[row];
        let numbers = self.variants.number(variant, counted.as_ref(), group)?;
        self.fit();
        for number in &numbers {
            self.rows[*number as usize] += 1;
        }
        let column = |place: usize| columns[place].as_primitive::<Float64Type>().values();
        for (sums, sum) in self.sums.iter_mut().zip(T::SUMS) {
            let mut numbers = numbers.iter().map(|number| *number as usize);
            let rows = group_indices.len();
            match *sum {
                Sum::Of(x) => {
                    let x = column(x);
                    for_each_counted(rows, counted.as_ref(), |row| {
                        if let Some(number) = numbers.next() {
                            sums.add(number, x[row]);
                        }
                    });
                }
                Sum::Product(x, y) => {
                    let (x, y) = (column(x), column(y));
                    for_each_counted(rows, counted.as_ref(), |row| {
                        if let Some(number) = numbers.next() {
                            sums.add_product(number, x[row], y[row]);
                        }
                    });
                }
            }
        }
        Ok(())
    }

    fn merge(&mut self, state: &[ArrayRef], group_indices: &[usize]) -> Result<()> {
        let variants = self.variants.merge(&state[0], group_indices)?;
        self.fit();
        let numbers = elements(state[1].as_list::<i64>());
        let mut numbers = numbers.as_primitive::<Int64Type>().values().iter();
        let doubles = elements(state[2].as_list::<i64>());
        let mut doubles = doubles.as_primitive::<Float64Type>().values().iter();
        for variant in variants {
            let variant = variant as usize;
            let rows = numbers.next().ok_or_else(|| self.variants.broken_state())?;
            self.rows[variant] = self.rows[variant].saturating_add(*rows);
            for sums in &mut self.sums {
                let length = numbers.next().ok_or_else(|| self.variants.broken_state())?;
                for _ in 0..*length {
                    let double = doubles.next().ok_or_else(|| self.variants.broken_state())?;
                    sums.add(variant, *double);
                }
            }
        }
        Ok(())
    }

    fn evaluate(&mut self, groups: usize) -> Result<ArrayRef> {
        let grouped = self.variants.by_group(groups);
        let results = (0..groups).map(|group| {
            interrupt::check()?;
            self.compared(grouped.of(group))
        });
        compared_column(&results.collect::<Result<Vec<_>>>()?)
    }

    fn state(&mut self, groups: usize) -> Result<Vec<ArrayRef>> {
        let grouped = self.variants.by_group(groups);
        let (mut numbers, mut doubles) = (Vec::new(), Vec::new());
        let (mut number_lengths, mut double_lengths) = (Vec::new(), Vec::new());
        for group in 0..groups {
            let before = (numbers.len(), doubles.len());
            for variant in grouped.of(group) {
                let variant = *variant as usize;
                numbers.push(self.rows[variant]);
                for sums in &self.sums {
                    let first = doubles.len();
                    doubles.extend(sums.parts(variant));
                    numbers.push((doubles.len() - first) as i64);
                }
            }
            number_lengths.push(numbers.len() - before.0);
            double_lengths.push(doubles.len() - before.1);
        }
        Ok(vec![
            self.variants.state(&grouped)?,
            list_of(Arc::new(Int64Array::from(numbers)), number_lengths),
            list_of(Arc::new(Float64Array::from(doubles)), double_lengths),
        ])
    }

    fn discard(&mut self, groups: usize) {
        let staying = self.variants.discard(groups);
        self.rows = staying.iter().map(|old| self.rows[*old as usize]).collect();
        self.sums.iter_mut().for_each(|sums| sums.keep(&staying));
    }

    fn row_states(
        &self,
        values: &[ArrayRef],
        filter: Option<&BooleanArray>,
    ) -> Result<Vec<ArrayRef>> {
        let rows = values[0].len();
        let mut each = Self::of(Arc::clone(&self.test), self.variants.emptied(rows)?);
        let groups: Vec<usize> = (0..rows).collect();
        each.update(values, &groups, filter)?;
        each.state(rows)
    }

    fn groups(&self) -> usize {
        self.variants.groups()
    }

    fn heap_size(&self) -> usize {
        self.variants.heap_size()
            + self.rows.capacity() * size_of::<i64>()
            + self.sums.iter().map(WideSums::heap_size).sum::<usize>()
            + self.sums.capacity() * size_of::<WideSums>()
    }
}
