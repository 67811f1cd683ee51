//! For tests: random order lines, and keys of every kind.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, BooleanArray, Int64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::aggregate::{Aggregate, Aggregating};
use crate::testing::{Argument, Case};

const GROUPS: usize = 4;

/// The items that may be.
pub(super) const ITEMS: std::ops::Range<i64> = 10..17;

/// Lines with keys of some kind, some NULL.
pub(super) struct RandomLines {
    baskets: Int64Array,
    items: Int64Array,
    groups: Vec<usize>,
    filter: Option<BooleanArray>,
    /// The type of both keys.
    pub(super) kind: DataType,
    /// A fraction to ask for.
    pub(super) min_support: f64,
    seed: u64,
}

/// The items of each basket.
pub(super) type Baskets = BTreeMap<i64, BTreeSet<i64>>;

impl RandomLines {
    pub(super) fn new(seed: u64) -> Self {
        let random = &mut StdRng::seed_from_u64(seed);
        let kinds = [
            DataType::Int64,
            DataType::UInt64,
            DataType::Utf8,
            DataType::Utf8View,
            DataType::LargeBinary,
            DataType::Date32,
            DataType::Dictionary(Box::new(DataType::Int8), Box::new(DataType::Utf8)),
        ];
        let rows = random.random_range(0..300);
        let mut keys = |range: std::ops::Range<i64>| -> Int64Array {
            let key = |_| {
                let key = random.random_range(range.clone());
                random.random_bool(0.95).then_some(key)
            };
            (0..rows).map(key).collect()
        };
        let (baskets, items) = (keys(10..26), keys(ITEMS));
        Self {
            baskets,
            items,
            groups: (0..rows).map(|_| random.random_range(0..GROUPS)).collect(),
            filter: random
                .random_bool(0.5)
                .then(|| (0..rows).map(|_| Some(random.random_bool(0.7))).collect()),
            min_support: [0.05, 0.1, 0.25, 1.0][random.random_range(0..4)],
            kind: kinds[random.random_range(0..kinds.len())].clone(),
            seed,
        }
    }

    /// The baskets of each group.
    pub(super) fn groups(&self) -> Vec<Baskets> {
        let mut groups = vec![Baskets::new(); GROUPS];
        for (row, &group) in self.groups.iter().enumerate() {
            let passed = self.filter.as_ref().is_none_or(|f| f.value(row));
            if passed && self.baskets.is_valid(row) && self.items.is_valid(row) {
                let basket = groups[group].entry(self.baskets.value(row)).or_default();
                basket.insert(self.items.value(row));
            }
        }
        groups
    }

    /// Asserts that `function`, called with the keys, the fraction and one more constant, gives
    /// `expected` on every route.
    pub(super) fn assert_every_route<F: Aggregating>(
        &self,
        function: F,
        most: Option<i64>,
        expected: &ArrayRef,
    ) {
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(function))),
            arguments: vec![
                Argument::Column(of_kind(&self.baskets, &self.kind)),
                Argument::Column(of_kind(&self.items, &self.kind)),
                Argument::Constant(ScalarValue::from(self.min_support)),
                Argument::Constant(ScalarValue::Int64(most)),
            ],
            groups: self.groups.clone(),
            filter: self.filter.clone(),
        };
        case.assert_every_route(expected, self.seed);
    }
}

/// The numbers as keys; all have two digits, so that text has the order of numbers.
pub(super) fn of_kind(numbers: &Int64Array, kind: &DataType) -> ArrayRef {
    let through = match kind {
        DataType::LargeBinary => cast(numbers, &DataType::LargeUtf8).unwrap(),
        DataType::Dictionary(_, values) => cast(numbers, values).unwrap(),
        DataType::Date32 => cast(numbers, &DataType::Int32).unwrap(),
        _ => Arc::new(numbers.clone()),
    };
    cast(&through, kind).unwrap()
}
