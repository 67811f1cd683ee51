//! The constant arguments of a call, as typed values.
//!
//! The same reading serves at every stage: of the SQL planner's expressions, so that most
//! mistakes are reported at once; after constant folding; and of the physical expressions
//! when an accumulator is made, which is the only stage that no caller can avoid.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::common::{ScalarValue, plan_datafusion_err, plan_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::Literal;

use crate::parameter::Parameter;
use crate::spans::Span;
use crate::sql_types::sql_name;

/// What a length of time may be, for messages.
const SPANS: &str = "an INTERVAL of days, hours or seconds, which have a fixed length, or a \
                     number of seconds, and not negative";

/// The constants of one call of a function.
#[derive(Debug)]
pub(crate) struct Constants {
    function: String,
    parameters: &'static [Parameter],
    /// One a given argument: its value if it is a constant parameter's.
    values: Vec<Option<ScalarValue>>,
}

impl Constants {
    /// Reads the constants of an aggregate call that is about to run.
    ///
    /// # Errors
    ///
    /// A planning error when a constant parameter has no constant argument, or the call
    /// has a DISTINCT.
    pub(crate) fn of_aggregate(
        function: &str,
        parameters: &'static [Parameter],
        args: &AccumulatorArgs,
    ) -> Result<Self> {
        if args.is_distinct {
            return plan_err!("{function} does not take DISTINCT");
        }
        Self::of_physical(function, parameters, args.exprs)
    }

    /// Reads the constants among the physical expressions of a call.
    ///
    /// # Errors
    ///
    /// A planning error when a constant parameter has no constant argument.
    pub(crate) fn of_physical(
        function: &str,
        parameters: &'static [Parameter],
        exprs: &[Arc<dyn PhysicalExpr>],
    ) -> Result<Self> {
        let values = exprs.iter().zip(parameters).map(|(expr, parameter)| {
            if !parameter.kind.is_constant() {
                return Ok(None);
            }
            match expr.downcast_ref::<Literal>() {
                Some(literal) => Ok(Some(literal.value().clone())),
                None => Err(not_constant(function, parameter, &expr.to_string())),
            }
        });
        Ok(Self {
            function: function.to_owned(),
            parameters,
            values: values.collect::<Result<_>>()?,
        })
    }

    /// Reads the constants among the arguments of a scalar call, as far as they are known.
    pub(crate) fn of_known(
        function: &str,
        parameters: &'static [Parameter],
        values: &[Option<&ScalarValue>],
    ) -> Self {
        Self {
            function: function.to_owned(),
            parameters,
            values: values.iter().map(|value| value.cloned()).collect(),
        }
    }

    /// Reads the constants among the logical expressions of a call. `None` when one of
    /// them has no value yet: a `$1`, or arithmetic that was not folded.
    ///
    /// # Errors
    ///
    /// A planning error when a constant parameter is given something that depends on the
    /// row.
    pub(crate) fn of_logical(
        function: &str,
        parameters: &'static [Parameter],
        exprs: &[Expr],
    ) -> Result<Option<Self>> {
        let mut values = Vec::with_capacity(exprs.len());
        for (expr, parameter) in exprs.iter().zip(parameters) {
            if !parameter.kind.is_constant() {
                values.push(None);
                continue;
            }
            if expr.any_column_refs() || expr.is_volatile() {
                return Err(not_constant(function, parameter, &expr.to_string()));
            }
            match literal(expr) {
                Some(value) => values.push(Some(value)),
                None => return Ok(None),
            }
        }
        Ok(Some(Self {
            function: function.to_owned(),
            parameters,
            values,
        }))
    }

    /// How many arguments are given.
    pub(crate) fn given(&self) -> usize {
        self.values.len()
    }

    /// The value given for `name`; `None` when it is NULL or not given.
    pub(crate) fn value(&self, name: &str) -> Option<&ScalarValue> {
        let index = self.parameters.iter().position(|p| p.name == name)?;
        let value = self.values.get(index)?.as_ref()?;
        (!value.is_null()).then_some(value)
    }

    /// The string given for `name`.
    ///
    /// # Errors
    ///
    /// A planning error when it is no string.
    pub(crate) fn text(&self, name: &str) -> Result<Option<&str>> {
        self.value(name)
            .map(|value| {
                value
                    .try_as_str()
                    .flatten()
                    .ok_or_else(|| self.wrong_type(name, value))
            })
            .transpose()
    }

    /// What the one of `words` means that is given for `name`, in any case.
    ///
    /// # Errors
    ///
    /// A planning error that lists them when it is no string, or none of them.
    pub(crate) fn word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<Option<T>> {
        let meaning = self.text(name)?.map(|given| {
            let found = words
                .iter()
                .find(|(word, _)| word.eq_ignore_ascii_case(given));
            found
                .map(|(_, meaning)| *meaning)
                .ok_or_else(|| self.out_of_range(name, &either_of(words)))
        });
        meaning.transpose()
    }

