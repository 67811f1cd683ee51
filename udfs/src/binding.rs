//! What a call takes from the session: its time zone, bound as a constant while the plan
//! is optimised, since aggregates see no session when they run.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::function::{
    AggregateFunctionSimplification, WindowFunctionSimplification,
};
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};

use crate::arguments::coerce_one;
use crate::constants::{Constants, literal};
use crate::parameter::{Kind, Parameter};
use crate::registry::Described;

/// The `simplify` of an aggregate function: binds the session's time zone and checks the
/// constants, which are folded by then.
pub(crate) fn simplify_aggregate<F: Described>(
    function: &'static str,
) -> Option<AggregateFunctionSimplification> {
    Some(Box::new(move |mut call, session| {
        call.params.args = bind(F::PARAMETERS, call.params.args, session)?;
        check(function, F::PARAMETERS, &call.params.args, F::check)?;
        Ok(Expr::AggregateFunction(call))
    }))
}

/// The `simplify` of a window function, likewise.
pub(crate) fn simplify_window<F: Described>(
    function: &'static str,
) -> Option<WindowFunctionSimplification> {
    Some(Box::new(move |mut call, session| {
        call.params.args = bind(F::PARAMETERS, call.params.args, session)?;
        check(function, F::PARAMETERS, &call.params.args, |constants| {
            if call.params.order_by.is_empty() {
                F::check_unordered(constants)?;
            }
            F::check(constants)
        })?;
        Ok(Expr::from(call))
    }))
}

/// The `simplify` of a scalar function, likewise.
pub(crate) fn simplify_scalar<F: Described>(
    function: &'static str,
    args: Vec<Expr>,
    session: &SimplifyContext,
) -> Result<ExprSimplifyResult> {
    let args = bind(F::PARAMETERS, args, session)?;
    check(function, F::PARAMETERS, &args, F::check)?;
    Ok(ExprSimplifyResult::Original(args))
}

fn check(
    function: &str,
    parameters: &'static [Parameter],
    args: &[Expr],
    check: impl Fn(&Constants) -> Result<()>,
) -> Result<()> {
    match Constants::of_logical(function, parameters, args)? {
        Some(constants) => check(&constants),
        None => Ok(()),
    }
}

/// Gives the session's time zone to a call that names none, if one of its times has none
/// of its own either. A DATE is a calendar day and needs none.
pub(crate) fn bind(
    parameters: &[Parameter],
    mut args: Vec<Expr>,
    session: &SimplifyContext,
) -> Result<Vec<Expr>> {
    let Some(at) = time_zone_position(parameters) else {
        return Ok(args);
    };
    let given = args.get(at).is_some_and(|arg| match literal(arg) {
        Some(value) => !value.is_null(),
        None => true,
    });
    let Some(zone) = &session.config_options().execution.time_zone else {
        return Ok(args);
    };
    if given || !has_naive_timestamp(parameters, &args, session)? {
        return Ok(args);
    }
    for parameter in &parameters[args.len().min(at)..at] {
        let gap = coerce_one(parameter.kind, &DataType::Null);
        args.push(Expr::Literal(ScalarValue::try_new_null(&gap)?, None));
    }
    args.truncate(at);
    args.push(Expr::Literal(ScalarValue::Utf8(Some(zone.clone())), None));
    Ok(args)
}

fn has_naive_timestamp(
    parameters: &[Parameter],
    args: &[Expr],
    session: &SimplifyContext,
) -> Result<bool> {
    let times = parameters.iter().zip(args);
    let times = times.filter(|(parameter, _)| parameter.kind.is_time());
    let types = times.map(|(parameter, arg)| Ok((parameter.kind, session.get_data_type(arg)?)));
    Ok(need_zone(types.collect::<Result<Vec<_>>>()?))
}

/// Whether a call's times need the session's zone: some have none, and none of those that
/// depend on the row has one, which would count for the constants, too.
pub(crate) fn need_zone(times: impl IntoIterator<Item = (Kind, DataType)>) -> bool {
    let mut naive = false;
    for (kind, data_type) in times {
        match data_type {
            DataType::Timestamp(_, None) => naive = true,
            DataType::Timestamp(_, Some(_)) if !kind.is_constant() => return false,
            _ => {}
        }
    }
    naive
}

/// Where `parameters` has the time zone, if it has one.
pub(crate) fn time_zone_position(parameters: &[Parameter]) -> Option<usize> {
    parameters
        .iter()
        .position(|parameter| parameter.kind == Kind::TimeZone)
}
