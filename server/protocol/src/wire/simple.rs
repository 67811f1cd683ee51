//! The five simple types: texts, whole numbers, numbers, truth values and times.
//!
//! | type | is sent as |
//! |---|---|
//! | integers, unsigned ones up to 32 bits | INT64 |
//! | unsigned integers of 64 bits, floats, decimals | FLOAT64, to its 15 digits |
//! | dates, timestamps | TIMESTAMP in nanoseconds without a zone, in UTC; 1677 to 2262 |
//! | times of day, durations, intervals | text |
//! | binary | text in hexadecimal digits |
//! | lists, structs, maps, unions | text in JSON |
//! | NULL | text |

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StringBuilder};
use arrow::datatypes::{DataType, TimeUnit};
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use super::cast::cast;
use super::json;

const TIMES: DataType = DataType::Timestamp(TimeUnit::Nanosecond, None);

/// The simple type in which values of a plain type are sent.
pub(super) fn simple_type(plain: &DataType) -> DataType {
    match plain {
        DataType::Boolean => DataType::Boolean,
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => DataType::Int64,
        DataType::UInt64
        | DataType::Float32
        | DataType::Float64
        | DataType::Decimal128(_, _)
        | DataType::Decimal256(_, _) => DataType::Float64,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _) => TIMES,
        _ => DataType::Utf8,
    }
}

/// An array of a plain type as the simple one.
pub(super) fn simplified(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    match (array.data_type(), to) {
        (from, to) if from == to => Ok(Arc::clone(array)),
        (DataType::LargeUtf8, DataType::Utf8) => cast(array, to),
        (
            DataType::Binary | DataType::LargeBinary | DataType::FixedSizeBinary(_),
            DataType::Utf8,
        ) => Ok(Arc::new(hexadecimal(array))),
        (from, DataType::Utf8) if from.is_nested() => Ok(Arc::new(json::texts(array)?)),
        (_, DataType::Utf8) => Ok(Arc::new(displayed(array)?)),
        _ => cast(array, to),
    }
}

fn displayed(array: &ArrayRef) -> Result<StringArray, ArrowError> {
    let options = FormatOptions::new().with_display_error(false);
    let formatter = ArrayFormatter::try_new(array.as_ref(), &options)?;
    let mut texts = StringBuilder::with_capacity(array.len(), array.len() * 16);
    for row in 0..array.len() {
        if array.is_null(row) || *array.data_type() == DataType::Null {
            texts.append_null();
        } else {
            texts.append_value(formatter.value(row).try_to_string()?);
        }
    }
    Ok(texts.finish())
}

fn hexadecimal(array: &ArrayRef) -> StringArray {
    let digits = |bytes: Option<&[u8]>| bytes.map(hexadecimal_digits);
    match array.data_type() {
        DataType::LargeBinary => array.as_binary::<i64>().iter().map(digits).collect(),
        DataType::FixedSizeBinary(_) => array.as_fixed_size_binary().iter().map(digits).collect(),
        _ => array.as_binary::<i32>().iter().map(digits).collect(),
    }
}

/// Two digits a byte.
pub(super) fn hexadecimal_digits(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