    /// The same where one must be given.
    ///
    /// # Errors
    ///
    /// The same, and when it is NULL.
    pub(crate) fn required_word<T: Copy>(&self, name: &str, words: &[(&str, T)]) -> Result<T> {
        self.word(name, words)?
            .ok_or_else(|| self.missing(name, &either_of(words)))
    }

    /// The number given for `name`.
    ///
    /// # Errors
    ///
    /// A planning error when it is no number.
    pub(crate) fn double(&self, name: &str) -> Result<Option<f64>> {
        self.value(name)
            .map(|value| {
                let is_number = value.data_type().is_numeric();
                match value.cast_to(&DataType::Float64) {
                    Ok(ScalarValue::Float64(Some(number))) if is_number => Ok(number),
                    _ => Err(self.wrong_type(name, value)),
                }
            })
            .transpose()
    }

    /// The whole number given for `name`.
    ///
    /// # Errors
    ///
    /// A planning error when it is no whole number, or beyond a BIGINT.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>> {
        self.value(name)
            .map(|value| {
                let is_whole = value.data_type().is_integer();
                match value.cast_to(&DataType::Int64) {
                    Ok(ScalarValue::Int64(Some(number))) if is_whole => Ok(number),
                    _ => Err(self.wrong_type(name, value)),
                }
            })
            .transpose()
    }

    /// The length of time given for `name`.
    ///
    /// # Errors
    ///
    /// A planning error when it is no length of time, has months, or is negative or no number.
    pub(crate) fn span(&self, name: &str) -> Result<Option<Span>> {
        self.value(name)
            .map(|value| Span::read(value).ok_or_else(|| self.wrong(name, SPANS, value)))
            .transpose()
    }

    /// The length of time given for `name`, which must be.
    ///
    /// # Errors
    ///
    /// The same, and when it is NULL.
    pub(crate) fn required_span(&self, name: &str) -> Result<Span> {
        self.span(name)?.ok_or_else(|| self.missing(name, SPANS))
    }

    /// The error for an argument that must be given and is NULL.
    pub(crate) fn missing(&self, name: &str, expected: &str) -> DataFusionError {
        plan_datafusion_err!(
            "argument \"{name}\" of {} must be {expected}, got NULL",
            self.function
        )
    }

    /// The error for the value `got` given for `name` where `expected` was.
    pub(crate) fn wrong(&self, name: &str, expected: &str, got: &ScalarValue) -> DataFusionError {
        plan_datafusion_err!(
            "argument \"{name}\" of {} must be {expected}, got {}",
            self.function,
            describe(got)
        )
    }

    fn wrong_type(&self, name: &str, got: &ScalarValue) -> DataFusionError {
        let parameter = self.parameters.iter().find(|p| p.name == name);
        let expected = parameter.map_or("a constant", |p| p.kind.expected());
        self.wrong(name, expected, got)
    }

    /// The same for the value given for `name`, whatever it is.
    pub(crate) fn out_of_range(&self, name: &str, expected: &str) -> DataFusionError {
        match self.value(name) {
            Some(value) => self.wrong(name, expected, value),
            None => self.missing(name, expected),
        }
    }
}

/// Words as messages list them: `'a', 'b' or 'c'`.
fn either_of<T>(words: &[(&str, T)]) -> String {
    let quoted = words.iter().map(|(word, _)| format!("'{word}'"));
    let mut quoted: Vec<String> = quoted.collect();
    let last = quoted.pop().unwrap_or_default();
    match quoted.is_empty() {
        true => last,
        false => format!("{} or {last}", quoted.join(", ")),
    }
}

/// A value as messages show it: numbers bare, strings quoted, others with their type.
pub(crate) fn describe(value: &ScalarValue) -> String {
    if let Some(Some(text)) = value.try_as_str() {
        return format!("'{text}'");
    }
    // Arrow writes intervals and decimals as people do, where `Display` shows their parts.
    let text = value.cast_to(&DataType::Utf8).ok();
    let text = text.map_or_else(|| value.to_string(), |text| text.to_string());
    match value.data_type() {
        data_type if data_type.is_decimal() => text,
        data_type if data_type.is_numeric() => value.to_string(),
        data_type => format!("{} {text}", sql_name(&data_type)),
    }
}

fn not_constant(function: &str, parameter: &Parameter, got: &str) -> DataFusionError {
    plan_datafusion_err!(
        "argument \"{}\" of {function} must be {}, got {got}",
        parameter.name,
        parameter.kind.expected()
    )
}

/// The value of an expression that is a literal, perhaps cast or named.
pub(crate) fn literal(expr: &Expr) -> Option<ScalarValue> {
    match expr {
        Expr::Literal(value, _) => Some(value.clone()),
        Expr::Cast(cast) => literal(&cast.expr)?.cast_to(cast.field.data_type()).ok(),
        Expr::Alias(alias) => literal(&alias.expr),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
