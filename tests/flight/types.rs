//! A table with a column of every kind of type, plain, compact and nested.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, BinaryViewArray, BooleanArray, Date32Array, Decimal32Array, Decimal64Array,
    Decimal128Array, Decimal256Array, DictionaryArray, DurationMillisecondArray,
    FixedSizeBinaryArray, FixedSizeListArray, Float32Array, Float64Array, Int8Array, Int32Array,
    Int64Array, IntervalMonthDayNanoArray, LargeStringArray, ListArray, ListViewArray, MapBuilder,
    NullArray, RecordBatch, RunArray, StringArray, StringBuilder, StringViewArray, StructArray,
    Time64NanosecondArray, TimestampMicrosecondArray, TimestampNanosecondArray, UInt64Array,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Int8Type, Int32Type, IntervalMonthDayNano, Schema, i256};

fn item(array: &dyn Array) -> Arc<Field> {
    Arc::new(Field::new("item", array.data_type().clone(), true))
}

fn dictionary() -> ArrayRef {
    let keys = Int8Array::from(vec![Some(1), None, Some(0)]);
    let values = StringViewArray::from(vec!["gold", "a tier with a rather long name"]);
    Arc::new(DictionaryArray::<Int8Type>::try_new(keys, Arc::new(values)).unwrap())
}

fn run_end_encoded() -> ArrayRef {
    let ends = Int32Array::from(vec![2, 3]);
    let values = StringArray::from(vec![Some("x"), None]);
    Arc::new(RunArray::<Int32Type>::try_new(&ends, &values).unwrap())
}

fn halves() -> ArrayRef {
    let singles = Float32Array::from(vec![Some(0.5), None, Some(-2.5)]);
    arrow::compute::cast(&singles, &DataType::Float16).unwrap()
}

/// A struct of a dictionary, a half float and a view.
fn compact_struct() -> ArrayRef {
    let columns = vec![
        ("tier", dictionary()),
        ("half", halves()),
        (
            "note",
            Arc::new(StringViewArray::from(vec![Some("a"), None, Some("c")])) as ArrayRef,
        ),
    ];
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns
        .into_iter()
        .map(|(name, array)| (Field::new(name, array.data_type().clone(), true), array))
        .unzip();
    Arc::new(StructArray::new(fields.into(), arrays, None))
}

fn list_of(values: ArrayRef) -> ArrayRef {
    let offsets = OffsetBuffer::new(vec![0, 2, 2, 3].into());
    Arc::new(ListArray::new(item(&values), offsets, values, None))
}

fn list_view_of(values: ArrayRef) -> ArrayRef {
    let offsets = ScalarBuffer::from(vec![1, 0, 0]);
    let sizes = ScalarBuffer::from(vec![2, 0, 1]);
    Arc::new(ListViewArray::new(
        item(&values),
        offsets,
        sizes,
        values,
        None,
    ))
}

fn map() -> ArrayRef {
    let mut builder = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    builder.keys().append_value("channel");
    builder.values().append_value("mail");
    builder.append(true).unwrap();
    builder.append(true).unwrap();
    builder.append(false).unwrap();
    Arc::new(builder.finish())
}

