//! Histories against a plain reading of the definition, on random rows and by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Decimal256Array, Float64Array,
    Int64Array, StructArray, TimestampMillisecondArray,
};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::datatypes::i256;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::aggregate::Aggregate;
use crate::testing::{Argument, Case};

const GROUPS: usize = 6;
const AS_OF: i32 = 300;

/// One row: its day and its amount, either of which may be NULL.
type Purchase = (Option<i32>, Option<i32>);

/// Days before and after `as_of` as dates or timestamps, amounts of each kind of money, some
/// NULL, of random groups and under a random filter, against trees of the days.
#[test]
fn any_split_equals_one_pass() {
    for seed in 0..80 {
        let random = &mut StdRng::seed_from_u64(seed);
        let rows = random.random_range(0..250);
        let span = [5, 400][random.random_range(0..2)];
        let purchases: Vec<Purchase> = (0..rows)
            .map(|_| {
                let day = random.random_range(-span..span);
                let amount = random.random_range(-999..9_999);
                (
                    random.random_bool(0.95).then_some(day),
                    random.random_bool(0.9).then_some(amount),
                )
            })
            .collect();
        let groups: Vec<usize> = (0..rows).map(|_| random.random_range(0..GROUPS)).collect();
        let filter: Option<BooleanArray> = random
            .random_bool(0.5)
            .then(|| (0..rows).map(|_| Some(random.random_bool(0.7))).collect());
        let (unit, days) = [("day", 1.0), ("week", 7.0), ("month", 30.436_875)][seed as usize % 3];
        let kind = random.random_range(0..4);
        let divisor = if [1, 2].contains(&kind) { 100.0 } else { 1.0 };
        let passed = |row: usize| filter.as_ref().is_none_or(|filter| filter.value(row));
        let of_group = |group| {
            let rows = (0..rows).filter(|row| groups[*row] == group && passed(*row));
            history(rows.map(|row| purchases[row]), days, divisor)
        };
        let expected = column((0..GROUPS).map(of_group));
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(ClvSummary))),
            arguments: vec![
                Argument::Column(times(random, &purchases)),
                Argument::Column(money(kind, purchases.iter().map(|(_, amount)| *amount))),
                Argument::Constant(ScalarValue::Date32(Some(AS_OF))),
                Argument::Constant(ScalarValue::from(unit)),
            ],
            groups: groups.clone(),
            filter: filter.clone(),
        };
        case.assert_every_route(&expected, seed);
    }
}

/// Frequency, recency, age and monetary value, read off a tree of the days.
fn history(
    purchases: impl Iterator<Item = Purchase>,
    unit: f64,
    divisor: f64,
) -> Option<(i64, f64, f64, f64)> {
    let mut totals: BTreeMap<i32, i64> = BTreeMap::new();
    for (day, amount) in purchases {
        if let Some(day) = day.filter(|day| *day <= AS_OF) {
            *totals.entry(day).or_default() += i64::from(amount.unwrap_or(0));
        }
    }
    let (first, _) = totals.first_key_value()?;
    let (last, _) = totals.last_key_value()?;
    let repeats = totals.len() as i64 - 1;
    let rest: i64 = totals.values().skip(1).sum();
    let mean = if repeats == 0 {
        0.0
    } else {
        rest as f64 / (divisor * repeats as f64)
    };
    let [recency, age] = [last - first, AS_OF - first].map(|days| f64::from(days) / unit);
    Some((repeats, recency, age, mean))
}

fn column(histories: impl Iterator<Item = Option<(i64, f64, f64, f64)>>) -> ArrayRef {
    let histories: Vec<_> = histories.collect();
    let known = NullBuffer::from_iter(histories.iter().map(Option::is_some));
    let of = |part: fn((i64, f64, f64, f64)) -> f64| -> ArrayRef {
        let parts = histories.iter().map(|history| history.map(part));
        Arc::new(parts.collect::<Float64Array>())
    };
    let frequencies: Int64Array = histories.iter().map(|h| h.map(|h| h.0)).collect();
    let columns = vec![
        Arc::new(frequencies) as ArrayRef,
        of(|h| h.1),
        of(|h| h.2),
        of(|h| h.3),
    ];
    Arc::new(StructArray::try_new(result_fields(), columns, Some(known)).unwrap())
}

/// Days as dates, or as a random moment of each.
fn times(random: &mut StdRng, purchases: &[Purchase]) -> ArrayRef {
    let days = purchases.iter().map(|(day, _)| *day);
    if random.random_bool(0.5) {
        return Arc::new(days.collect::<Date32Array>());
    }
    let moments = days.map(|day| {
        let within = random.random_range(0..86_400_000);
        Some(i64::from(day?) * 86_400_000 + within)
    });
    Arc::new(moments.collect::<TimestampMillisecondArray>())
}

/// Amounts as integers, decimals of hundredths, or doubles, whole as integers are.
fn money(kind: usize, amounts: impl Iterator<Item = Option<i32>>) -> ArrayRef {
    let amounts = amounts.map(|amount| amount.map(i64::from));
    match kind {
        0 => Arc::new(amounts.collect::<Int64Array>()),
        1 => {
            let amounts: Decimal128Array = amounts.map(|a| a.map(i128::from)).collect();
            Arc::new(amounts.with_precision_and_scale(10, 2).unwrap())
        }
        2 => {
            let amounts: Decimal256Array = amounts
                .map(|a| a.map(|a| i256::from_i128(a.into())))
                .collect();
            Arc::new(amounts.with_precision_and_scale(50, 2).unwrap())
        }
        _ => Arc::new(
            amounts
                .map(|a| a.map(|a| a as f64))
                .collect::<Float64Array>(),
        ),
    }
}

/// A tenth three times over: each mean is the nearest DOUBLE to 0.1, which the sum of the
/// nearest DOUBLEs is not.
#[test]
fn the_mean_is_rounded_once() {
    let days = Date32Array::from(vec![0, 1, 2, 3]);
    let amounts = Decimal128Array::from(vec![7, 1, 1, 1]);
    let expected = column([Some((3, 3.0, 300.0, 0.1))].into_iter());
    let case = Case {
        function: Arc::new(AggregateUDF::from(Aggregate::new(ClvSummary))),
        arguments: vec![
            Argument::Column(Arc::new(days)),
            Argument::Column(Arc::new(amounts.with_precision_and_scale(3, 1).unwrap())),
            Argument::Constant(ScalarValue::Date32(Some(AS_OF))),
            Argument::Constant(ScalarValue::from("day")),
        ],
        groups: vec![0; 4],
        filter: None,
    };
    case.assert_every_route(&expected, 1);
}

/// The first day of Berlin's January 2024 begins in December in UTC.
#[test]
fn the_zone_decides_on_the_day() {
    let moments = TimestampMillisecondArray::from(vec![1_704_065_400_000, 1_704_070_800_000]);
    let case = |zone: &str, expected: (i64, f64, f64, f64)| {
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(ClvSummary))),
            arguments: vec![
                Argument::Column(Arc::new(moments.clone())),
                Argument::Column(Arc::new(Int64Array::from(vec![1, 2]))),
                Argument::Constant(ScalarValue::Date32(Some(19_724))),
                Argument::Constant(ScalarValue::from("day")),
                Argument::Constant(ScalarValue::from(zone)),
            ],
            groups: vec![0; 2],
            filter: None,
        };
        case.assert_every_route(&column([Some(expected)].into_iter()), 1);
    };
    case("UTC", (1, 1.0, 2.0, 2.0));
    case("Europe/Berlin", (0, 0.0, 1.0, 0.0));
}
