//! Batches as the text that `.slt` files compare.

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{DataType, Int64Type, Schema};
use sqllogictest::{ColumnType, DBOutput};

use super::failure::Failure;
use crate::support::cells;

/// The letter of a column's type. Files may use any: only their number counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column(char);

impl ColumnType for Column {
    fn from_char(value: char) -> Option<Self> {
        Some(Self(value))
    }

    fn to_char(&self) -> char {
        self.0
    }
}

fn letter(data_type: &DataType) -> Column {
    Column(match data_type {
        DataType::Boolean => 'B',
        DataType::Date32 | DataType::Date64 => 'D',
        DataType::Timestamp(_, _) => 'P',
        DataType::Dictionary(_, value) => return letter(value),
        t if t.is_integer() => 'I',
        t if t.is_floating() || t.is_decimal() => 'R',
        t if t.is_string() => 'T',
        _ => '?',
    })
}

/// The rows of `batches`: NULL as `NULL`, the empty text as `(empty)`, doubles
/// in the shortest form that reads back as the same number.
pub(crate) fn rows(schema: &Schema, batches: &[RecordBatch]) -> Result<DBOutput<Column>, Failure> {
    let types = schema
        .fields()
        .iter()
        .map(|field| letter(field.data_type()))
        .collect();
    let mut rows = cells(batches).map_err(Failure::new)?;
    for cell in rows.iter_mut().flatten().filter(|cell| cell.is_empty()) {
        *cell = "(empty)".to_string();
    }
    Ok(DBOutput::Rows { types, rows })
}

/// The number of rows that a change affected.
pub(crate) fn affected(batches: &[RecordBatch]) -> DBOutput<Column> {
    let count = batches
        .iter()
        .flat_map(|batch| batch.column(0).as_primitive::<Int64Type>().values().iter())
        .sum::<i64>();
    DBOutput::StatementComplete(count.unsigned_abs())
}
