//! Casts in which a value that does not fit is an error.

use arrow::array::{ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Time64MicrosecondType, TimeUnit};
use arrow::error::ArrowError;

/// The array as `to`, cast by Arrow's kernel. Where the kernel multiplies without looking at the
/// result, the way goes round by a type from which it looks.
pub(super) fn cast(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    match (array.data_type(), to) {
        (
            DataType::Date64,
            DataType::Timestamp(TimeUnit::Microsecond | TimeUnit::Nanosecond, _),
        ) => {
            let milliseconds = DataType::Timestamp(TimeUnit::Millisecond, None);
            strict(&strict(array, &milliseconds)?, to)
        }
        (DataType::Time64(TimeUnit::Microsecond), DataType::Time64(TimeUnit::Nanosecond)) => {
            let times = array.as_primitive::<Time64MicrosecondType>();
            let fit = |time: i64| time.checked_mul(1_000).is_some();
            if times.iter().flatten().all(fit) {
                strict(array, to)
            } else {
                Err(ArrowError::CastError(
                    "a time lies beyond the day".to_owned(),
                ))
            }
        }
        _ => strict(array, to),
    }
}

fn strict(array: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(array, to, &options)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Date64Array, Time64MicrosecondArray};

    use super::*;

    #[test]
    fn days_beyond_the_range_of_a_timestamp_are_an_error() {
        let far: ArrayRef = Arc::new(Date64Array::from(vec![i64::MAX / 10]));
        for unit in [TimeUnit::Microsecond, TimeUnit::Nanosecond] {
            assert!(cast(&far, &DataType::Timestamp(unit, None)).is_err());
        }
        let near: ArrayRef = Arc::new(Date64Array::from(vec![86_400_000]));
        let stamps = DataType::Timestamp(TimeUnit::Nanosecond, None);
        assert!(cast(&near, &stamps).is_ok());
    }

    #[test]
    fn times_beyond_the_day_are_an_error() {
        let nanoseconds = DataType::Time64(TimeUnit::Nanosecond);
        let far: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![i64::MAX / 10]));
        assert!(cast(&far, &nanoseconds).is_err());
        let near: ArrayRef = Arc::new(Time64MicrosecondArray::from(vec![1]));
        assert!(cast(&near, &nanoseconds).is_ok());
    }
}
