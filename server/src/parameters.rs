//! The parameters of a prepared statement: what is advertised, and rows of values to bind.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use cohortql_engine::Planned;
use cohortql_protocol::parameters::{self, Parameter};
use cohortql_protocol::{Types, wire_schema};
use datafusion::scalar::ScalarValue;

use crate::driver::Driver;
use crate::error::ServerError;

/// The parameters' schema for a driver: `$1`, `$2` …, nullable, in the types that it sends, with
/// what it takes for "unknown" where the statement leaves the type open.
pub(crate) fn advertised(planned: &Planned, driver: Driver, types: Types) -> SchemaRef {
    let fields: Vec<Field> = planned
        .parameters()
        .iter()
        .map(|(parameter, data_type)| {
            let data_type = data_type.clone().unwrap_or(DataType::Null);
            Field::new(parameter.to_string(), data_type, true)
        })
        .collect();
    let sent = wire_schema(&Schema::new(fields), types);
    let fields = sent.fields().iter().zip(planned.parameters().values());
    let fields = fields.map(|(field, known)| {
        let data_type = match known {
            Some(_) => driver.parameter_type(field.data_type()),
            // What is unknown stays so in every profile.
            None => driver.unknown_type(),
        };
        field.as_ref().clone().with_data_type(data_type)
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

/// Rows of parameters as the statement wants them; a value that does not fit is an error.
pub(crate) fn cast(planned: &Planned, batch: &RecordBatch) -> Result<RecordBatch, ServerError> {
    let wanted: Vec<Parameter> = planned
        .parameters()
        .iter()
        .map(|(parameter, data_type)| Parameter {
            name: parameter.to_string(),
            data_type: data_type.clone(),
        })
        .collect();
    Ok(parameters::cast(batch, &wanted)?)
}

/// One row of a batch that was cast, as the statement's parameters.
pub(crate) fn row(batch: &RecordBatch, row: usize) -> Result<Vec<ScalarValue>, ServerError> {
    batch
        .columns()
        .iter()
        .enumerate()
        .map(|(at, column)| {
            ScalarValue::try_from_array(column, row)
                .map_err(|_| ServerError::Invalid(format!("parameter ${} cannot be read", at + 1)))
        })
        .collect()
}

fn typed_null(data_type: Option<&DataType>) -> Result<ScalarValue, ServerError> {
    let data_type = data_type.unwrap_or(&DataType::Utf8);
    ScalarValue::try_from(data_type)
        .map_err(|_| ServerError::Invalid(format!("a parameter cannot be {data_type}")))
}
