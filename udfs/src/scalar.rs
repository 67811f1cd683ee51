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
use crate::binding::simplify_scalar;
use crate::constants::Constants;
use crate::registry::Described;

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
        arguments::check_types(F::NAME, F::PARAMETERS, args.arg_fields)?;
        let values = args.scalar_arguments;
        F::check(&Constants::of_known(F::NAME, F::PARAMETERS, values))?;
        let result = F::result_type(args.arg_fields)?;
        Ok(Arc::new(Field::new(F::NAME, result, true)))
    }

    fn simplify(&self, args: Vec<Expr>, session: &SimplifyContext) -> Result<ExprSimplifyResult> {
        simplify_scalar::<F>(F::NAME, args, session)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
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
