//! Types as declarations of columns and variables name them.

use arrow::datatypes::{DataType, TimeUnit};

/// Digits of a decimal at most.
const MOST_DIGITS: u8 = 38;

/// What messages say is expected.
pub(super) const EXPECTED: &str =
    "text, bigint, double, boolean, date, timestamp or decimal(digits,scale)";

/// The type of that name.
pub(super) fn data_type(name: &str) -> Option<DataType> {
    Some(match name.trim().to_lowercase().as_str() {
        "text" => DataType::Utf8,
        "bigint" => DataType::Int64,
        "double" => DataType::Float64,
        "boolean" => DataType::Boolean,
        "date" => DataType::Date32,
        // As fine as Delta Lake keeps it.
        "timestamp" => DataType::Timestamp(TimeUnit::Microsecond, None),
        other => return decimal(other),
    })
}

fn decimal(name: &str) -> Option<DataType> {
    let inner = name.strip_prefix("decimal(")?.strip_suffix(')')?;
    let (digits, scale) = inner.split_once(',')?;
    let (digits, scale) = (digits.trim().parse().ok()?, scale.trim().parse().ok()?);
    let fits = (1..=MOST_DIGITS).contains(&digits)
        && u8::try_from(scale).is_ok_and(|scale| scale <= digits);
    fits.then_some(DataType::Decimal128(digits, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_have_digits_and_a_scale() {
        assert_eq!(
            data_type("decimal(18,2)"),
            Some(DataType::Decimal128(18, 2))
        );
        assert_eq!(data_type("Bigint"), Some(DataType::Int64));
        for wrong in ["decimal", "decimal(39,2)", "decimal(2,3)", "int", ""] {
            assert_eq!(data_type(wrong), None, "{wrong}");
        }
    }
}
