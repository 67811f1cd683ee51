//! Named arguments of the analytics functions, made positional in the syntax tree.
//!
//! `cohort_month(ts, tz => 'Europe/Berlin')` works with gaps, in any order and with `OVER`.
//! DataFusion refuses a gap, and resolves the names of a call with `OVER` against the aggregate
//! of the same name. So each call is looked up in the functions' own tables, its arguments are
//! put into their order, and NULL, which a function reads as the default, fills the gaps.
//! Functions that are not ours stay as they are.

use std::ops::ControlFlow;

use cohortql_udfs::{Parameter, call_form, parameters};
use datafusion::common::DataFusionError;
use datafusion::sql::sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName, Value,
    VisitorMut,
};

use super::identifiers::{at, normalised};
use crate::nearest::did_you_mean;

/// Makes every named argument of our functions positional.
pub(super) struct Rewriter;

impl VisitorMut for Rewriter {
    type Break = DataFusionError;

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Self::Break> {
        if let Expr::Function(function) = expr
            && let Err(error) = make_positional(function)
        {
            return ControlFlow::Break(error);
        }
        ControlFlow::Continue(())
    }
}

fn make_positional(function: &mut Function) -> Result<(), DataFusionError> {
    let FunctionArguments::List(list) = &mut function.args else {
        return Ok(());
    };
    if !list.args.iter().any(is_named) {
        return Ok(());
    }
    let Some(name) = bare_name(&function.name) else {
        return Ok(());
    };
    let Some(parameters) = parameters(&name, function.over.is_some()) else {
        return Ok(());
    };
    list.args = ordered(&name, parameters, std::mem::take(&mut list.args))?;
    Ok(())
}

fn is_named(argument: &FunctionArg) -> bool {
    !matches!(argument, FunctionArg::Unnamed(_))
}

/// The name of a function as the registry knows it, if it is not qualified.
fn bare_name(name: &ObjectName) -> Option<String> {
    match name.0.as_slice() {
        [part] => part.as_ident().map(normalised),
        _ => None,
    }
}

fn ordered(
    function: &str,
    parameters: &[Parameter],
    arguments: Vec<FunctionArg>,
) -> Result<Vec<FunctionArg>, DataFusionError> {
    let mut slots: Vec<Option<FunctionArg>> = Vec::with_capacity(parameters.len());
    let mut named = false;
    for argument in arguments {
        let (name, value) = match argument {
            FunctionArg::Unnamed(_) if named => {
                return Err(DataFusionError::Plan(format!(
                    "{function} has a positional argument after a named one: name {argument} too"
                )));
            }
            FunctionArg::Unnamed(_) => {
                slots.push(Some(argument));
                continue;
            }
            FunctionArg::Named { name, arg, .. } => (name, arg),
            FunctionArg::ExprNamed {
                name: Expr::Identifier(name),
                arg,
                ..
            } => (name, arg),
            FunctionArg::ExprNamed { name, .. } => {
                return Err(DataFusionError::Plan(format!(
                    "{function} expects the name of an argument before =>, got {name}"
                )));
            }
        };
        named = true;
        let index = position(function, parameters, &name)?;
        if slots.len() <= index {
            slots.resize(index + 1, None);
        }
        if slots[index].is_some() {
            let message = format!("{function} got its argument \"{}\" twice", name.value);
            return Err(at(&name, message));
        }
        slots[index] = Some(FunctionArg::Unnamed(value));
    }
    for (index, parameter) in parameters.iter().enumerate() {
        if parameter.required && slots.get(index).is_none_or(Option::is_none) {
            return Err(DataFusionError::Plan(format!(
                "{function} needs its argument \"{}\": {}",
                parameter.name,
                call_form(function, parameters)
            )));
        }
    }
    Ok(slots
        .into_iter()
        .map(|slot| slot.unwrap_or_else(null))
        .collect())
}

fn position(
    function: &str,
    parameters: &[Parameter],
    name: &Ident,
) -> Result<usize, DataFusionError> {
    let wanted = normalised(name);
    parameters
        .iter()
        .position(|parameter| parameter.name == wanted)
        .ok_or_else(|| {
            let names = || parameters.iter().map(|parameter| parameter.name);
            let message = format!(
                "{function} has no argument \"{}\"{}: {}",
                name.value,
                did_you_mean(&wanted, names()),
                call_form(function, parameters)
            );
            at(name, message)
        })
}

fn null() -> FunctionArg {
    FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(Value::Null.into())))
}
