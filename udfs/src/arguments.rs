//! The arguments of a call against what the function declares: coercion, and errors that
//! name the argument, what was expected and what came.
//!
//! A function's `coerce_types` calls [`coerce`], which never fails, because DataFusion
//! reports an error of coercion as one of execution; its `return_field` then calls
//! [`check_types`], whose errors are planning errors and know the columns' names.

use datafusion::arrow::datatypes::{DataType, FieldRef, IntervalUnit, TimeUnit};
use datafusion::arrow::row::{RowConverter, SortField};
use datafusion::common::plan_err;
use datafusion::common::utils::quote_identifier;
use datafusion::error::Result;
use datafusion::logical_expr::{Signature, Volatility};

use crate::parameter::{Kind, Parameter};
use crate::sql_types::{is_text, sql_name};

/// The signature of a function that takes `parameters`: types are its own to coerce, and
/// the names serve DataFusion's own named arguments.
pub(crate) fn signature(parameters: &[Parameter]) -> Signature {
    let signature = Signature::user_defined(Volatility::Immutable);
    let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
    signature
        .clone()
        .with_parameter_names(names)
        .unwrap_or(signature)
}

/// The types to which arguments of `types` are cast. What does not fit stays as it is,
/// for [`check_types`] to report.
pub(crate) fn coerce(parameters: &[Parameter], types: &[DataType]) -> Vec<DataType> {
    types
        .iter()
        .enumerate()
        .map(|(index, given)| match parameters.get(index) {
            Some(parameter) => coerce_one(parameter.kind, given),
            None => given.clone(),
        })
        .collect()
}

pub(crate) fn coerce_one(kind: Kind, given: &DataType) -> DataType {
    let is_null = given.is_null();
    match kind {
        Kind::Time | Kind::ConstantTime => match given {
            DataType::Null => DataType::Timestamp(TimeUnit::Microsecond, None),
            DataType::Dictionary(_, values) if is_time(values) => values.as_ref().clone(),
            other => other.clone(),
        },
        Kind::Key if is_null => DataType::Utf8,
        Kind::Amount if is_null => DataType::Int64,
        Kind::Amount => match given {
            DataType::Dictionary(_, values) if values.is_numeric() => values.as_ref().clone(),
            other => other.clone(),
        },
        Kind::Condition if is_null => DataType::Boolean,
        Kind::Condition => match given {
            DataType::Dictionary(_, values) => values.as_ref().clone(),
            other => other.clone(),
        },
        Kind::ConstantText | Kind::TimeZone if is_null || is_text(given) => DataType::Utf8,
        Kind::ConstantSpan if matches!(given, DataType::Interval(_) | DataType::Duration(_)) => {
            DataType::Interval(IntervalUnit::MonthDayNano)
        }
        Kind::ConstantDouble | Kind::ConstantSpan if is_null || given.is_numeric() => {
            DataType::Float64
        }
        Kind::Integer | Kind::ConstantInteger if is_null || given.is_integer() => DataType::Int64,
        _ => given.clone(),
    }
}

/// Brings the types of numbers to DOUBLE, of functions that compute with nothing else.
pub(crate) fn as_doubles<'a>(types: impl IntoIterator<Item = &'a mut DataType>) {
    let numbers = types.into_iter().filter(|given| given.is_numeric());
    numbers.for_each(|number| *number = DataType::Float64);
}

/// Checks the number and the types of a call's arguments, after coercion.
///
/// # Errors
///
/// A planning error that names the argument, what was expected and what came.
pub(crate) fn check_types(
    function: &str,
    parameters: &[Parameter],
    fields: &[FieldRef],
) -> Result<()> {
    let required = parameters.iter().filter(|parameter| parameter.required);
    let least = required.count();
    if fields.len() < least || fields.len() > parameters.len() {
        return plan_err!(
            "{} takes {} argument{}, got {}",
            call_form(function, parameters),
            if least == parameters.len() {
                least.to_string()
            } else {
                format!("{least} to {}", parameters.len())
            },
            if parameters.len() == 1 { "" } else { "s" },
            fields.len()
        );
    }
    // With an option before it, what is required may be missing although enough is given.
    let mut missing = parameters.iter().skip(fields.len());
    if let Some(parameter) = missing.find(|parameter| parameter.required) {
        return plan_err!(
            "{} needs the argument \"{}\"",
            call_form(function, parameters),
            parameter.name
        );
    }
    for (parameter, field) in parameters.iter().zip(fields) {
        if !accepts(parameter.kind, field.data_type()) {
            return plan_err!(
                "argument \"{}\" of {function} must be {}, got {}{}{}",
                parameter.name,
                parameter.kind.expected(),
                sql_name(field.data_type()),
                origin(field),
                advice(parameter, field)
            );
        }
    }
    Ok(())
}

