//! Nine columns as an orders table has them, in types that go over the wire as they are.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Decimal128Array, Float64Array, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};

const BATCH_ROWS: usize = 8_192;
const MICROS_2024: i64 = 1_704_067_200_000_000;

/// `rows` rows in batches of the size in which the engine works.
pub(super) fn batches(rows: usize) -> Vec<RecordBatch> {
    let starts = (0..rows).step_by(BATCH_ROWS);
    starts
        .map(|start| batch(start, BATCH_ROWS.min(rows - start)))
        .collect()
}

fn batch(start: usize, rows: usize) -> RecordBatch {
    let numbers = || (start..start + rows).map(|row| row as i64);
    let countries = ["DE", "FR", "IT", "ES", "PL"];
    let columns: [(&str, ArrayRef); 9] = [
        (
            "order_id",
            Arc::new(Int64Array::from_iter_values(numbers())),
        ),
        (
            "customer_id",
            Arc::new(Int64Array::from_iter_values(
                numbers().map(|n| n * 7_919 % 1_000_003),
            )),
        ),
        (
            "quantity",
            Arc::new(Int32Array::from_iter_values(
                numbers().map(|n| (n % 9) as i32),
            )),
        ),
        (
            "price",
            Arc::new(Float64Array::from_iter_values(
                numbers().map(|n| n as f64 / 7.0),
            )),
        ),
        (
            "amount",
            Arc::new(
                Decimal128Array::from_iter_values(numbers().map(|n| i128::from(n * 13 % 100_000)))
                    .with_precision_and_scale(12, 2)
                    .unwrap(),
            ),
        ),
        (
            "country",
            Arc::new(StringArray::from_iter_values(
                numbers().map(|n| countries[n as usize % 5]),
            )),
        ),
        (
            "item",
            Arc::new(StringArray::from_iter_values(
                numbers().map(|n| format!("item {}", n % 10_000)),
            )),
        ),
        (
            "ordered_at",
            Arc::new(TimestampMicrosecondArray::from_iter_values(
                numbers().map(|n| MICROS_2024 + n * 1_000),
            )),
        ),
        (
            "paid",
            Arc::new(BooleanArray::from_iter(numbers().map(|n| Some(n % 3 > 0)))),
        ),
    ];
    RecordBatch::try_from_iter(columns).unwrap()
}
