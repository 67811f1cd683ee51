//! An aggregate function under `OVER` that has something to take from the session.
//!
//! DataFusion simplifies window functions, but not aggregates used as such, and only
//! `simplify` sees the session. So the planner puts this window function in the place of
//! the aggregate, and its `simplify` puts the aggregate back, with the session's time zone
//! bound among its arguments.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, FieldRef};
use datafusion::common::plan_err;
use datafusion::error::Result;
use datafusion::logical_expr::function::{
    PartitionEvaluatorArgs, WindowFunctionSimplification, WindowUDFFieldArgs,
};
use datafusion::logical_expr::{
    AggregateUDF, Expr, PartitionEvaluator, Signature, WindowFunctionDefinition, WindowUDFImpl,
};

use crate::binding::bind;
use crate::parameter::Parameter;

/// Stands for an aggregate function between planning and simplification.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Windowed {
    aggregate: Arc<AggregateUDF>,
    parameters: &'static [Parameter],
}

impl Windowed {
    pub(crate) fn new(aggregate: Arc<AggregateUDF>, parameters: &'static [Parameter]) -> Self {
        Self {
            aggregate,
            parameters,
        }
    }
}

impl WindowUDFImpl for Windowed {
    fn name(&self) -> &str {
        self.aggregate.name()
    }

    fn signature(&self) -> &Signature {
        self.aggregate.signature()
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        self.aggregate.coerce_types(arg_types)
    }

    fn field(&self, field_args: WindowUDFFieldArgs) -> Result<FieldRef> {
        let field = self.aggregate.return_field(field_args.input_fields())?;
        Ok(Arc::new(
            field.as_ref().clone().with_name(field_args.name()),
        ))
    }

    fn simplify(&self) -> Option<WindowFunctionSimplification> {
        let aggregate = Arc::clone(&self.aggregate);
        let parameters = self.parameters;
        Some(Box::new(move |mut call, session| {
            call.params.args = bind(parameters, call.params.args, session)?;
            call.fun = WindowFunctionDefinition::AggregateUDF(Arc::clone(&aggregate));
            Ok(Expr::from(call))
        }))
    }

    fn partition_evaluator(
        &self,
        _args: PartitionEvaluatorArgs,
    ) -> Result<Box<dyn PartitionEvaluator>> {
        plan_err!(
            "{} OVER (...) needs DataFusion's optimizer rule simplify_expressions, \
             which is switched off",
            self.name()
        )
    }
}
