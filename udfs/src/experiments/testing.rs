//! For tests: random experiments, and what the tests of two variants say of each group of them.

use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int64Array, StringArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::compared::{Compared, compared_column};
use super::sums::{MeanTest, Sum, SumTest};
use crate::aggregate::{Aggregate, Aggregating};
use crate::math::comparison::Comparison;
use crate::math::expansion::Exact;
use crate::math::mean_tests::Sample;
use crate::testing::{Argument, Case};

const GROUPS: usize = 6;

/// Asserts that a test of means says on random experiments, in any split, what it says of naive
/// sums.
pub(super) fn assert_any_split_equals_one_pass<T: MeanTest>() {
    for seed in 0..40 {
        let rows = Rows::random(seed);
        let columns = &rows.columns[..T::COLUMNS];
        let arguments = columns
            .iter()
            .map(|column| Arc::new(Float64Array::from(column.clone())) as ArrayRef);
        rows.assert_every_route(
            T::default(),
            arguments.collect(),
            vec![],
            columns,
            |a, b| Rows::compare(&T::default(), columns, a, b),
        );
    }
}

/// Rows of two variants, 0 and 1, with values of two columns.
pub(super) struct Rows {
    pub(super) variants: Vec<Option<usize>>,
    pub(super) columns: [Vec<Option<f64>>; 2],
    groups: Vec<usize>,
    filter: Option<BooleanArray>,
    /// Whether the larger variant is the control.
    control: Option<usize>,
    seed: u64,
}

impl Rows {
    /// Few rows or many, near 0 or far away, whole or of all magnitudes, some NULL.
    pub(super) fn random(seed: u64) -> Self {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows = [0, 3, 40, 300][random.random_range(0..4)];
        let (offset, spread) = [(0.0, 0), (1e9, 0), (0.0, 9), (-3e5, 4)][random.random_range(0..4)];
        let whole = random.random_bool(0.3);
        let mut column = || -> Vec<Option<f64>> {
            let value = |_| {
                let scale = 10_f64.powi(random.random_range(-spread..=spread));
                let value = random.random_range(-4.0..9.0) * scale + offset;
                let value = if whole { value.round() } else { value };
                random.random_bool(0.93).then_some(value)
            };
            (0..rows).map(value).collect()
        };
        let columns = [column(), column()];
        let known = |random: &mut StdRng| random.random_bool(0.95);
        Self {
            columns,
            variants: (0..rows)
                .map(|_| known(random).then(|| random.random_range(0..2)))
                .collect(),
            groups: (0..rows).map(|_| random.random_range(0..GROUPS)).collect(),
            filter: random.random_bool(0.5).then(|| {
                let passed = |_| known(random).then(|| random.random_bool(0.7));
                (0..rows).map(passed).collect()
            }),
            control: [None, Some(0), Some(1)][random.random_range(0..3)],
            seed,
        }
    }

    /// The variants as keys of some type.
    fn keys(&self) -> ArrayRef {
        let variants = self.variants.iter();
        let names: StringArray = variants
            .clone()
            .map(|v| Some(["ctl", "new"][(*v)?]))
            .collect();
        let names: ArrayRef = Arc::new(names);
        let dictionary = DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8));
        match self.seed % 4 {
            0 => names,
            1 => cast(&names, &dictionary).unwrap(),
            2 => cast(&names, &DataType::Utf8View).unwrap(),
            _ => {
                let numbers = variants.map(|variant| Some((*variant)? as i64 - 1));
                Arc::new(numbers.collect::<Int64Array>())
            }
        }
    }

    /// The rows of a group that count, by variant, where none of `columns` is NULL.
    fn arms(&self, group: usize, columns: &[Vec<Option<f64>>]) -> [Vec<usize>; 2] {
        let passed = |f: &BooleanArray, row| f.is_valid(row) && f.value(row);
        let mut arms = [Vec::new(), Vec::new()];
        for row in (0..self.groups.len()).filter(|row| self.groups[*row] == group) {
            let counts = self.filter.as_ref().is_none_or(|f| passed(f, row))
                && columns.iter().all(|column| column[row].is_some());
            if let Some(variant) = self.variants[row].filter(|_| counts) {
                arms[variant].push(row);
            }
        }
        if self.control == Some(1) {
            arms.reverse();
        }
        arms
    }

    /// Asserts that a function called with `arguments`, the variant, `options` and the control
    /// gives on every route what `compare` says of the rows of control and treatment in which
    /// none of `columns` is NULL.
    pub(super) fn assert_every_route<F: Aggregating>(
        &self,
        function: F,
        arguments: Vec<ArrayRef>,
        options: Vec<ScalarValue>,
        columns: &[Vec<Option<f64>>],
        compare: impl Fn(&[usize], &[usize]) -> Comparison,
    ) {
        let expected = (0..GROUPS).map(|group| -> Compared {
            let arms = self.arms(group, columns);
            let rows = [0, 1].map(|arm| arms[arm].len() as i64);
            match rows {
                [0, 0] => None,
                // Without a control's name, one variant alone is the control.
                [0, n] if self.control.is_none() => Some(([n, 0], Comparison::default())),
                [0, _] | [_, 0] => Some((rows, Comparison::default())),
                _ => Some((rows, compare(&arms[0], &arms[1]))),
            }
        });
        let expected = compared_column(&expected.collect::<Vec<_>>()).unwrap();
        let control = self.control.map(|variant| match self.seed % 4 {
            3 => ScalarValue::from(variant as i64 - 1),
            _ => ScalarValue::from(["ctl", "new"][variant]),
        });
        let columns = arguments.into_iter().chain([self.keys()]);
        let constants = options.into_iter().chain(control);
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(function))),
            arguments: columns
                .map(Argument::Column)
                .chain(constants.map(Argument::Constant))
                .collect(),
            groups: self.groups.clone(),
            filter: self.filter.clone(),
        };
        case.assert_every_route(&expected, self.seed);
    }

    /// What a test by sums says of the rows of two variants, from naive sums of `columns`.
    pub(super) fn compare<T: SumTest>(
        test: &T,
        columns: &[Vec<Option<f64>>],
        a: &[usize],
        b: &[usize],
    ) -> Comparison {
        let value = |column: usize, row: usize| Exact::from(columns[column][row].unwrap());
        let sample = |rows: &[usize]| {
            let sum = |sum: &Sum| {
                let terms = rows.iter().map(|row| match *sum {
                    Sum::Of(x) => value(x, *row),
                    Sum::Product(x, y) => &value(x, *row) * &value(y, *row),
                });
                terms.fold(Exact::default(), |total, term| &total + &term)
            };
            Sample {
                n: rows.len() as i64,
                sums: T::SUMS.iter().map(sum).collect(),
            }
        };
        test.compare(&sample(a), &sample(b))
    }
}
