//! DataFusion's aggregate function, made of what each of ours says of itself.
//!
//! A function implements [`Aggregating`], with a [`GroupedState`] as its state; [`Aggregate`]
//! gives it coercion, checks, both kinds of accumulator and the session's time zone.

use std::fmt::Debug;
use std::hash::Hash;
use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{ScalarValue, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::function::{
    AccumulatorArgs, AggregateFunctionSimplification, StateFieldsArgs,
};
use datafusion::logical_expr::utils::{AggregateOrderSensitivity, format_state_name};
use datafusion::logical_expr::{
    Accumulator, AggregateUDFImpl, Documentation, GroupsAccumulator, Signature,
};

use crate::arguments;
use crate::binding::simplify_aggregate;
use crate::constants::Constants;
use crate::grouped::{GroupedState, Groups, Whole};
use crate::registry::Described;

/// What an aggregate function alone knows. Fields are those of its arguments, as DataFusion knows
/// them at each stage.
pub(crate) trait Aggregating: Described + Debug + Eq + Hash + Send + Sync + 'static {
    /// The name by which it is called.
    const NAME: &'static str;

    /// Whether a result may be NULL.
    const NULLABLE: bool = true;

    /// Whether it keeps rows rather than sums of them: a group's state grows with its rows.
    const HOLISTIC: bool = false;

    /// What it keeps of the rows.
    type State: GroupedState;

    /// Types to which the arguments are cast beyond what their kinds ask for.
    fn retype(_types: &mut [DataType]) {}

    /// The type of the result.
    fn result_type(fields: &[FieldRef]) -> Result<DataType>;

    /// The columns of the state; their names are completed with the call's.
    fn state_fields(fields: &[FieldRef]) -> Vec<Field>;

    /// The state before any row.
    fn state(fields: &[FieldRef], constants: &Constants) -> Result<Self::State>;

    /// The result, of type `result`, over no rows at all.
    fn of_nothing(result: &DataType) -> Result<ScalarValue> {
        ScalarValue::try_from(result)
    }

    /// Its documentation.
    fn documentation(&self) -> Option<&Documentation>;
}

/// An aggregate function as DataFusion takes it.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) struct Aggregate<F> {
    function: F,
    signature: Signature,
}

impl<F: Aggregating> Aggregate<F> {
    pub(crate) fn new(function: F) -> Self {
        Self {
            function,
            signature: arguments::signature(F::PARAMETERS),
        }
    }

    fn state(args: &AccumulatorArgs) -> Result<F::State> {
        let constants = Constants::of_aggregate(F::NAME, F::PARAMETERS, args)?;
        F::state(args.expr_fields, &constants)
    }
}

impl<F: Aggregating> AggregateUDFImpl for Aggregate<F> {
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

    fn return_field(&self, arg_fields: &[FieldRef]) -> Result<FieldRef> {
        arguments::check_types(F::NAME, F::PARAMETERS, arg_fields)?;
        let result = F::result_type(arg_fields)?;
        Ok(Arc::new(Field::new(F::NAME, result, F::NULLABLE)))
    }

    fn is_nullable(&self) -> bool {
        F::NULLABLE
    }

    fn default_value(&self, data_type: &DataType) -> Result<ScalarValue> {
        F::of_nothing(data_type)
    }

    fn state_fields(&self, args: StateFieldsArgs) -> Result<Vec<FieldRef>> {
        let fields = F::state_fields(args.input_fields).into_iter();
        let named = fields.map(|field| {
            let name = format_state_name(args.name, field.name());
            Arc::new(field.with_name(name))
        });
        Ok(named.collect())
    }

    fn accumulator(&self, args: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Whole::new(Self::state(&args)?)))
    }

    fn groups_accumulator_supported(&self, _args: AccumulatorArgs) -> bool {
        true
    }

    fn create_groups_accumulator(
        &self,
        args: AccumulatorArgs,
    ) -> Result<Box<dyn GroupsAccumulator>> {
        Ok(Box::new(Groups(Self::state(&args)?)))
    }

    fn order_sensitivity(&self) -> AggregateOrderSensitivity {
        AggregateOrderSensitivity::Insensitive
    }

    fn simplify(&self) -> Option<AggregateFunctionSimplification> {
        simplify_aggregate::<F>(F::NAME)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.function.documentation()
    }
}
