//! Values in the type of their column: exactly, or an error that names the value.
//!
//! SQL's casts round and cut where they must. Rows that come in bulk are not looked at one by
//! one, so that here what an integer column cannot hold is refused, fractions included. Only
//! times finer than the column's unit are cut, and decimals rounded to their digits.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, MapArray};
use arrow::compute::kernels::cmp;
use arrow::compute::{CastOptions, can_cast_types, cast_with_options};
use arrow::datatypes::{DataType, Field, Float16Type, Float32Type, Float64Type};
use arrow::error::ArrowError;
use arrow::util::display::array_value_to_string;
use cohortql_udfs::sql_name;

use crate::EngineError;

/// Characters of a value that a message shows.
const SHOWN: usize = 80;

/// Fails rather than to put NULL in the place of what does not fit.
const STRICT: CastOptions<'static> = CastOptions {
    safe: false,
    format_options: arrow::util::display::FormatOptions::new(),
};

/// Refuses a column whose values can never be those of another.
pub(super) fn check(from: &Field, to: &Field) -> Result<(), EngineError> {
    if castable(from.data_type(), to.data_type()) {
        return Ok(());
    }
    Err(EngineError::Plan {
        message: format!(
            "column {:?} must be {}, got {}",
            to.name(),
            sql_name(to.data_type()),
            sql_name(from.data_type())
        ),
        location: None,
    })
}

/// Whether values of a type can be tried as those of another.
pub(crate) fn castable(from: &DataType, to: &DataType) -> bool {
    match (from, to) {
        (DataType::Map(from, _), DataType::Map(to, _)) => {
            castable(from.data_type(), to.data_type())
        }
        _ => can_cast_types(from, to),
    }
}

/// The values as `field` has them, when `before` rows came before them.
pub(super) fn cast(values: &ArrayRef, field: &Field, before: u64) -> Result<ArrayRef, EngineError> {
    let cast =
        strict(values, field.data_type()).map_err(|error| misfit(values, field, before, &error))?;
    if !field.is_nullable()
        && let Some(nulls) = cast.logical_nulls()
        && let Some(row) = nulls.iter().position(|valid| !valid)
    {
        return Err(EngineError::Execution {
            message: format!(
                "column {:?} must not be NULL, but row {} is",
                field.name(),
                number(before, row)
            ),
        });
    }
    Ok(cast)
}

/// The values in another type, each exactly.
///
/// # Errors
/// When one cannot be.
pub(crate) fn strict(values: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let from = values.data_type();
    if from == to {
        return Ok(Arc::clone(values));
    }
    match (from, to) {
        (DataType::Map(_, sorted), DataType::Map(_, wanted)) if sorted != wanted => {
            return strict(&relabelled(values.as_map(), *wanted)?, to);
        }
        (DataType::Dictionary(_, plain), _) => {
            return strict(&cast_with_options(values, plain, &STRICT)?, to);
        }
        (DataType::RunEndEncoded(_, plain), _) => {
            return strict(&cast_with_options(values, plain.data_type(), &STRICT)?, to);
        }
        _ => {}
    }
    let cast = cast_with_options(values, to, &STRICT)?;
    let lossy = match (from, to) {
        (from, to) if to.is_integer() && (from.is_floating() || from.is_decimal()) => {
            let back = cast_with_options(&cast, from, &STRICT)?;
            cmp::neq(&back, values)?
        }
        (from, to) if to.is_floating() && from.is_floating() => {
            overflown(&finite(values)?, &finite(&cast)?)
        }
        _ => return Ok(cast),
    };
    match lossy.true_count() {
        0 => Ok(cast),
        _ => Err(ArrowError::CastError("a value cannot be kept".to_owned())),
    }
}

/// The map said to be sorted by key, or not.
fn relabelled(map: &MapArray, sorted: bool) -> Result<ArrayRef, ArrowError> {
    let (entries, offsets, values, nulls, _) = map.clone().into_parts();
    let map = MapArray::try_new(entries, offsets, values, nulls, sorted)?;
    Ok(Arc::new(map))
}

fn finite(values: &ArrayRef) -> Result<BooleanArray, ArrowError> {
    Ok(match values.data_type() {
        DataType::Float16 => {
            BooleanArray::from_unary(values.as_primitive::<Float16Type>(), |x| x.is_finite())
        }
        DataType::Float32 => {
            BooleanArray::from_unary(values.as_primitive::<Float32Type>(), f32::is_finite)
        }
        DataType::Float64 => {
            BooleanArray::from_unary(values.as_primitive::<Float64Type>(), f64::is_finite)
        }
        other => return Err(ArrowError::CastError(format!("{other} is no float"))),
    })
}

