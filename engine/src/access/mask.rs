//! What is shown in place of a value.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::functions::expr_fn::{character_length, concat, right};
use datafusion::logical_expr::{Expr, ScalarUDF, lit, when};
use datafusion::prelude::cast;
use datafusion::scalar::ScalarValue;

use super::keyed_hash::{KeyedHash, MaskKey};

/// Shown instead of a text.
const COVER: &str = "****";

/// Texts shorter than this show nothing of themselves, since four characters would be too much of
/// them.
const LONG_ENOUGH: i32 = 8;

/// How a value is masked, the one that tells most first. NULL stays NULL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mask {
    /// A keyed hash: equal values stay equal.
    Hash,
    /// The last four characters of a text of at least eight.
    LastFour,
    /// A value that is the same for all.
    Full,
    /// NULL.
    Null,
}

impl Mask {
    const NAMES: [(&str, Self); 4] = [
        ("full", Self::Full),
        ("hash", Self::Hash),
        ("last4", Self::LastFour),
        ("null", Self::Null),
    ];

    pub(super) fn parse(name: &str) -> std::result::Result<Self, String> {
        let known = Self::NAMES.iter().find(|(known, _)| *known == name);
        known.map(|(_, mask)| *mask).ok_or_else(|| {
            let names = Self::NAMES.map(|(name, _)| name).join(", ");
            format!("expected one of {names}, got {name:?}")
        })
    }

    /// The masked value of a column, in the column's own type.
    ///
    /// # Errors
    /// When the mask makes nothing of that type.
    pub(super) fn of(self, column: Expr, data_type: &DataType, key: &MaskKey) -> Result<Expr> {
        let plain = plain(data_type);
        let shown = match (self, plain) {
            (Self::Null, _) => return Ok(Expr::Literal(null_of(data_type)?, None)),
            (Self::Full, plain) => {
                let cover = cover(plain)?;
                when(column.is_null(), Expr::Literal(null_of(data_type)?, None))
                    .otherwise(cast(lit(cover), data_type.clone()))?
            }
            (Self::LastFour, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => {
                let text = cast(column.clone(), DataType::Utf8);
                let long =
                    cast(character_length(text.clone()), DataType::Int32).gt_eq(lit(LONG_ENOUGH));
                when(column.is_null(), lit(ScalarValue::Utf8(None)))
                    .when(long, concat(vec![lit(COVER), right(text, lit(4_i64))]))
                    .otherwise(lit(COVER))?
            }
            (Self::Hash, plain) if KeyedHash::takes(plain) => {
                let hash = ScalarUDF::from(KeyedHash::new(Arc::clone(key)));
                hash.call(vec![cast(column, plain.clone())])
            }
            (Self::LastFour, _) => {
                return plan_err!("mask last4 needs a column of text, got {data_type}");
            }
            (Self::Hash, _) => {
                return plan_err!(
                    "mask hash needs a column of text, binary or 64-bit integers, got {data_type}"
                );
            }
        };
        Ok(cast(shown, data_type.clone()))
    }
}

/// The type of the values themselves.
fn plain(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => plain(values),
        DataType::RunEndEncoded(_, values) => plain(values.data_type()),
        other => other,
    }
}

fn null_of(data_type: &DataType) -> Result<ScalarValue> {
    ScalarValue::try_from(data_type)
}

/// What stands for every value of a type: a covered text, 0, false, 1970-01-01; NULL for types that have
/// nothing of the kind.
fn cover(data_type: &DataType) -> Result<ScalarValue> {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Ok(COVER.into()),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => {
            Ok(ScalarValue::Binary(Some(Vec::new())))
        }
        DataType::Boolean => Ok(false.into()),
        DataType::Date32
        | DataType::Date64
        | DataType::Timestamp(_, _)
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Duration(_) => ScalarValue::new_default(data_type),
        numeric if numeric.is_numeric() => ScalarValue::new_zero(data_type),
        _ => null_of(data_type),
    }
}
