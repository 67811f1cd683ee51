//! The argument `amount`: what rows are worth, and the type of their sum.

use arrow::datatypes::DataType;
use cohortql_udfs::{amount_type, sum_type};
use datafusion::common::Result;

use super::call::Call;
use super::instant::arrow_cast;

/// An amount: SQL for it, and the type of its sums.
#[derive(Debug)]
pub(super) struct Money {
    sql: String,
    total: DataType,
}

impl Money {
    /// Reads the argument `amount`; None when it is not given.
    ///
    /// Money keeps its type as `exact_sum` has it: a DECIMAL's sum is a DECIMAL of the same
    /// scale, an integer's a BIGINT, a floating-point number's a DOUBLE.
    pub(super) fn read(call: &mut Call<'_>) -> Result<Option<Self>> {
        let Some(given) = call.number_column("amount")? else {
            return Ok(None);
        };
        let summed = amount_type(&given);
        let sql = match summed == given {
            true => "$amount".to_string(),
            false => arrow_cast("$amount", &summed),
        };
        Ok(Some(Self {
            sql,
            total: sum_type(&summed),
        }))
    }

    /// SQL for the amount of a row.
    pub(super) fn sql(&self) -> &str {
        &self.sql
    }

    /// The type of a sum.
    pub(super) fn total(&self) -> &DataType {
        &self.total
    }

    /// SQL for a sum in its own type, and 0 when there was nothing to add. (A sum of sums has
    /// more digits than it needs.)
    pub(super) fn settled(&self, sum: &str) -> String {
        let sum = arrow_cast(sum, &self.total);
        format!("COALESCE({sum}, {})", arrow_cast("0", &self.total))
    }
}