fn overflown(before: &BooleanArray, after: &BooleanArray) -> BooleanArray {
    let pairs = before.iter().zip(after.iter());
    pairs
        .map(|(before, after)| Some(before == Some(true) && after == Some(false)))
        .collect()
}

/// The error that names the first value which does not fit.
fn misfit(values: &ArrayRef, field: &Field, before: u64, error: &ArrowError) -> EngineError {
    let fails = |row: &usize| strict(&values.slice(*row, 1), field.data_type()).is_err();
    let message = match (0..values.len()).find(fails) {
        Some(row) => {
            let value = array_value_to_string(values, row).unwrap_or_else(|_| "a value".to_owned());
            format!(
                "column {:?}: row {} has {}, which is no {}",
                field.name(),
                number(before, row),
                shown(&value, values.data_type()),
                sql_name(field.data_type())
            )
        }
        None => format!(
            "column {:?} cannot be made {}: {error}",
            field.name(),
            sql_name(field.data_type())
        ),
    };
    EngineError::Execution { message }
}

/// The value, cut where it is long, in quotes where it is text.
fn shown(value: &str, data_type: &DataType) -> String {
    let cut = match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    };
    match sql_name(data_type).as_str() {
        "VARCHAR" => format!("{cut:?}"),
        _ => cut,
    }
}

/// The number of a row, counted from 1 over all that came.
fn number(before: u64, row: usize) -> u64 {
    let row = u64::try_from(row).unwrap_or(u64::MAX);
    before.saturating_add(row).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        Decimal128Array, Float64Array, Int64Array, NullArray, StringArray, UInt64Array,
    };
    use arrow::datatypes::TimeUnit;

    use super::*;

    fn refusal(values: ArrayRef, to: DataType) -> String {
        let field = Field::new("n", to, true);
        cast(&values, &field, 100).unwrap_err().to_string()
    }

    #[test]
    fn values_that_do_not_fit_are_named() {
        let halves: ArrayRef = Arc::new(Float64Array::from(vec![1.0, 2.5]));
        let large: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, Some(300)]));
        let text: ArrayRef = Arc::new(StringArray::from(vec!["7", "seven"]));
        let money = Decimal128Array::from(vec![150]).with_precision_and_scale(5, 2);
        let most: ArrayRef = Arc::new(UInt64Array::from(vec![u64::MAX]));
        let huge: ArrayRef = Arc::new(Float64Array::from(vec![1e300]));
        for (values, to, expected) in [
            (
                halves,
                DataType::Int32,
                "column \"n\": row 102 has 2.5, which is no INT",
            ),
            (
                large,
                DataType::Int8,
                "row 103 has 300, which is no TINYINT",
            ),
            (
                text,
                DataType::Int64,
                "row 102 has \"seven\", which is no BIGINT",
            ),
            (
                Arc::new(money.unwrap()),
                DataType::Int64,
                "row 101 has 1.50",
            ),
            (most, DataType::Int64, "row 101 has 18446744073709551615"),
            (
                huge,
                DataType::Float32,
                "row 101 has 1e300, which is no REAL",
            ),
        ] {
            let message = refusal(values, to);
            assert!(message.contains(expected), "{message}");
        }
    }

    #[test]
    fn values_that_fit_are_cast() {
        let whole: ArrayRef = Arc::new(Float64Array::from(vec![Some(3.0), None]));
        let cast_values = cast(&whole, &Field::new("n", DataType::Int8, true), 0).unwrap();
        assert_eq!(cast_values.null_count(), 1);
        let text: ArrayRef = Arc::new(StringArray::from(vec!["2024-02-29 12:00:00"]));
        let time = DataType::Timestamp(TimeUnit::Microsecond, None);
        cast(&text, &Field::new("t", time, false), 0).unwrap();
        let nothing: ArrayRef = Arc::new(NullArray::new(2));
        cast(&nothing, &Field::new("x", DataType::Utf8, true), 0).unwrap();
    }

    #[test]
    fn missing_values_are_refused_where_there_must_be_some() {
        let values: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None]));
        let error = cast(&values, &Field::new("id", DataType::Int64, false), 5).unwrap_err();
        assert_eq!(
            error.to_string(),
            "column \"id\" must not be NULL, but row 7 is"
        );
    }

    #[test]
    fn types_that_never_fit_are_refused_beforehand() {
        let from = Field::new("d", DataType::Date32, true);
        let to = Field::new("d", DataType::Boolean, true);
        let error = check(&from, &to).unwrap_err().to_string();
        assert_eq!(error, "column \"d\" must be BOOLEAN, got DATE");
    }
}
