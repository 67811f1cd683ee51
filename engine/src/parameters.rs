//! Parameters of statements: `$1`, `$2` … or `$name`.

use std::collections::BTreeMap;
use std::fmt;

use arrow::datatypes::DataType;
use datafusion::common::ParamValues;
use datafusion::common::metadata::ScalarAndMetadata;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::logical_expr::expr::Placeholder;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::scalar::ScalarValue;

use crate::EngineError;

/// The highest position of a parameter, so that `$4000000000` cannot ask for as many values.
const MAX_POSITION: usize = 65_535;

/// A parameter of a statement; `$2` comes before `$10`, and those before `$name`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Parameter {
    /// `$1`, `$2` …
    Position(usize),
    /// `$name`
    Name(String),
}

impl Parameter {
    /// From the text of a placeholder, such as `$1`. sqlparser's `?` has no number and cannot be
    /// told from the next one, so it is refused.
    pub(crate) fn parse(placeholder: &str) -> Result<Self, EngineError> {
        let name = placeholder.strip_prefix('$').unwrap_or_default();
        match name.parse::<usize>() {
            Ok(position) if (1..=MAX_POSITION).contains(&position) => Ok(Self::Position(position)),
            Err(_) if !name.is_empty() => Ok(Self::Name(name.to_owned())),
            _ => Err(plan(format!(
                "a parameter must be $1 to ${MAX_POSITION} or $name, got {placeholder}"
            ))),
        }
    }
}

impl fmt::Display for Parameter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Position(position) => write!(formatter, "${position}"),
            Self::Name(name) => write!(formatter, "${name}"),
        }
    }
}

/// The parameters of a plan with their types. A parameter that is used as several types has none.
pub(crate) fn of_plan(
    plan: &LogicalPlan,
) -> Result<BTreeMap<Parameter, Option<DataType>>, EngineError> {
    let mut uses: Vec<(String, Option<DataType>)> = Vec::new();
    plan.apply_with_subqueries(|node| {
        // DataFusion finds no type for LIMIT and OFFSET, and takes nothing but integers there.
        let assumed = matches!(node, LogicalPlan::Limit(_)).then_some(DataType::Int64);
        node.apply_expressions(|expression| {
            expression.apply(|part| {
                // What is cast is best given as what it is cast to.
                if let Expr::Cast(cast) = part
                    && let Expr::Placeholder(Placeholder { id, field: None }) = cast.expr.as_ref()
                {
                    uses.push((id.clone(), Some(cast.field.data_type().clone())));
                    return Ok(TreeNodeRecursion::Jump);
                }
                if let Expr::Placeholder(Placeholder { id, field }) = part {
                    // DataFusion takes an operand of unknown type for a NULL, and the other
                    // operand with it.
                    let data_type = field
                        .as_ref()
                        .map(|field| field.data_type().clone())
                        .filter(|data_type| *data_type != DataType::Null)
                        .or_else(|| assumed.clone());
                    uses.push((id.clone(), data_type));
                }
                Ok(TreeNodeRecursion::Continue)
            })
        })
    })?;
    let mut parameters = BTreeMap::new();
    for (id, data_type) in uses {
        let known = parameters
            .entry(Parameter::parse(&id)?)
            .or_insert_with(|| data_type.clone());
        if data_type.is_some() && known.is_some() && *known != data_type {
            *known = None;
        } else if known.is_none() {
            *known = data_type;
        }
    }
    let last = parameters.keys().filter_map(|key| match key {
        Parameter::Position(position) => Some(*position),
        Parameter::Name(_) => None,
    });
    for position in 1..=last.max().unwrap_or(0) {
        parameters.entry(Parameter::Position(position)).or_default();
    }
    Ok(parameters)
}

/// Pairs values with parameters, each cast to its parameter's type.
pub(crate) fn cast_values(
    parameters: &BTreeMap<Parameter, Option<DataType>>,
    values: &[ScalarValue],
) -> Result<BTreeMap<Parameter, ScalarValue>, EngineError> {
    if values.len() != parameters.len() {
        let names: Vec<_> = parameters.keys().map(Parameter::to_string).collect();
        return Err(plan(format!(
            "the statement takes {} parameters ({}), got {} values",
            parameters.len(),
            names.join(", "),
            values.len()
        )));
    }
    let pairs = parameters.iter().zip(values);
    pairs
        .map(|((parameter, data_type), value)| {
            let value = match data_type {
                Some(data_type) if *data_type != value.data_type() => {
                    cast_value(parameter, value, data_type)?
                }
                _ => value.clone(),
            };
            Ok((parameter.clone(), value))
        })
        .collect()
}

/// Values as DataFusion takes them.
pub(crate) fn as_param_values(values: &BTreeMap<Parameter, ScalarValue>) -> ParamValues {
    let named = values
        .iter()
        .map(|(parameter, value)| {
            let name = match parameter {
                Parameter::Position(position) => position.to_string(),
                Parameter::Name(name) => name.clone(),
            };
            (name, ScalarAndMetadata::from(value.clone()))
        })
        .collect();
    ParamValues::Map(named)
}

fn cast_value(
    parameter: &Parameter,
    value: &ScalarValue,
    data_type: &DataType,
) -> Result<ScalarValue, EngineError> {
    value.cast_to(data_type).map_err(|_| {
        plan(format!(
            "parameter {parameter} must be {data_type}, got {} {value}",
            value.data_type()
        ))
    })
}

fn plan(message: String) -> EngineError {
    EngineError::Plan {
        message,
        location: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_ordered_by_number_and_come_before_names() {
        let mut parameters: Vec<_> = ["$10", "$b", "$2", "$a", "$1"]
            .into_iter()
            .map(|text| Parameter::parse(text).unwrap())
            .collect();
        parameters.sort();
        let texts: Vec<_> = parameters.iter().map(Parameter::to_string).collect();
        assert_eq!(texts, ["$1", "$2", "$10", "$a", "$b"]);
    }

    #[test]
    fn a_question_mark_is_refused() {
        let error = Parameter::parse("?").unwrap_err().to_string();
        assert_eq!(error, "a parameter must be $1 to $65535 or $name, got ?");
        assert!(Parameter::parse("$0").is_err());
    }

    #[test]
    fn a_value_that_does_not_fit_is_named() {
        let parameters = BTreeMap::from([(Parameter::Position(1), Some(DataType::Int64))]);
        let value = ScalarValue::from("twelve");
        let error = cast_values(&parameters, &[value]).unwrap_err().to_string();
        assert_eq!(error, "parameter $1 must be Int64, got Utf8 twelve");
        let value = ScalarValue::from("12");
        let values = cast_values(&parameters, &[value]).unwrap();
        assert_eq!(
            values[&Parameter::Position(1)],
            ScalarValue::Int64(Some(12))
        );
    }
}
