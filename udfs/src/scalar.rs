//! DataFusion's scalar function, made of what each of ours says of itself.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Documentation, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl,
    Signature,
};

use crate::arguments;
use crate::binding::{need_zone, simplify_scalar, time_zone_position};
use crate::constants::Constants;
use crate::parameter::Parameter;
use crate::registry::Described;
use crate::times::time_of_text;

/// What a function of one row alone knows.
pub(crate) trait PerRow: Described + Debug + Eq + Hash + Send + Sync + 'static {
    /// The name by which it is called.
    const NAME: &'static str;

    /// Types to which the arguments are cast beyond what their kinds ask for.
    fn retype(_types: &mut [DataType]) {}

    /// The type of the result.
    fn result_type(fields: &[FieldRef]) -> Result<DataType>;

    /// The results for `rows` rows. `columns` are the arguments that need not be constant, in
    /// order.
    fn evaluate(columns: &[ArrayRef], rows: usize, constants: &Constants) -> Result<ArrayRef>;

    /// Its documentation.
    fn documentation(&self) -> Option<&Documentation>;
}

/// A scalar function as DataFusion takes it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Scalar<F> {
    function: F,
    signature: Signature,
}

impl<F: PerRow> Scalar<F> {
    pub(crate) fn new(function: F) -> Self {
        Self {
            function,
            signature: arguments::signature(F::PARAMETERS),
        }
    }
}

impl<F: PerRow> ScalarUDFImpl for Scalar<F> {
    fn name(&self) -> &str {
        F::NAME
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let mut types = arguments::coerce(F::PARAMETERS, arg_types);
        F::retype(&mut types);
        Ok(types)
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        plan_err!(
            "{} knows its result by the fields of its arguments",
            F::NAME
        )
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let values = args.scalar_arguments;
        let mut fields = args.arg_fields.to_vec();
        for ((field, value), parameter) in fields.iter_mut().zip(values).zip(F::PARAMETERS) {
            if let Some(time) = value.and_then(|value| time_literal(parameter, value)) {
                *field = Arc::new(field.as_ref().clone().with_data_type(time.data_type()));
            }
        }
        arguments::check_types(F::NAME, F::PARAMETERS, &fields)?;
        // What has no value yet may be folded to one, and is checked when it has been.
        let mut constants = values.iter().zip(F::PARAMETERS);
        if constants.all(|(value, parameter)| value.is_some() || !parameter.kind.is_constant()) {
            F::check(&Constants::of_known(F::NAME, F::PARAMETERS, values))?;
        }
        let result = F::result_type(&fields)?;
        Ok(Arc::new(Field::new(F::NAME, result, true)))
    }

    fn simplify(
        &self,
        mut args: Vec<Expr>,
        session: &SimplifyContext,
    ) -> Result<ExprSimplifyResult> {
        for (arg, parameter) in args.iter_mut().zip(F::PARAMETERS) {
            if let Expr::Literal(value, _) = arg
                && let Some(time) = time_literal(parameter, value)
            {
                *arg = Expr::Literal(time, None);
            }
        }
        simplify_scalar::<F>(F::NAME, args, session)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        for (arg, parameter) in args.args.iter_mut().zip(F::PARAMETERS) {
            if let ColumnarValue::Scalar(value) = arg
                && let Some(time) = time_literal(parameter, value)
            {
                *value = time;
            }
        }
        let zone = session_zone(F::PARAMETERS, &args);
        let is_column = |arg: &ColumnarValue| matches!(arg, ColumnarValue::Array(_));
        let varies = args.args.iter().any(is_column);
        let rows = if varies { args.number_rows } else { 1 };
        let mut known = Vec::with_capacity(args.args.len());
        let mut columns = Vec::with_capacity(args.args.len());
        for (arg, parameter) in args.args.iter().zip(F::PARAMETERS) {
            match arg {
                ColumnarValue::Scalar(value) if parameter.kind.is_constant() => {
                    known.push(Some(value));
                }
                ColumnarValue::Array(_) if parameter.kind.is_constant() => {
                    return plan_err!(
                        "argument \"{}\" of {} must be {}, got a column",
                        parameter.name,
                        F::NAME,
                        parameter.kind.expected()
                    );
                }
                _ => {
                    known.push(None);
                    columns.push(arg.to_array(rows)?);
                }
            }
        }
        if let Some((at, zone)) = &zone {
            known.resize(*at, None);
            known.push(Some(zone));
        }
        let constants = Constants::of_known(F::NAME, F::PARAMETERS, &known);
        let results = F::evaluate(&columns, rows, &constants)?;
        if varies {
            return Ok(ColumnarValue::Array(results));
        }
        let result = ScalarValue::try_from_array(&results, 0)?;
        Ok(ColumnarValue::Scalar(result))
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.function.documentation()
    }
}

/// The time that a string literal given for a time means, as for aggregates the planner reads it.
fn time_literal(parameter: &Parameter, value: &ScalarValue) -> Option<ScalarValue> {
    if !parameter.kind.is_time() {
        return None;
    }
    time_of_text(value.try_as_str()??)
}

/// The session's time zone and where it belongs among the arguments, for a call that names none
/// and needs one: calls of constants are worked out before `simplify` could bind it.
fn session_zone(
    parameters: &[Parameter],
    args: &ScalarFunctionArgs,
) -> Option<(usize, ScalarValue)> {
    let at = time_zone_position(parameters)?;
    let zone = args.config_options.execution.time_zone.as_ref()?;
    let given = match args.args.get(at) {
        Some(ColumnarValue::Scalar(value)) => !value.is_null(),
        Some(ColumnarValue::Array(_)) => true,
        None => false,
    };
    let times = parameters.iter().zip(&args.args);
    let times = times.filter(|(parameter, _)| parameter.kind.is_time());
    let types = times.map(|(parameter, arg)| (parameter.kind, arg.data_type()));
    (!given && need_zone(types)).then(|| (at, ScalarValue::from(zone.as_str())))
}
