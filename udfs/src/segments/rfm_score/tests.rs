//! `rfm_score` against its definition, customer by customer and pair by pair.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::array::{
    Array, ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array,
    ListArray, StringArray, StructArray, TimestampSecondArray,
};
use datafusion::arrow::buffer::OffsetBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::AggregateUDF;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::RfmScore;
use super::scores::result_type;
use crate::aggregate::Aggregate;
use crate::testing::{Argument, Case};

const GROUPS: usize = 5;
/// 2024-03-31, when Berlin puts its clocks forward, and 2024-04-01 at noon, UTC.
const DAY: i32 = 19_813;
const NOON: i64 = 19_814 * 86_400 + 43_200;

/// One order: group, customer, second, cents; and whether the filter lets it through.
type Order = (usize, Option<i64>, Option<i64>, Option<i64>, bool);

fn orders(rng: &mut StdRng) -> Vec<Order> {
    let customers = rng.random_range(1..25);
    let some =
        |rng: &mut StdRng, from, to| rng.random_bool(0.93).then(|| rng.random_range(from..to));
    (0..rng.random_range(0..220))
        .map(|_| {
            let group = rng.random_range(0..GROUPS);
            // Few distinct values, so that ties abound.
            let second = some(rng, NOON / 3_600 - 120, NOON / 3_600 + 40).map(|hour| hour * 3_600);
            let customer = some(rng, 0, customers);
            let cents = some(rng, -2, 6).map(|cents| cents * 25);
            (group, customer, second, cents, rng.random_bool(0.9))
        })
        .collect()
}

/// What the definition says of one group's orders.
struct Scored {
    customer: i64,
    days: i32,
    frequency: i64,
    cents: i64,
    tiles: [i32; 3],
}

struct Options {
    as_of: ScalarValue,
    berlin: bool,
    tiles: i64,
    split: bool,
}

fn brute_force(orders: &[Order], options: &Options) -> Vec<Scored> {
    // Berlin is one hour ahead until NOON's day before, at one in the morning, UTC.
    let ahead = |second: i64| match (options.berlin, second < i64::from(DAY) * 86_400 + 3_600) {
        (false, _) => 0,
        (true, true) => 3_600,
        (true, false) => 7_200,
    };
    let day = |second: i64| ((second + ahead(second)).div_euclid(86_400)) as i32;
    let happened = |second: i64| match &options.as_of {
        ScalarValue::Date32(Some(as_of)) => day(second) <= *as_of,
        ScalarValue::TimestampMillisecond(Some(as_of), _) => second * 1_000 <= *as_of,
        _ => true,
    };
    let mut customers: BTreeMap<i64, (i64, i64, i64)> = BTreeMap::new();
    for (_, customer, second, cents, passed) in orders {
        if let (Some(customer), Some(second), true) = (customer, second, passed)
            && happened(*second)
        {
            let known = customers.entry(*customer).or_insert((*second, 0, 0));
            known.0 = known.0.max(*second);
            known.1 += 1;
            known.2 += cents.unwrap_or(0);
        }
    }
    let latest = customers.values().map(|known| known.0).max();
    let as_of = match &options.as_of {
        ScalarValue::Date32(Some(as_of)) => Some(*as_of),
        ScalarValue::TimestampMillisecond(Some(as_of), _) => Some(day(as_of / 1_000)),
        _ => latest.map(day),
    };
    let goodness: Vec<[i64; 3]> = customers
        .values()
        .map(|(last, orders, cents)| [i64::from(day(*last)), *orders, *cents])
        .collect();
    let tile = |at: usize, column: usize| {
        let own = goodness[at][column];
        let n = goodness.len();
        let worse = |other: usize| match options.split {
            // Position in the ascending order, equal values by customer.
            true => (goodness[other][column], other) < (own, at),
            false => goodness[other][column] < own,
        };
        let below = (0..n).filter(|other| worse(*other)).count();
        let tiles = options.tiles as usize;
        let tile = match options.split {
            false => below * tiles / n + 1,
            true => {
                let (size, larger) = (n / tiles, n % tiles);
                match below < larger * (size + 1) {
                    true => below / (size + 1) + 1,
                    false => larger + (below - larger * (size + 1)) / size + 1,
                }
            }
        };
        tile as i32
    };
    customers
        .iter()
        .enumerate()
        .map(|(at, (customer, (last, frequency, cents)))| Scored {
            customer: *customer,
            days: as_of.unwrap() - day(*last),
            frequency: *frequency,
            cents: *cents,
            tiles: [0, 1, 2].map(|column| tile(at, column)),
        })
        .collect()
}

/// Two digits, so that text orders as the numbers do.
fn name(customer: i64) -> String {
    format!("customer {customer:02}")
}

