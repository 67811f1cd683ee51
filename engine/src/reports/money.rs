//! The argument `amount`: what rows are worth, and the type of their sum.

use arrow::datatypes::DataType;
use datafusion::common::Result;

use super::call::Call;
use super::instant::arrow_cast;

/// The most digits of a DECIMAL.
const MOST_DIGITS: u8 = 38;

/// Digits that a sum gets above those of what is summed.
const MORE_DIGITS: u8 = 10;

/// An amount: SQL for it, and the type of its sums.
#[derive(Debug)]
pub(super) struct Money {
    sql: String,
    total: DataType,
}

impl Money {
    /// Reads the argument `amount`; None when it is not given.
    ///
    /// Money keeps its type: a DECIMAL's sum is a DECIMAL of the same scale, an integer's a
    /// BIGINT, a floating-point number's a DOUBLE. Unsigned integers are summed as decimals.
    pub(super) fn read(call: &mut Call<'_>) -> Result<Option<Self>> {
        let Some(given) = call.number_column("amount")? else {
            return Ok(None);
        };
        let (summed, total) = match given {
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale) => {
                let wide = precision.saturating_add(MORE_DIGITS).min(MOST_DIGITS);
                (
                    Some(DataType::Decimal128(precision, scale)),
                    DataType::Decimal128(wide, scale),
                )
            }
            DataType::Decimal256(precision, scale) => {
                let wide = precision.saturating_add(MORE_DIGITS).min(2 * MOST_DIGITS);
                (None, DataType::Decimal256(wide, scale))
            }
            DataType::UInt64 => (
                Some(DataType::Decimal128(20, 0)),
                DataType::Decimal128(20 + MORE_DIGITS, 0),
            ),
            DataType::Float16 | DataType::Float32 | DataType::Float64 => {
                (Some(DataType::Float64), DataType::Float64)
            }
            _ => (Some(DataType::Int64), DataType::Int64),
        };
        let sql = match summed {
            Some(summed) if summed != given => arrow_cast("$amount", &summed),
            _ => "$amount".to_string(),
        };
        Ok(Some(Self { sql, total }))
    }

    /// SQL for the amount of a row.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// The type of a sum.
    pub(super) fn total(&self) -> &DataType {
        &self.total
    }

    /// SQL for a sum in its own type, and 0 when there was nothing to add.
    pub(super) fn settled(&self, sum: &str) -> String {
        let sum = arrow_cast(sum, &self.total);
        format!("COALESCE({sum}, {})", arrow_cast("0", &self.total))
    }
}
