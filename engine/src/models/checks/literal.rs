//! A value of YAML as SQL that can be compared with a column.

use arrow::datatypes::{DataType, Field};
use datafusion::scalar::ScalarValue;

use super::expectation::variable;
use crate::models::yaml::Scalar;
use crate::{EngineError, sql};

/// Digits of a decimal at most.
const MOST_DIGITS: usize = 38;

/// The value for a comparison with this column. A number is exact, whatever kind of number the
/// column has; anything else takes the column's type; a variable stays one.
///
/// # Errors
/// When the value is none of that type.
pub(super) fn literal(value: &Scalar, column: &Field) -> Result<String, EngineError> {
    if let Some(variable) = variable(value) {
        return Ok(variable.to_owned());
    }
    let data_type = match column.data_type() {
        DataType::Dictionary(_, values) => values,
        other => other,
    };
    let text = value.text();
    match value {
        Scalar::Integer(number) if data_type.is_numeric() => return Ok(number.to_string()),
        Scalar::Number(number) if data_type.is_numeric() => return Ok(exact(*number)),
        _ => {}
    }
    let typed = ScalarValue::Utf8(text.clone()).cast_to(data_type);
    match typed {
        Ok(typed) if !typed.is_null() => sql::literal(&typed),
        _ => Err(EngineError::Config {
            message: format!(
                "expected a value of the type of the column, {data_type}, got {:?}",
                text.unwrap_or_default()
            ),
        }),
    }
}

/// A number as a decimal of its digits; what has too many of them is a double.
fn exact(number: f64) -> String {
    let text = number.to_string();
    let digits = text.trim_start_matches('-');
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let precision = whole.len() + fraction.len();
    let is_plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    if is_plain && precision <= MOST_DIGITS {
        return format!("CAST('{text}' AS DECIMAL({precision}, {}))", fraction.len());
    }
    format!("CAST('{text}' AS DOUBLE)")
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::TimeUnit;

    use super::*;

    fn of(value: &str, data_type: DataType) -> Result<String, EngineError> {
        let value: Scalar = crate::models::yaml::read(value, "a.yml", 0).unwrap();
        literal(&value, &Field::new("c", data_type, true))
    }

    #[test]
    fn values_are_written_for_the_column() {
        let moment = DataType::Timestamp(TimeUnit::Microsecond, None);
        for (value, data_type, expected) in [
            ("3", DataType::Decimal128(18, 2), "3"),
            (
                "-0.005",
                DataType::Decimal128(18, 2),
                "CAST('-0.005' AS DECIMAL(4, 3))",
            ),
            ("0.5", DataType::Int64, "CAST('0.5' AS DECIMAL(2, 1))"),
            ("2024-02-29", DataType::Date32, "CAST('2024-02-29' AS DATE)"),
            ("it's", DataType::Utf8, "'it''s'"),
            ("7", DataType::Utf8, "'7'"),
            ("true", DataType::Boolean, "true"),
            ("$as_of", moment.clone(), "$as_of"),
        ] {
            assert_eq!(of(value, data_type).unwrap(), expected);
        }
        assert!(
            of("2024-02-29 12:00:00", moment)
                .unwrap()
                .contains("2024-02-29T12:00:00")
        );
        let text = exact(1e300);
        assert!(text.ends_with("AS DOUBLE)"), "{text}");
    }

    #[test]
    fn a_value_of_another_type_is_refused() {
        let error = of("soon", DataType::Date32).unwrap_err().to_string();
        assert_eq!(
            error,
            "expected a value of the type of the column, Date32, got \"soon\""
        );
    }
}
