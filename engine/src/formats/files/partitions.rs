//! Hive partitions: the `key=value` folders between a table and its files.

use arrow::datatypes::{DataType, Field};
use datafusion::common::{ScalarValue, exec_err, plan_err};
use datafusion::error::Result;
use percent_encoding::percent_decode_str;

/// What Hive writes for NULL.
const HIVE_NULL: &str = "__HIVE_DEFAULT_PARTITION__";

/// The keys and values in a file's path below its table, in order.
pub(crate) fn pairs(relative: &str) -> Vec<(String, String)> {
    let mut parts: Vec<_> = relative.split('/').collect();
    parts.pop();
    parts
        .into_iter()
        .filter_map(|part| part.split_once('='))
        .map(|(key, value)| (decode(key), decode(value)))
        .collect()
}

/// The partition columns of files, their types taken from all values: BIGINT
/// where all are whole numbers, DATE where all are `YYYY-MM-DD`, else VARCHAR.
///
/// # Errors
/// When files lie under different keys.
pub(crate) fn infer<'a>(
    table: &str,
    files: impl IntoIterator<Item = &'a str>,
) -> Result<Vec<Field>> {
    let mut columns: Option<Vec<(String, Vec<String>)>> = None;
    for file in files {
        let found = pairs(file);
        let Some(columns) = &mut columns else {
            columns = Some(found.into_iter().map(|(k, v)| (k, vec![v])).collect());
            continue;
        };
        if !found
            .iter()
            .map(|(k, _)| k)
            .eq(columns.iter().map(|(k, _)| k))
        {
            let expected: Vec<_> = columns.iter().map(|(k, _)| k.as_str()).collect();
            let got: Vec<_> = found.iter().map(|(k, _)| k.as_str()).collect();
            return plan_err!(
                "table \"{table}\" has files under different partition folders: expected ({}) as in the \
                 first file, got ({}) in \"{file}\"",
                expected.join(", "),
                got.join(", ")
            );
        }
        for ((_, values), (_, value)) in columns.iter_mut().zip(found) {
            values.push(value);
        }
    }
    Ok(columns
        .unwrap_or_default()
        .into_iter()
        .map(|(key, values)| Field::new(key, type_of(&values), true))
        .collect())
}

/// The partition values of one file, as the columns' types.
///
/// # Errors
/// When a key is absent or a value does not fit its column.
pub(crate) fn values(table: &str, file: &str, columns: &[Field]) -> Result<Vec<ScalarValue>> {
    let found = pairs(file);
    columns
        .iter()
        .map(|column| {
            let Some((_, value)) = found.iter().find(|(key, _)| key == column.name()) else {
                return exec_err!(
                    "file \"{file}\" of table \"{table}\" is in no folder \"{}=…\"",
                    column.name()
                );
            };
            if value == HIVE_NULL {
                return ScalarValue::try_from(column.data_type());
            }
            ScalarValue::try_from_string(value.clone(), column.data_type()).or_else(|_| {
                exec_err!(
                    "partition column \"{}\" of table \"{table}\" must be {}, got \"{value}\" in \"{file}\"",
                    column.name(),
                    column.data_type()
                )
            })
        })
        .collect()
}

fn type_of(values: &[String]) -> DataType {
    let mut known = values.iter().filter(|v| *v != HIVE_NULL).peekable();
    if known.peek().is_none() {
        return DataType::Utf8;
    }
    if known.clone().all(|v| v.parse::<i64>().is_ok()) {
        DataType::Int64
    } else if known.all(|v| is_date(v)) {
        DataType::Date32
    } else {
        DataType::Utf8
    }
}

fn is_date(value: &str) -> bool {
    value.len() == 10 && chrono::NaiveDate::parse_from_str(value, "%Y-%m-%d").is_ok()
}

fn decode(text: &str) -> String {
    percent_decode_str(text)
        .decode_utf8()
        .map_or_else(|_| text.to_string(), |t| t.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(files: &[&str]) -> Vec<DataType> {
        let columns = infer("t", files.iter().copied()).unwrap();
        columns.into_iter().map(|f| f.data_type().clone()).collect()
    }

    #[test]
    fn types_come_from_all_values() {
        assert_eq!(
            types(&["y=2024/m=01/a.csv", "y=2023/m=12/a.csv"]),
            [DataType::Int64, DataType::Int64]
        );
        assert_eq!(types(&["d=2024-01-31/a.csv"]), [DataType::Date32]);
        assert_eq!(types(&["x=1/a.csv", "x=b/a.csv"]), [DataType::Utf8]);
        assert_eq!(
            types(&["x=1/a.csv", "x=__HIVE_DEFAULT_PARTITION__/a.csv"]),
            [DataType::Int64]
        );
        assert!(types(&["plain/a=b.csv"]).is_empty());
    }

    #[test]
    fn values_are_decoded_and_typed() {
        let columns = infer("t", ["who=John%20Doe/a.csv"]).unwrap();
        let got = values("t", "who=John%20Doe/a.csv", &columns).unwrap();
        assert_eq!(got, [ScalarValue::from("John Doe")]);
        let columns = infer("t", ["y=1/a.csv"]).unwrap();
        let null = values("t", "y=__HIVE_DEFAULT_PARTITION__/a.csv", &columns).unwrap();
        assert_eq!(null, [ScalarValue::Int64(None)]);
        let message = values("t", "y=x/a.csv", &columns).unwrap_err().to_string();
        assert!(message.contains("must be Int64, got \"x\""), "{message}");
    }

    #[test]
    fn mixed_keys_are_an_error() {
        assert!(infer("t", ["a=1/x.csv", "b=1/x.csv"]).is_err());
        assert!(infer("t", ["a=1/x.csv", "x.csv"]).is_err());
    }
}
