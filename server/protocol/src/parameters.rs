//! Rows of parameters as a statement wants them: a column for each, cast to its type.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch, RecordBatchOptions, new_null_array};
use arrow::datatypes::{DataType, Field, Fields, Schema};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::error::ProtocolError;
use crate::wire::{Room, plain};

/// Bytes that the rows of one batch may take once their values are written out.
const FLAT_BYTES: u64 = 256 << 20;

/// Characters of a value that an error repeats.
const SHOWN: usize = 100;

/// A parameter of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// How errors and the schema call it, `$1` for one.
    pub name: String,
    /// The type that the statement asks for, if it does.
    pub data_type: Option<DataType>,
}

/// Checks that rows have a column for every parameter.
pub fn check(parameters: usize, columns: &Schema) -> Result<(), ProtocolError> {
    let columns = columns.fields().len();
    if parameters == columns {
        return Ok(());
    }
    Err(ProtocolError::Invalid(format!(
        "the statement takes {}, got {}",
        counted(parameters),
        counted(columns)
    )))
}

/// "1 parameter", "2 parameters".
pub fn counted(parameters: usize) -> String {
    match parameters {
        0 => "no parameters".to_owned(),
        1 => "1 parameter".to_owned(),
        many => format!("{many} parameters"),
    }
}

/// The rows with each column cast to the type that its parameter wants. Where the statement
/// leaves that open, a column keeps its own, and text stands in for a column of Arrow's Null.
pub fn cast(batch: &RecordBatch, parameters: &[Parameter]) -> Result<RecordBatch, ProtocolError> {
    check(parameters.len(), batch.schema_ref())?;
    if !Room::of(FLAT_BYTES).takes(batch.columns().iter(), 0..batch.num_rows()) {
        return Err(ProtocolError::Limit(format!(
            "the parameters take more than {} MiB once written out; bind fewer rows at a time",
            FLAT_BYTES >> 20
        )));
    }
    let columns = parameters
        .iter()
        .zip(batch.columns())
        .map(|(parameter, column)| cast_column(parameter, column))
        .collect::<Result<Vec<_>, _>>()?;
    let fields: Fields = parameters
        .iter()
        .zip(&columns)
        .map(|(parameter, column)| Field::new(&parameter.name, column.data_type().clone(), true))
        .collect();
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let schema = Arc::new(Schema::new(fields));
    Ok(RecordBatch::try_new_with_options(
        schema, columns, &options,
    )?)
}

fn cast_column(parameter: &Parameter, column: &ArrayRef) -> Result<ArrayRef, ProtocolError> {
    let own = match column.data_type() {
        DataType::Null => &DataType::Utf8,
        own => own,
    };
    let wanted = parameter.data_type.as_ref().unwrap_or(own);
    if column.data_type() == wanted {
        return Ok(Arc::clone(column));
    }
    if column.logical_null_count() == column.len() {
        return Ok(new_null_array(wanted, column.len()));
    }
    contained(column, wanted).ok_or_else(|| misfit(parameter, wanted, column))
}

/// The column as the type that is wanted; none when that cannot be.
///
/// Arrow's kernels (59.3) end in a panic on some pairs of nested types, such as lists that become
/// ones of a fixed size. Which pair it is comes from the client, so that its statement fails, and
/// nothing else.
fn contained(column: &ArrayRef, wanted: &DataType) -> Option<ArrayRef> {
    let cast = catch_unwind(AssertUnwindSafe(|| plain(column, wanted)));
    cast.ok().and_then(Result::ok)
}

/// Says which value does not fit: the first one that cannot be cast alone.
fn misfit(parameter: &Parameter, wanted: &DataType, column: &ArrayRef) -> ProtocolError {
    let fails = |row: &usize| {
        let alone = column.slice(*row, 1);
        alone.logical_null_count() == 0 && contained(&alone, wanted).is_none()
    };
    let row = (0..column.len()).find(fails);
    let options = FormatOptions::default();
    let value = row.and_then(|row| {
        let shown = ArrayFormatter::try_new(column, &options).ok()?;
        shown.value(row).try_to_string().ok()
    });
    let shown: String = value.unwrap_or_default().chars().take(SHOWN).collect();
    ProtocolError::Invalid(format!(
        "parameter {} must be {wanted}, got {} {shown}",
        parameter.name,
        column.data_type()
    ))
}

#[cfg(test)]
mod tests {
    use arrow::array::{AsArray, DictionaryArray, Int32Array, NullArray, StringArray};
    use arrow::datatypes::Int32Type;

    use super::*;

    fn batch(column: impl Array + 'static) -> RecordBatch {
        RecordBatch::try_from_iter([("c", Arc::new(column) as ArrayRef)]).unwrap()
    }

    fn wanted(data_type: Option<DataType>) -> Vec<Parameter> {
        vec![Parameter {
            name: "$1".to_owned(),
            data_type,
        }]
    }

    #[test]
    fn columns_are_cast_and_keep_their_nulls() {
        let texts = batch(StringArray::from(vec![Some("7"), None]));
        let cast = cast(&texts, &wanted(Some(DataType::Int32))).unwrap();
        assert_eq!(
            cast.column(0).as_primitive::<Int32Type>(),
            &Int32Array::from(vec![Some(7), None])
        );
        assert_eq!(cast.schema().field(0).name(), "$1");
    }

    #[test]
    fn nulls_fit_every_type_and_are_text_where_none_is_wanted() {
        let nulls = batch(NullArray::new(2));
        for (asked, got) in [
            (Some(DataType::Date32), DataType::Date32),
            (None, DataType::Utf8),
        ] {
            let cast = cast(&nulls, &wanted(asked)).unwrap();
            assert_eq!(cast.column(0).data_type(), &got);
            assert_eq!(cast.column(0).null_count(), 2);
        }
    }

    #[test]
    fn the_first_value_that_does_not_fit_is_named() {
        let texts = batch(StringArray::from(vec![Some("7"), None, Some("seven")]));
        let error = cast(&texts, &wanted(Some(DataType::Int32))).unwrap_err();
        assert_eq!(
            error.to_string(),
            "parameter $1 must be Int32, got Utf8 seven"
        );
    }

    #[test]
    fn a_column_too_many_is_an_error() {
        let error = cast(&batch(NullArray::new(1)), &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the statement takes no parameters, got 1 parameter"
        );
    }

    #[test]
    fn one_value_named_by_many_rows_is_not_written_out() {
        let long = StringArray::from(vec!["x".repeat(1 << 20)]);
        let keys = Int32Array::from(vec![0; 1000]);
        let dictionary = DictionaryArray::new(keys, Arc::new(long) as ArrayRef);
        let error = cast(&batch(dictionary), &wanted(Some(DataType::Utf8))).unwrap_err();
        assert!(matches!(error, ProtocolError::Limit(_)), "{error}");
    }
}
