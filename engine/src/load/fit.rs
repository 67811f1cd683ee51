//! Values in the type of their column, and which of them have none there.
//!
//! A batch that fits is cast at once. Of one that does not, halves are tried, and halves of these, so
//! that few values that do not fit cost little. What is kept is kept exactly, as in every ingestion;
//! here also decimals keep all their digits.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray, new_null_array};
use arrow::compute::kernels::cmp;
use arrow::compute::{cast, concat};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use arrow::json::ReaderBuilder;
use serde_json::{Map, Value};

use crate::ingest::strict;

/// The values in another type, NULL in the place of those that do not fit, and their rows.
pub(super) fn fit(values: &ArrayRef, to: &Field) -> Result<(ArrayRef, Vec<usize>), ArrowError> {
    let mut parts = Vec::new();
    let mut misfits = Vec::new();
    halves(values, 0, to, &mut parts, &mut misfits);
    if let [part] = parts.as_slice() {
        return Ok((Arc::clone(part), misfits));
    }
    if parts.is_empty() {
        return Ok((new_null_array(to.data_type(), 0), misfits));
    }
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    Ok((concat(&parts)?, misfits))
}

fn halves(
    values: &ArrayRef,
    before: usize,
    to: &Field,
    parts: &mut Vec<ArrayRef>,
    misfits: &mut Vec<usize>,
) {
    match exactly(values, to) {
        Ok(part) => parts.push(part),
        Err(_) if values.len() <= 1 => {
            parts.push(new_null_array(to.data_type(), values.len()));
            misfits.push(before);
        }
        Err(_) => {
            let half = values.len() / 2;
            halves(&values.slice(0, half), before, to, parts, misfits);
            let rest = values.slice(half, values.len() - half);
            halves(&rest, before + half, to, parts, misfits);
        }
    }
}

fn exactly(values: &ArrayRef, to: &Field) -> Result<ArrayRef, ArrowError> {
    let from = values.data_type();
    match (from, to.data_type()) {
        (DataType::Utf8, target) if target.is_nested() => of_json(values.as_string::<i32>(), to),
        (DataType::Utf8, DataType::Decimal128(_, scale)) => {
            digits(values.as_string::<i32>(), *scale)?;
            strict(values, to.data_type())
        }
        (from, DataType::Decimal128(..))
            if from.is_decimal() || matches!(from, DataType::Float32 | DataType::Float64) =>
        {
            let kept = strict(values, to.data_type())?;
            let back = cast(&kept, from)?;
            match cmp::distinct(&back, values)?.true_count() {
                0 => Ok(kept),
                _ => Err(ArrowError::CastError(
                    "a decimal would lose digits".to_owned(),
                )),
            }
        }
        _ => strict(values, to.data_type()),
    }
}

/// Refuses decimals with more digits behind the point than there is room for.
fn digits(values: &StringArray, scale: i8) -> Result<(), ArrowError> {
    let room = usize::try_from(scale).unwrap_or(0);
    for text in values.iter().flatten() {
        let Some((_, behind)) = text.split_once('.') else {
            continue;
        };
        let behind = behind.trim_end().trim_end_matches('0');
        if behind.len() > room && behind.bytes().all(|digit| digit.is_ascii_digit()) {
            return Err(ArrowError::CastError(
                "a decimal would lose digits".to_owned(),
            ));
        }
    }
    Ok(())
}

/// Lists and structs, of their text as JSON.
fn of_json(values: &StringArray, to: &Field) -> Result<ArrayRef, ArrowError> {
    let wrong = |error: serde_json::Error| ArrowError::JsonError(error.to_string());
    let rows = values.iter().map(|text| {
        let value = match text {
            Some(text) => serde_json::from_str(text).map_err(wrong)?,
            None => Value::Null,
        };
        Ok(Map::from_iter([(to.name().clone(), value)]))
    });
    let rows = rows.collect::<Result<Vec<_>, ArrowError>>()?;
    let schema = Arc::new(Schema::new(vec![to.clone().with_nullable(true)]));
    let mut decoder = ReaderBuilder::new(schema)
        .with_batch_size(rows.len().max(1))
        .build_decoder()?;
    decoder.serialize(&rows)?;
    let batch: Option<RecordBatch> = decoder.flush()?;
    Ok(match batch {
        Some(batch) => Arc::clone(batch.column(0)),
        None => new_null_array(to.data_type(), 0),
    })
}

#[cfg(test)]
mod tests {
    use arrow::array::{Float64Array, Int64Array};
    use arrow::util::display::array_value_to_string;

    use super::*;

    fn fitted(values: ArrayRef, to: DataType) -> (Vec<String>, Vec<usize>) {
        let (kept, misfits) = fit(&values, &Field::new("c", to.clone(), true)).unwrap();
        assert_eq!(kept.len(), values.len());
        assert_eq!(kept.data_type(), &to);
        let texts = (0..kept.len()).map(|row| array_value_to_string(&kept, row).unwrap());
        (texts.collect(), misfits)
    }

    #[test]
    fn misfits_are_found_wherever_they_are() {
        for length in 0..9_usize {
            for wrong in 0..1_usize << length {
                let is_wrong = |row: &usize| wrong >> row & 1 == 1;
                let texts = (0..length).map(|row| match is_wrong(&row) {
                    true => "x".to_owned(),
                    false => row.to_string(),
                });
                let values: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
                let (kept, misfits) = fitted(values, DataType::Int64);
                assert_eq!(misfits, (0..length).filter(is_wrong).collect::<Vec<_>>());
                for (row, text) in kept.iter().enumerate() {
                    let expected = match is_wrong(&row) {
                        true => String::new(),
                        false => row.to_string(),
                    };
                    assert_eq!(*text, expected);
                }
            }
        }
    }

    #[test]
    fn decimals_lose_no_digits() {
        let money = DataType::Decimal128(6, 2);
        let texts = ["1.50", "1.500", "1.505", "-3", "12345.6", ".5"];
        let values: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
        let (kept, misfits) = fitted(values, money.clone());
        assert_eq!(misfits, [2, 4]);
        assert_eq!(kept, ["1.50", "1.50", "", "-3.00", "", "0.50"]);
        let values: ArrayRef = Arc::new(Float64Array::from(vec![12.34, 0.1, 0.125]));
        assert_eq!(fitted(values, money.clone()).1, [2]);
        let values: ArrayRef = Arc::new(Int64Array::from(vec![9_999, 10_000]));
        assert_eq!(fitted(values, money).1, [1]);
    }

    #[test]
    fn lists_are_read_of_their_json() {
        let item = Arc::new(Field::new("element", DataType::Int64, true));
        let texts = ["[1,2]", "[1,\"x\"]", "no", "[]"];
        let values: ArrayRef = Arc::new(StringArray::from_iter_values(texts));
        let (kept, misfits) = fitted(values, DataType::List(item));
        assert_eq!(misfits, [1, 2]);
        assert_eq!(kept, ["[1, 2]", "", "", "[]"]);
    }
}
