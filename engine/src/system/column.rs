//! The columns of tables that the engine makes.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arrow::array::builder::{ListBuilder, StringBuilder};
use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampMicrosecondArray};

/// A column with its values.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) nullable: bool,
    pub(super) values: ArrayRef,
}

/// Texts.
pub(super) fn text<R>(name: &'static str, rows: &[R], of: impl Fn(&R) -> String) -> Column {
    let values = StringArray::from_iter_values(rows.iter().map(of));
    Column {
        name,
        nullable: false,
        values: Arc::new(values),
    }
}

/// Texts that may be unknown.
pub(super) fn known_text<R>(
    name: &'static str,
    rows: &[R],
    of: impl Fn(&R) -> Option<String>,
) -> Column {
    let values = StringArray::from_iter(rows.iter().map(of));
    Column {
        name,
        nullable: true,
        values: Arc::new(values),
    }
}

/// Lists of texts.
pub(super) fn texts<R>(name: &'static str, rows: &[R], of: impl Fn(&R) -> Vec<String>) -> Column {
    let mut lists = ListBuilder::new(StringBuilder::new());
    for row in rows {
        lists.append_value(of(row).into_iter().map(Some));
    }
    Column {
        name,
        nullable: false,
        values: Arc::new(lists.finish()),
    }
}

/// Counts.
pub(super) fn number<R>(name: &'static str, rows: &[R], of: impl Fn(&R) -> u64) -> Column {
    let values = rows
        .iter()
        .map(|row| i64::try_from(of(row)).unwrap_or(i64::MAX));
    Column {
        name,
        nullable: false,
        values: Arc::new(Int64Array::from_iter_values(values)),
    }
}

/// Counts that may be unknown.
pub(super) fn known_number<R>(
    name: &'static str,
    rows: &[R],
    of: impl Fn(&R) -> Option<u64>,
) -> Column {
    let values = rows
        .iter()
        .map(|row| of(row).map(|count| i64::try_from(count).unwrap_or(i64::MAX)));
    Column {
        name,
        nullable: true,
        values: Arc::new(Int64Array::from_iter(values)),
    }
}

/// Lengths of time, in microseconds.
pub(super) fn micros<R>(name: &'static str, rows: &[R], of: impl Fn(&R) -> Duration) -> Column {
    number(name, rows, |row| {
        u64::try_from(of(row).as_micros()).unwrap_or(u64::MAX)
    })
}

/// Moments.
pub(super) fn moment<R>(name: &'static str, rows: &[R], of: impl Fn(&R) -> SystemTime) -> Column {
    let values = rows.iter().map(|row| {
        let since = of(row).duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
    });
    let values = TimestampMicrosecondArray::from_iter_values(values).with_timezone("UTC");
    Column {
        name,
        nullable: false,
        values: Arc::new(values),
    }
}
