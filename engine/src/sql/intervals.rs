//! An interval times a whole number: `90 * INTERVAL '1 day'`, `months * INTERVAL '1 month'`.
//!
//! Months, days and nanoseconds are multiplied each by itself, so that three times a month is three
//! months, however long those are. NULL gives NULL, and what does not fit is an error. Arrow knows
//! this product and DataFusion's planner does not.

use arrow::compute::kernels::numeric::mul;
use arrow::datatypes::DataType;
use cohortql_udfs::sql_name;
use datafusion::common::{DFSchema, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ExprSchemable, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility, cast,
};
use datafusion::physical_expr_common::datum;
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// Plans products of intervals, and leaves all other operators as they are.
#[derive(Debug)]
pub(crate) struct IntervalPlanner;

impl ExprPlanner for IntervalPlanner {
    fn plan_binary_op(
        &self,
        operation: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let is_interval = |expr: &Expr| matches!(expr.get_type(schema), Ok(DataType::Interval(_)));
        if operation.op != BinaryOperator::Multiply {
            return Ok(PlannerResult::Original(operation));
        }
        let RawBinaryExpr { op, left, right } = operation;
        let factors = match (is_interval(&left), is_interval(&right)) {
            (true, _) => vec![left, whole_number(right, schema)?],
            (_, true) => vec![whole_number(left, schema)?, right],
            _ => return Ok(PlannerResult::Original(RawBinaryExpr { op, left, right })),
        };
        let product = ScalarUDF::from(IntervalProduct::default());
        Ok(PlannerResult::Planned(product.call(factors)))
    }
}

/// A factor as Arrow takes it. A parameter without a type becomes such a number.
fn whole_number(factor: Expr, schema: &DFSchema) -> Result<Expr> {
    match factor.get_type(schema)? {
        DataType::Int64 => Ok(factor),
        other if other.is_integer() || other.is_null() => Ok(cast(factor, DataType::Int64)),
        other => plan_err!(
            "an INTERVAL can be multiplied by a whole number, got {}: cast it to BIGINT, and take \
             an interval of a smaller unit where parts matter",
            sql_name(&other)
        ),
    }
}

/// The product of an interval and a number, in either order.
#[derive(Debug, PartialEq, Eq, Hash)]
struct IntervalProduct {
    signature: Signature,
}

impl Default for IntervalProduct {
    fn default() -> Self {
        Self {
            signature: Signature::any(2, Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for IntervalProduct {
    fn name(&self) -> &'static str {
        "interval_product"
    }

    /// A column is called as that of any other product.
    fn schema_name(&self, factors: &[Expr]) -> Result<String> {
        let names: Vec<_> = factors
            .iter()
            .map(|factor| factor.schema_name().to_string())
            .collect();
        Ok(names.join(" * "))
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        let mut types = types.iter();
        match types.find(|data_type| matches!(data_type, DataType::Interval(_))) {
            Some(interval) => Ok(interval.clone()),
            None => internal_err!("neither factor of {} is an INTERVAL", self.name()),
        }
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match arguments.args.as_slice() {
            [left, right] => datum::apply(left, right, mul),
            other => internal_err!("{} takes two factors, got {}", self.name(), other.len()),
        }
    }
}
