//! Any type of Arrow's, a few levels deep.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, IntervalUnit, TimeUnit, UnionFields, UnionMode};

use super::input::Input;

/// How deep types are nested.
pub(super) const DEPTH: usize = 3;

const UNITS: [TimeUnit; 4] = [
    TimeUnit::Second,
    TimeUnit::Millisecond,
    TimeUnit::Microsecond,
    TimeUnit::Nanosecond,
];

const ZONES: [&str; 5] = [
    "UTC",
    "+05:30",
    "Europe/Prague",
    "America/New_York",
    "-00:01",
];

/// A type, nested while there is depth left.
pub(super) fn data_type(input: &mut Input<'_>, depth: usize) -> DataType {
    let nested = if depth == 0 { 0 } else { 11 };
    match input.below(21 + nested) {
        0 => DataType::Null,
        1 => DataType::Boolean,
        2 => integer(input),
        3 => input.one(&[DataType::Float16, DataType::Float32, DataType::Float64]),
        4 => DataType::Utf8,
        5 => DataType::LargeUtf8,
        6 => DataType::Utf8View,
        7 => DataType::Binary,
        8 => DataType::LargeBinary,
        9 => DataType::BinaryView,
        10 => DataType::FixedSizeBinary(1 + i32::from(input.byte() % 20)),
        11 => DataType::Date32,
        12 => DataType::Date64,
        13 => DataType::Time32(input.one(&UNITS[..2])),
        14 => DataType::Time64(input.one(&UNITS[2..])),
        15 => {
            let zone = input.flag().then(|| input.one(&ZONES).into());
            DataType::Timestamp(input.one(&UNITS), zone)
        }
        16 => DataType::Duration(input.one(&UNITS)),
        17 => DataType::Interval(input.one(&[
            IntervalUnit::YearMonth,
            IntervalUnit::DayTime,
            IntervalUnit::MonthDayNano,
        ])),
        18 => decimal(input),
        19 => DataType::Int64,
        20 => DataType::Int32,
        21 => DataType::List(item(input, depth)),
        22 => DataType::LargeList(item(input, depth)),
        23 => DataType::ListView(item(input, depth)),
        24 => DataType::LargeListView(item(input, depth)),
        25 => DataType::FixedSizeList(item(input, depth), 1 + i32::from(input.byte() % 3)),
        26 => {
            let fields = input.below(4);
            DataType::Struct((0..fields).map(|_| field(input, depth)).collect())
        }
        27 => {
            let entries = DataType::Struct(
                vec![
                    Field::new("keys", data_type(input, 0), false),
                    Field::new("values", data_type(input, depth - 1), true),
                ]
                .into(),
            );
            DataType::Map(Arc::new(Field::new("entries", entries, false)), false)
        }
        28 => {
            let fields: Vec<FieldRef> = (0..1 + input.below(3))
                .map(|_| field(input, depth))
                .collect();
            let mode = input.one(&[UnionMode::Sparse, UnionMode::Dense]);
            DataType::Union(UnionFields::from_fields(fields), mode)
        }
        29 => {
            let ends = input.one(&[DataType::Int16, DataType::Int32, DataType::Int64]);
            DataType::RunEndEncoded(
                Arc::new(Field::new("run_ends", ends, false)),
                Arc::new(Field::new("values", data_type(input, depth - 1), true)),
            )
        }
        _ => DataType::Dictionary(
            Box::new(integer(input)),
            Box::new(data_type(input, depth - 1)),
        ),
    }
}

fn integer(input: &mut Input<'_>) -> DataType {
    input.one(&[
        DataType::Int8,
        DataType::Int16,
        DataType::Int32,
        DataType::Int64,
        DataType::UInt8,
        DataType::UInt16,
        DataType::UInt32,
        DataType::UInt64,
    ])
}

fn decimal(input: &mut Input<'_>) -> DataType {
    let width = input.below(4);
    let most = [9, 18, 38, 76][width];
    let precision = 1 + input.byte() % most;
    let scale = input.byte() % (precision + 1);
    let scale = i8::try_from(scale).unwrap_or(0);
    let scale = if input.flag() { -scale } else { scale };
    match width {
        0 => DataType::Decimal32(precision, scale),
        1 => DataType::Decimal64(precision, scale),
        2 => DataType::Decimal128(precision, scale),
        _ => DataType::Decimal256(precision, scale),
    }
}

/// A field of any name, nullable.
pub(super) fn field(input: &mut Input<'_>, depth: usize) -> FieldRef {
    let name = input.text();
    Arc::new(Field::new(
        name,
        data_type(input, depth.saturating_sub(1)),
        true,
    ))
}

fn item(input: &mut Input<'_>, depth: usize) -> FieldRef {
    Arc::new(Field::new("item", data_type(input, depth - 1), true))
}