fn expected(
    groups: &[Vec<Scored>],
    names: bool,
    amounts: impl Fn(Vec<i64>) -> ArrayRef,
) -> ArrayRef {
    let all = || groups.iter().flatten();
    let ints = |of: fn(&Scored) -> i32| -> ArrayRef {
        Arc::new(all().map(|s| Some(of(s))).collect::<Int32Array>())
    };
    let customers: ArrayRef = match names {
        true => Arc::new(
            all()
                .map(|s| Some(name(s.customer)))
                .collect::<StringArray>(),
        ),
        false => Arc::new(all().map(|s| Some(s.customer)).collect::<Int64Array>()),
    };
    let columns = vec![
        customers,
        ints(|s| s.days),
        Arc::new(all().map(|s| Some(s.frequency)).collect::<Int64Array>()),
        amounts(all().map(|s| s.cents).collect()),
        ints(|s| s.tiles[0]),
        ints(|s| s.tiles[1]),
        ints(|s| s.tiles[2]),
        ints(|s| 100 * s.tiles[0] + 10 * s.tiles[1] + s.tiles[2]),
    ];
    let DataType::List(field) = result_type(columns[0].data_type(), columns[3].data_type()) else {
        unreachable!("the result is a list");
    };
    let DataType::Struct(fields) = field.data_type().clone() else {
        unreachable!("of structs");
    };
    let entries = StructArray::new(fields, columns, None);
    let offsets = OffsetBuffer::from_lengths(groups.iter().map(Vec::len));
    Arc::new(ListArray::new(field, offsets, Arc::new(entries), None))
}

/// Amounts of cents in the three kinds of money, and sums likewise.
fn money(kind: usize, cents: Vec<Option<i64>>, sum: bool) -> ArrayRef {
    match kind {
        0 => Arc::new(Int64Array::from(cents)),
        1 => {
            let cents: Decimal128Array = cents.into_iter().map(|c| c.map(i128::from)).collect();
            let precision = if sum { 20 } else { 10 };
            Arc::new(cents.with_precision_and_scale(precision, 2).unwrap())
        }
        // Quarters, whose sums are exact in brute force, too.
        _ => Arc::new(
            cents
                .into_iter()
                .map(|c| c.map(|c| c as f64 / 100.0))
                .collect::<Float64Array>(),
        ),
    }
}

#[test]
fn every_route_equals_the_definition() {
    for seed in 0..60 {
        let rng = &mut StdRng::seed_from_u64(seed);
        let orders = orders(rng);
        let options = Options {
            as_of: match rng.random_range(0..3) {
                0 => ScalarValue::Date32(Some(DAY)),
                1 => ScalarValue::TimestampMillisecond(Some(NOON * 1_000), Some("UTC".into())),
                _ => ScalarValue::TimestampMicrosecond(None, None),
            },
            berlin: rng.random_bool(0.5),
            tiles: rng.random_range(2..=9),
            split: rng.random_bool(0.5),
        };
        let (names, kind) = (rng.random_bool(0.5), rng.random_range(0..3));
        let groups: Vec<Vec<Scored>> = (0..GROUPS)
            .map(|group| {
                let own: Vec<Order> = orders.iter().copied().filter(|o| o.0 == group).collect();
                brute_force(&own, &options)
            })
            .collect();
        let expected = expected(&groups, names, |cents| {
            money(kind, cents.into_iter().map(Some).collect(), true)
        });

        let customers: Int64Array = orders.iter().map(|order| order.1).collect();
        let customers: ArrayRef = match names {
            true => Arc::new(
                customers
                    .iter()
                    .map(|c| c.map(name))
                    .collect::<StringArray>(),
            ),
            false => Arc::new(customers),
        };
        let seconds: TimestampSecondArray = orders.iter().map(|order| order.2).collect();
        let units = [
            TimeUnit::Second,
            TimeUnit::Millisecond,
            TimeUnit::Nanosecond,
        ];
        let unit = units[rng.random_range(0..units.len())];
        let times = cast(&seconds, &DataType::Timestamp(unit, None)).unwrap();
        let amounts = money(kind, orders.iter().map(|order| order.3).collect(), false);
        let constants = [
            options.as_of.clone(),
            ScalarValue::Int64(Some(options.tiles)),
            ScalarValue::from(if options.split { "split" } else { "together" }),
            ScalarValue::from(if options.berlin {
                "Europe/Berlin"
            } else {
                "UTC"
            }),
        ];
        let filter: BooleanArray = orders.iter().map(|order| Some(order.4)).collect();
        let case = Case {
            function: Arc::new(AggregateUDF::from(Aggregate::new(RfmScore))),
            arguments: [customers, times, amounts]
                .into_iter()
                .map(Argument::Column)
                .chain(constants.into_iter().map(Argument::Constant))
                .collect(),
            groups: orders.iter().map(|order| order.0).collect(),
            filter: Some(filter),
        };
        case.assert_every_route(&expected, seed);
    }
}
