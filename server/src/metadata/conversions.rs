//! Which types CAST turns into which, in the codes of SqlInfo.

use std::collections::BTreeMap;

use arrow::compute::can_cast_types;
use arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use arrow_flight::sql::SqlSupportsConvert as Convert;

/// For each type, the types it can be cast to.
pub(super) fn supported() -> BTreeMap<i32, Vec<i32>> {
    let types = types();
    types
        .iter()
        .map(|(from, source)| {
            let targets = types
                .iter()
                .filter(|(_, target)| can_cast_types(source, target))
                .map(|(to, _)| *to as i32);
            (*from as i32, targets.collect())
        })
        .collect()
}

/// The Arrow type that a column of each SQL type has.
fn types() -> [(Convert, DataType); 20] {
    [
        (Convert::SqlConvertBigint, DataType::Int64),
        (Convert::SqlConvertBinary, DataType::Binary),
        (Convert::SqlConvertBit, DataType::Boolean),
        (Convert::SqlConvertChar, DataType::Utf8),
        (Convert::SqlConvertDate, DataType::Date32),
        (Convert::SqlConvertDecimal, DataType::Decimal128(38, 10)),
        (Convert::SqlConvertFloat, DataType::Float64),
        (Convert::SqlConvertInteger, DataType::Int32),
        (
            Convert::SqlConvertIntervalDayTime,
            DataType::Interval(IntervalUnit::DayTime),
        ),
        (
            Convert::SqlConvertIntervalYearMonth,
            DataType::Interval(IntervalUnit::YearMonth),
        ),
        (Convert::SqlConvertLongvarbinary, DataType::LargeBinary),
        (Convert::SqlConvertLongvarchar, DataType::LargeUtf8),
        (Convert::SqlConvertNumeric, DataType::Decimal128(38, 10)),
        (Convert::SqlConvertReal, DataType::Float32),
        (Convert::SqlConvertSmallint, DataType::Int16),
        (
            Convert::SqlConvertTime,
            DataType::Time64(TimeUnit::Nanosecond),
        ),
        (
            Convert::SqlConvertTimestamp,
            DataType::Timestamp(TimeUnit::Nanosecond, None),
        ),
        (Convert::SqlConvertTinyint, DataType::Int8),
        (Convert::SqlConvertVarbinary, DataType::Binary),
        (Convert::SqlConvertVarchar, DataType::Utf8),
    ]
}
