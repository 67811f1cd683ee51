//! The types of PostgreSQL, and those that a table keeps their values in.
//!
//! Values come as PostgreSQL's own text of them, which loses nothing, so that one which has no place in a
//! table, such as a date of `infinity`, is put aside like a wrong one of a file.

use std::collections::HashMap;

use arrow::datatypes::{DataType, Field, TimeUnit};
use tokio_postgres::Column;
use tokio_postgres::types::{Kind, Type};

use crate::EngineError;
use crate::load::columns::OPEN;

/// Digits of a number that does not say how many it has, and those behind its point.
const DIGITS: u8 = 38;
const DIGITS_BEHIND: i8 = 10;

/// The type of a column.
pub(super) fn field(column: &Column, relation: &str) -> Result<Field, EngineError> {
    let name = column.name();
    let field = |data_type| Field::new(name, data_type, true);
    if matches!(column.type_().kind(), Kind::Enum(_)) {
        return Ok(field(DataType::Utf8));
    }
    let moment =
        |zone: Option<&str>| DataType::Timestamp(TimeUnit::Microsecond, zone.map(Into::into));
    Ok(match *column.type_() {
        Type::BOOL => field(DataType::Boolean),
        Type::INT2 => field(DataType::Int16),
        Type::INT4 => field(DataType::Int32),
        Type::INT8 | Type::OID => field(DataType::Int64),
        Type::FLOAT4 => field(DataType::Float32),
        Type::FLOAT8 => field(DataType::Float64),
        Type::NUMERIC => match digits(column.type_modifier()) {
            Some((precision, scale)) => field(DataType::Decimal128(precision, scale)),
            None => {
                let open = HashMap::from([(OPEN.to_owned(), String::new())]);
                field(DataType::Decimal128(DIGITS, DIGITS_BEHIND)).with_metadata(open)
            }
        },
        Type::TEXT
        | Type::VARCHAR
        | Type::BPCHAR
        | Type::NAME
        | Type::CHAR
        | Type::UNKNOWN
        | Type::UUID
        | Type::JSON
        | Type::JSONB
        | Type::TIME
        | Type::XML
        | Type::INET
        | Type::CIDR => field(DataType::Utf8),
        Type::DATE => field(DataType::Date32),
        Type::TIMESTAMP => field(moment(None)),
        Type::TIMESTAMPTZ => field(moment(Some("UTC"))),
        ref other => {
            let hint = match other.kind() {
                Kind::Array(_) => format!("to_json({name})::text"),
                _ => format!("{name}::text"),
            };
            return Err(EngineError::Unsupported {
                message: format!(
                    "column {name:?} of {relation} is {other}, which no table here keeps: give --query \
                     with what is to become of it, such as {hint}"
                ),
                location: None,
            });
        }
    })
}

/// The digits of `numeric(p, s)`, where a decimal has room for them.
fn digits(modifier: i32) -> Option<(u8, i8)> {
    // PostgreSQL keeps both in one number, 4 added; the second may be negative and has 11 bits.
    let both = modifier.checked_sub(4).filter(|both| *both >= 0)?;
    let precision = u8::try_from(both >> 16 & 0xffff).ok()?;
    let scale = ((both & 0x7ff) ^ 0x400) - 0x400;
    let scale = i8::try_from(scale).ok()?;
    let fits =
        (1..=DIGITS).contains(&precision) && u8::try_from(scale).is_ok_and(|s| s <= precision);
    fits.then_some((precision, scale))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modifiers_tell_digits() {
        let modifier = |precision: i32, scale: i32| ((precision << 16) | (scale & 0x7ff)) + 4;
        assert_eq!(digits(modifier(18, 2)), Some((18, 2)));
        assert_eq!(digits(modifier(38, 38)), Some((38, 38)));
        // More digits than there are, or none behind the point but zeros before it.
        assert_eq!(digits(modifier(50, 2)), None);
        assert_eq!(digits(modifier(5, -2)), None);
        assert_eq!(digits(-1), None);
    }
}
