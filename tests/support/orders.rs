//! Orders made up by a seeded generator: skewed, with ties, NULLs and repeats.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// 2023-01-01 in microseconds.
const START_MICROS: i64 = 1_672_531_200_000_000;
const DAY_MICROS: i64 = 86_400_000_000;

/// One line of an order.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) store: String,
    pub(crate) order_id: i64,
    pub(crate) customer: Option<i64>,
    pub(crate) item: Option<String>,
    pub(crate) at_micros: Option<i64>,
    pub(crate) cents: Option<i64>,
}

/// `count` lines of `customers` customers; the same for the same seed.
pub(crate) fn orders(seed: u64, count: usize, customers: i64) -> Vec<Order> {
    let mut random = StdRng::seed_from_u64(seed);
    (0..count)
        .map(|_| {
            // Squared, so that a few customers have most of the orders.
            let skew: f64 = random.random();
            let customer = (skew * skew * customers as f64) as i64;
            let day = random.random_range(0..540);
            Order {
                store: ["north", "south", "west"][random.random_range(0..3)].to_string(),
                order_id: random.random_range(0..(count as i64 / 3).max(1)),
                customer: (random.random_range(0..50) != 0).then_some(customer),
                item: (random.random_range(0..40) != 0)
                    .then(|| format!("item {}", random.random_range(0..12))),
                at_micros: (random.random_range(0..60) != 0).then(|| {
                    START_MICROS + day * DAY_MICROS + random.random_range(0..4) * DAY_MICROS / 4
                }),
                cents: (random.random_range(0..30) != 0).then(|| random.random_range(-500..9_000)),
            }
        })
        .collect()
}

/// The orders as batches of at most `rows` rows.
pub(crate) fn batches(orders: &[Order], rows: usize) -> Vec<RecordBatch> {
    orders.chunks(rows).map(batch).collect()
}

fn batch(orders: &[Order]) -> RecordBatch {
    let amounts = Decimal128Array::from_iter(orders.iter().map(|o| o.cents.map(i128::from)))
        .with_precision_and_scale(10, 2)
        .unwrap();
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "store",
            Arc::new(StringArray::from_iter_values(
                orders.iter().map(|o| &o.store),
            )),
        ),
        (
            "order_id",
            Arc::new(Int64Array::from_iter_values(
                orders.iter().map(|o| o.order_id),
            )),
        ),
        (
            "customer",
            Arc::new(Int64Array::from_iter(orders.iter().map(|o| o.customer))),
        ),
        (
            "item",
            Arc::new(StringArray::from_iter(
                orders.iter().map(|o| o.item.as_deref()),
            )),
        ),
        (
            "ts",
            Arc::new(TimestampMicrosecondArray::from_iter(
                orders.iter().map(|o| o.at_micros),
            )),
        ),
        ("amount", Arc::new(amounts)),
    ];
    RecordBatch::try_from_iter_with_nullable(
        columns
            .into_iter()
            .map(|(name, column)| (name, column, true)),
    )
    .unwrap()
}
