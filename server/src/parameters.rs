//! The parameters of a prepared statement: what is advertised, and rows of values to bind.

use std::sync::Arc;

use arrow::array::{Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cohortql_engine::{Parameter, Planned};
use cohortql_protocol::{Types, wire_schema};
use datafusion::scalar::ScalarValue;

use crate::error::ServerError;

/// The parameters' schema for clients: `$1`, `$2` …, nullable, with `unknown` for those whose
/// type the statement leaves open.
pub(crate) fn advertised(planned: &Planned, unknown: &DataType, types: Types) -> SchemaRef {
    let fields: Vec<Field> = planned
        .parameters()
        .iter()
        .map(|(parameter, data_type)| {
            let data_type = data_type.clone().unwrap_or_else(|| unknown.clone());
            Field::new(parameter.to_string(), data_type, true)
        })
        .collect();
    let sent = wire_schema(&Schema::new(fields), types);
    if types != Types::Simple || *unknown != DataType::Null {
        return sent;
    }
    // Where the client takes Null for "type unknown", simple types must not hide it.
    let fields = sent.fields().iter().zip(planned.parameters().values());
    let fields = fields.map(|(field, known)| match known {
        Some(_) => Arc::clone(field),
        None => Arc::new(field.as_ref().clone().with_data_type(DataType::Null)),
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// NULL for every parameter, of the type that the statement asks for, else of the column bound to
/// it: what the answer's schema is found with.
pub(crate) fn nulls(
    planned: &Planned,
    columns: Option<&Schema>,
) -> Result<Vec<ScalarValue>, ServerError> {
    let wanted = planned.parameters().values().enumerate();
    wanted
        .map(|(at, wanted)| {
            let column = columns.and_then(|columns| columns.fields().get(at));
            typed_null(
                wanted
                    .as_ref()
                    .or(column.and_then(|c| own_type(c.data_type()))),
            )
        })
        .collect()
}

/// The type of a column of parameters, unless it leaves that open itself.
fn own_type(data_type: &DataType) -> Option<&DataType> {
    Some(data_type).filter(|data_type| **data_type != DataType::Null)
}

/// Checks that a batch has a column for every parameter.
pub(crate) fn check(planned: &Planned, schema: &Schema) -> Result<(), ServerError> {
    let (wanted, got) = (planned.parameters().len(), schema.fields().len());
    if wanted == got {
        return Ok(());
    }
    Err(ServerError::Invalid(format!(
        "the statement takes {}, got {}",
        counted(wanted),
        counted(got)
    )))
}

/// "1 parameter", "2 parameters".
pub(crate) fn counted(parameters: usize) -> String {
    match parameters {
        0 => "no parameters".to_owned(),
        1 => "1 parameter".to_owned(),
        many => format!("{many} parameters"),
    }
}

/// One row of a batch as the statement's parameters, cast to the types that it asks for. Where
/// it leaves the type open, a value keeps its own.
pub(crate) fn row(
    planned: &Planned,
    batch: &RecordBatch,
    row: usize,
) -> Result<Vec<ScalarValue>, ServerError> {
    planned
        .parameters()
        .iter()
        .zip(batch.columns())
        .map(|((parameter, wanted), column)| value(parameter, wanted.as_ref(), column, row))
        .collect()
}

fn value(
    parameter: &Parameter,
    wanted: Option<&DataType>,
    column: &Arc<dyn Array>,
    row: usize,
) -> Result<ScalarValue, ServerError> {
    let invalid = |given: &ScalarValue, wanted: &DataType| {
        let shown: String = given.to_string().chars().take(100).collect();
        ServerError::Invalid(format!(
            "parameter {parameter} must be {wanted}, got {} {shown}",
            given.data_type()
        ))
    };
    let given = ScalarValue::try_from_array(column, row)
        .map_err(|_| ServerError::Invalid(format!("parameter {parameter} cannot be read")))?;
    if given.is_null() {
        return typed_null(wanted.or(own_type(column.data_type())));
    }
    match wanted {
        Some(wanted) if *wanted != given.data_type() => {
            given.cast_to(wanted).map_err(|_| invalid(&given, wanted))
        }
        _ => Ok(given),
    }
}

fn typed_null(data_type: Option<&DataType>) -> Result<ScalarValue, ServerError> {
    let data_type = data_type.unwrap_or(&DataType::Utf8);
    ScalarValue::try_from(data_type)
        .map_err(|_| ServerError::Invalid(format!("a parameter cannot be {data_type}")))
}
