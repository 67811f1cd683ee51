//! Which types have a place for the values of which others.

use arrow::datatypes::{DataType, Field};

use crate::formats::common;
use crate::ingest::in_delta;

/// Whether a type has a place for every value of another.
pub(super) fn holds(wide: &DataType, narrow: &DataType) -> bool {
    use DataType::{Decimal128, Float32, Float64, Int64, Timestamp, Utf8};
    let bits = |data_type: &DataType| match data_type {
        DataType::Int8 => Some(8),
        DataType::Int16 => Some(16),
        DataType::Int32 => Some(32),
        DataType::Int64 => Some(64),
        _ => None,
    };
    match (wide, narrow) {
        (Utf8, other) => !other.is_nested(),
        (Float64, Float32) => true,
        (Float64, other) => bits(other).is_some_and(|bits| bits <= 32),
        (Timestamp(_, None), DataType::Date32) => true,
        (Decimal128(digits, scale), Decimal128(had, of)) => {
            scale >= of
                && i16::from(*digits) - i16::from(*scale) >= i16::from(*had) - i16::from(*of)
        }
        (Decimal128(digits, scale), other) => {
            let needed = match other {
                DataType::Int8 => 3,
                DataType::Int16 => 5,
                DataType::Int32 => 10,
                Int64 => 19,
                _ => return false,
            };
            i16::from(*digits) - i16::from(*scale) >= needed
        }
        (wide, narrow) => match (bits(wide), bits(narrow)) {
            (Some(wide), Some(narrow)) => wide >= narrow,
            _ => false,
        },
    }
}

/// Whether values of one type lose something in another that they can be tried as.
pub(super) fn narrows(came: &DataType, is: &DataType) -> bool {
    let is_number = |data_type: &DataType| data_type.is_numeric();
    match (came, is) {
        (DataType::Timestamp(..), DataType::Date32) => true,
        (came, is) if is_number(came) && is_number(is) => {
            let kept = in_delta(&Field::new("", came.clone(), true));
            let kept = kept.map_or_else(|_| came.clone(), |field| field.data_type().clone());
            !kept.equals_datatype(is) && !holds(is, &kept) && common(&kept, is).as_ref() != Some(is)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_types_hold_narrow_ones_and_no_others() {
        use DataType::{Date32, Decimal128, Float32, Float64, Int16, Int32, Int64, Utf8};
        for (wide, narrow) in [
            (Int64, Int16),
            (Float64, Int32),
            (Float64, Float32),
            (Decimal128(19, 0), Int64),
            (Decimal128(18, 4), Decimal128(16, 2)),
            (Utf8, Date32),
        ] {
            assert!(holds(&wide, &narrow), "{wide} {narrow}");
            assert!(!holds(&narrow, &wide), "{wide} {narrow}");
            assert!(!narrows(&narrow, &wide), "{wide} {narrow}");
        }
        assert!(!holds(&Float64, &Int64));
        assert!(!holds(&Decimal128(18, 4), &Decimal128(18, 2)));
        assert!(narrows(&Float64, &Int64));
        assert!(narrows(&Int64, &Int32));
        assert!(narrows(&DataType::UInt64, &Int64));
        assert!(!narrows(&DataType::UInt32, &Int64));
    }
}
