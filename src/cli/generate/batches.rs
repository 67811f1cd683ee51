//! Events as record batches.

use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Builder, Int64Builder, RecordBatch, StringBuilder,
    TimestampMicrosecondBuilder,
};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use arrow::error::ArrowError;

use super::events::Event;

/// Digits of a price, and those after the point.
const PRICE: (u8, i8) = (10, 2);

/// The columns of events.
pub(super) fn schema() -> SchemaRef {
    let field = |name: &str, data_type, nullable| Field::new(name, data_type, nullable);
    Arc::new(Schema::new(vec![
        field(
            "event_time",
            DataType::Timestamp(TimeUnit::Microsecond, None),
            false,
        ),
        field("event_type", DataType::Utf8, false),
        field("product_id", DataType::Int64, false),
        field("category_id", DataType::Int64, false),
        field("category_code", DataType::Utf8, true),
        field("brand", DataType::Utf8, true),
        field("price", DataType::Decimal128(PRICE.0, PRICE.1), false),
        field("user_id", DataType::Int64, false),
        field("user_session", DataType::Utf8, false),
    ]))
}

/// A record batch of events.
pub(super) fn batch(events: &[Event]) -> Result<RecordBatch, ArrowError> {
    let rows = events.len();
    let mut times = TimestampMicrosecondBuilder::with_capacity(rows);
    let mut kinds = StringBuilder::with_capacity(rows, rows * 5);
    let mut products = Int64Builder::with_capacity(rows);
    let mut category_ids = Int64Builder::with_capacity(rows);
    let mut category_codes = StringBuilder::with_capacity(rows, rows * 20);
    let mut brands = StringBuilder::with_capacity(rows, rows * 7);
    let mut prices =
        Decimal128Builder::with_capacity(rows).with_precision_and_scale(PRICE.0, PRICE.1)?;
    let mut users = Int64Builder::with_capacity(rows);
    let mut sessions = StringBuilder::with_capacity(rows, rows * 36);
    let mut session = String::with_capacity(36);
    for event in events {
        times.append_value(event.time_seconds * 1_000_000);
        kinds.append_value(event.kind.name());
        products.append_value(event.product.id);
        category_ids.append_value(event.product.category_id);
        category_codes.append_option(event.product.category_code);
        brands.append_option(event.product.brand);
        prices.append_value(i128::from(event.product.price_cents));
        users.append_value(event.user_id);
        session.clear();
        write_uuid(&mut session, event.session);
        sessions.append_value(&session);
    }
    let columns: Vec<ArrayRef> = vec![
        Arc::new(times.finish()),
        Arc::new(kinds.finish()),
        Arc::new(products.finish()),
        Arc::new(category_ids.finish()),
        Arc::new(category_codes.finish()),
        Arc::new(brands.finish()),
        Arc::new(prices.finish()),
        Arc::new(users.finish()),
        Arc::new(sessions.finish()),
    ];
    RecordBatch::try_new(schema(), columns)
}

/// Eight, four, four, four and twelve hexadecimal digits.
fn write_uuid(text: &mut String, id: u128) {
    let digits = |shift: u32, count: u32| (id >> shift) & ((1_u128 << (4 * count)) - 1);
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        digits(96, 8),
        digits(80, 4),
        digits(64, 4),
        digits(48, 4),
        digits(0, 12)
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::generate::events::Events;

    #[test]
    fn events_fill_their_columns() {
        let events: Vec<Event> = Events::new(100, 1).collect();
        let batch = batch(&events).unwrap();
        assert_eq!(batch.num_rows(), 100);
        assert_eq!(batch.schema(), schema());
        let mut text = String::new();
        write_uuid(&mut text, 0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        assert_eq!(text, "01234567-89ab-cdef-0123-456789abcdef");
    }
}