/// The column that an argument is, as far as its field tells.
fn column(field: &FieldRef) -> Option<&str> {
    // The fields of literals are named for the literal, which says no more than its type.
    let named = !field.name().is_empty() && !field.name().contains('(');
    named.then(|| field.name().as_str())
}

/// Where an argument comes from, as far as its field tells, for a message.
fn origin(field: &FieldRef) -> String {
    column(field).map_or_else(String::new, |column| format!(" from \"{column}\""))
}

/// What to write for an argument of a wrong type where that can be foreseen, for the end of a
/// message.
fn advice(parameter: &Parameter, field: &FieldRef) -> String {
    if parameter.kind != Kind::Condition || !field.data_type().is_numeric() {
        return String::new();
    }
    let column = quote_identifier(column(field).unwrap_or(parameter.name));
    format!("; where 1 is yes, write {column} = 1")
}

/// How `function` is called: `cohort_month(ts [, tz])`; of conditions, the first stands for all.
pub fn call_form(function: &str, parameters: &[Parameter]) -> String {
    let mut form = format!("{function}(");
    let mut open = 0;
    let last_required = parameters.iter().rposition(|parameter| parameter.required);
    for (index, parameter) in parameters.iter().enumerate() {
        if parameter.is_further_condition() {
            form.push_str(", …");
            break;
        }
        let comma = if index == 0 { "" } else { ", " };
        if parameter.required {
            form.push_str(comma);
            form.push_str(parameter.name);
            continue;
        }
        form.push_str(if index == 0 { "[" } else { " [, " });
        form.push_str(parameter.name);
        if last_required.is_some_and(|last| index < last) {
            form.push(']');
        } else {
            open += 1;
        }
    }
    form.push_str(&"]".repeat(open));
    form.push(')');
    form
}

fn accepts(kind: Kind, data_type: &DataType) -> bool {
    match kind {
        Kind::Time | Kind::ConstantTime => is_time(data_type),
        Kind::Key => RowConverter::supports_fields(&[SortField::new(data_type.clone())]),
        Kind::Amount => data_type.is_numeric(),
        Kind::Condition => data_type == &DataType::Boolean,
        Kind::ConstantText | Kind::TimeZone => data_type == &DataType::Utf8,
        Kind::ConstantDouble => data_type == &DataType::Float64,
        Kind::ConstantSpan => matches!(data_type, DataType::Float64 | DataType::Interval(_)),
        Kind::Integer | Kind::ConstantInteger => data_type == &DataType::Int64,
        Kind::Value | Kind::Constant => true,
    }
}

/// Whether `data_type` is a date or a timestamp.
pub(crate) fn is_time(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _)
    )
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use datafusion::arrow::datatypes::Field;

    use super::*;

    #[test]
    fn numbers_for_conditions_are_advised() {
        let parameters = [Parameter::required("converted", Kind::Condition)];
        let error = |name: &str, data_type: DataType| {
            let field = Arc::new(Field::new(name, data_type, true));
            let error = check_types("prop_ztest", &parameters, &[field]).unwrap_err();
            error.message().to_string()
        };
        let wrong = "argument \"converted\" of prop_ztest must be a boolean, got";
        assert_eq!(
            error("c", DataType::Int64),
            format!("{wrong} BIGINT from \"c\"; where 1 is yes, write c = 1")
        );
        assert_eq!(
            error("Sent Out", DataType::UInt8),
            format!(
                "{wrong} TINYINT UNSIGNED from \"Sent Out\"; where 1 is yes, write \"Sent Out\" = 1"
            )
        );
        assert_eq!(
            error("Int64(1)", DataType::Int64),
            format!("{wrong} BIGINT; where 1 is yes, write converted = 1")
        );
        assert_eq!(
            error("c", DataType::Utf8),
            format!("{wrong} VARCHAR from \"c\"")
        );
    }
}