/// Columns of three rows by name; those named `not_null…` are declared so.
fn columns() -> Vec<(&'static str, ArrayRef)> {
    let decimal = |array: Decimal128Array| array.with_precision_and_scale(20, 2).unwrap();
    let interval = IntervalMonthDayNano::new(1, 2, 3);
    vec![
        ("not_null_id", Arc::new(Int64Array::from(vec![1, 2, 3]))),
        (
            "small",
            Arc::new(Int8Array::from(vec![Some(1), None, Some(3)])),
        ),
        (
            "flag",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        (
            "unsigned",
            Arc::new(UInt64Array::from(vec![Some(u64::MAX), None, Some(0)])),
        ),
        (
            "double",
            Arc::new(Float64Array::from(vec![Some(1.5), None, Some(f64::NAN)])),
        ),
        ("half", halves()),
        (
            "decimal32",
            Arc::new(
                Decimal32Array::from(vec![Some(123), None, Some(-5)])
                    .with_precision_and_scale(9, 2)
                    .unwrap(),
            ),
        ),
        (
            "decimal64",
            Arc::new(
                Decimal64Array::from(vec![Some(123), None, Some(-5)])
                    .with_precision_and_scale(18, 4)
                    .unwrap(),
            ),
        ),
        (
            "decimal128",
            Arc::new(decimal(Decimal128Array::from(vec![
                Some(123),
                None,
                Some(0),
            ]))),
        ),
        (
            "decimal256",
            Arc::new(
                Decimal256Array::from(vec![Some(i256::from_i128(7)), None, None])
                    .with_precision_and_scale(50, 3)
                    .unwrap(),
            ),
        ),
        (
            "text",
            Arc::new(StringArray::from(vec![Some("a"), None, Some("")])),
        ),
        (
            "large_text",
            Arc::new(LargeStringArray::from(vec![Some("a"), None, Some("")])),
        ),
        (
            "text_view",
            Arc::new(StringViewArray::from(vec![
                Some("short"),
                None,
                Some("longer than twelve bytes"),
            ])),
        ),
        (
            "binary_view",
            Arc::new(BinaryViewArray::from(vec![
                Some(b"ab".as_slice()),
                None,
                Some(b""),
            ])),
        ),
        (
            "uuid",
            Arc::new(FixedSizeBinaryArray::try_from_iter([[7_u8; 16]; 3].iter()).unwrap()),
        ),
        ("tier", dictionary()),
        ("runs", run_end_encoded()),
        (
            "day",
            Arc::new(Date32Array::from(vec![Some(0), None, Some(20_000)])),
        ),
        (
            "moment",
            Arc::new(TimestampMicrosecondArray::from(vec![
                Some(0),
                None,
                Some(-1),
            ])),
        ),
        (
            "zoned",
            Arc::new(
                TimestampNanosecondArray::from(vec![Some(0), None, Some(1)])
                    .with_timezone("Europe/Berlin"),
            ),
        ),
        (
            "clock",
            Arc::new(Time64NanosecondArray::from(vec![Some(0), None, Some(1)])),
        ),
        (
            "wait",
            Arc::new(DurationMillisecondArray::from(vec![Some(5), None, Some(1)])),
        ),
        (
            "period",
            Arc::new(IntervalMonthDayNanoArray::from(vec![
                Some(interval),
                None,
                Some(interval),
            ])),
        ),
        ("nothing", Arc::new(NullArray::new(3))),
        ("compact", compact_struct()),
        (
            "list",
            list_of(Arc::new(StringViewArray::from(vec!["a", "b", "c"]))),
        ),
        ("list_of_structs", list_of(compact_struct())),
        ("list_view", list_view_of(compact_struct())),
        ("nested", list_of(list_view_of(dictionary()))),
        (
            "pair",
            Arc::new(FixedSizeListArray::new(item(&halves()), 1, halves(), None)),
        ),
        ("map", map()),
    ]
}

/// Three rows of every type.
pub(crate) fn every_type() -> RecordBatch {
    let (fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns()
        .into_iter()
        .map(|(name, array)| {
            let nullable = !name.starts_with("not_null");
            (Field::new(name, array.data_type().clone(), nullable), array)
        })
        .unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// Two rows of plain columns as an application would have them, one with a comment.
pub(crate) fn described() -> RecordBatch {
    let amount = Decimal128Array::from(vec![Some(150), None])
        .with_precision_and_scale(10, 2)
        .unwrap();
    let comment = [("comment".to_owned(), "what was paid".to_owned())].into();
    let field = |name: &str, array: &ArrayRef| Field::new(name, array.data_type().clone(), true);
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("id", Arc::new(Int64Array::from(vec![1, 2]))),
        ("amount", Arc::new(amount)),
        ("note", Arc::new(StringArray::from(vec![Some("a"), None]))),
        (
            "moment",
            Arc::new(TimestampNanosecondArray::from(vec![Some(0), None])),
        ),
        ("ratio", Arc::new(Float64Array::from(vec![Some(1.5), None]))),
        ("day", Arc::new(Date32Array::from(vec![Some(1), None]))),
        ("flag", Arc::new(BooleanArray::from(vec![Some(true), None]))),
    ];
    let (mut fields, arrays): (Vec<Field>, Vec<ArrayRef>) = columns
        .into_iter()
        .map(|(name, array)| (field(name, &array), array))
        .unzip();
    fields[0].set_nullable(false);
    fields[1].set_metadata(comment);
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).unwrap()
}

/// Whether every client can take a type, down to its innermost part.
pub(crate) fn is_plain(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8View
        | DataType::BinaryView
        | DataType::Float16
        | DataType::Decimal32(_, _)
        | DataType::Decimal64(_, _)
        | DataType::Dictionary(_, _)
        | DataType::RunEndEncoded(_, _)
        | DataType::ListView(_)
        | DataType::LargeListView(_) => false,
        DataType::List(field)
        | DataType::LargeList(field)
        | DataType::FixedSizeList(field, _)
        | DataType::Map(field, _) => is_plain(field.data_type()),
        DataType::Struct(fields) => fields.iter().all(|field| is_plain(field.data_type())),
        _ => true,
    }
}
