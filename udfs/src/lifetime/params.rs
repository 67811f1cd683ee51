//! Parameters of models as arguments: a STRUCT with their names, as fits give it.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use datafusion::arrow::buffer::NullBuffer;
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, FieldRef, Float64Type};
use datafusion::common::{exec_datafusion_err, exec_err, plan_err};
use datafusion::error::Result;

use crate::parameter::Parameter;
use crate::scalar::PerRow;
use crate::sql_types::sql_name;

/// The arguments of a function that takes `params` and numbers.
pub(super) struct Arguments<'a, const K: usize, const N: usize> {
    function: &'static str,
    parameters: &'static [Parameter],
    names: [&'static str; K],
    params: [Float64Array; K],
    numbers: [&'a Float64Array; N],
    known: Option<NullBuffer>,
}

/// Checks that the first argument is a STRUCT with numbers called `names`.
///
/// # Errors
///
/// A planning error that says so.
pub(super) fn check_params<const K: usize>(
    function: &str,
    names: [&str; K],
    fields: &[FieldRef],
) -> Result<()> {
    let given = fields[0].data_type();
    let fits = match given {
        DataType::Struct(fields) => names.iter().all(|name| {
            let field = fields.find(name);
            let given = field.map(|(_, field)| field.data_type());
            given.is_some_and(|given| given.is_numeric() || given.is_null())
        }),
        other => other.is_null(),
    };
    if !fits {
        return plan_err!(
            "argument \"params\" of {function} must be a STRUCT with the numbers {}, got {}",
            names.join(", "),
            sql_name(given)
        );
    }
    Ok(())
}

/// Numbers given for parameters, for messages: `frequency = 2, recency = 3`.
pub(super) fn listed(parameters: &[Parameter], numbers: &[f64]) -> String {
    named(parameters.iter().map(|parameter| parameter.name), numbers)
}

fn named<'a>(names: impl Iterator<Item = &'a str>, numbers: &[f64]) -> String {
    let pairs = names.zip(numbers);
    let texts = pairs.map(|(name, number)| format!("{name} = {number}"));
    texts.collect::<Vec<_>>().join(", ")
}

impl<'a, const K: usize, const N: usize> Arguments<'a, K, N> {
    /// Reads the columns of a call of `F` that [`check_params`] let through, whose others are
    /// of type DOUBLE.
    pub(super) fn new<F: PerRow>(
        names: [&'static str; K],
        columns: &'a [ArrayRef],
    ) -> Result<Self> {
        let function = F::NAME;
        let given = &columns[0];
        let mut known = given.logical_nulls();
        let mut params = Vec::with_capacity(K);
        for name in names {
            let values = match given.as_struct_opt() {
                Some(fields) => {
                    let missing = || exec_datafusion_err!("{function}: params have no {name}");
                    let column = fields.column_by_name(name).ok_or_else(missing)?;
                    cast(column, &DataType::Float64)?
                }
                None => Arc::new(Float64Array::new_null(given.len())),
            };
            known = NullBuffer::union(known.as_ref(), values.nulls());
            params.push(values.as_primitive::<Float64Type>().clone());
        }
        let numbers =
            std::array::from_fn(|number| columns[number + 1].as_primitive::<Float64Type>());
        for column in numbers {
            known = NullBuffer::union(known.as_ref(), column.nulls());
        }
        let params = <[Float64Array; K]>::try_from(params);
        Ok(Self {
            function,
            parameters: F::PARAMETERS,
            names,
            params: params.map_err(|_| exec_datafusion_err!("{function} got no params"))?,
            numbers,
            known,
        })
    }

    /// The results of `of_row` where no argument is NULL, else NULL. It may say what is wrong
    /// with a row's numbers.
    pub(super) fn results(
        &self,
        of_row: impl Fn([f64; K], [f64; N]) -> std::result::Result<f64, &'static str>,
    ) -> Result<Float64Array> {
        let rows = self.params[0].len();
        let mut results = vec![0.0; rows];
        for (row, result) in results.iter_mut().enumerate() {
            if self.known.as_ref().is_some_and(|known| known.is_null(row)) {
                continue;
            }
            let params = std::array::from_fn(|number| self.params[number].value(row));
            if !params
                .iter()
                .all(|param: &f64| param.is_finite() && *param > 0.0)
            {
                return exec_err!(
                    "{}: params must be finite and greater than 0, got {}",
                    self.function,
                    named(self.names.into_iter(), &params)
                );
            }
            let numbers = std::array::from_fn(|number| self.numbers[number].value(row));
            *result = match of_row(params, numbers) {
                Ok(result) => result,
                Err(fault) => {
                    let given = listed(&self.parameters[1..], &numbers);
                    return exec_err!("{}: {fault}, got {given}", self.function);
                }
            };
        }
        Ok(Float64Array::new(results.into(), self.known.clone()))
    }
}
