//! DataFusion's aggregate functions of those that search for a pattern, each made of what it says
//! of itself.

use std::fmt::Debug;
use std::hash::Hash;

use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::ScalarValue;
use datafusion::error::Result;
use datafusion::logical_expr::Documentation;

use super::call::{PARAMETERS, TS, check};
use super::state::{SequenceState, Wanted};
use crate::aggregate::Aggregating;
use crate::constants::Constants;
use crate::events::Events;
use crate::parameter::Parameter;
use crate::registry::Described;

/// What such a function alone knows.
pub(super) trait PatternSearch: Debug + Eq + Hash + Send + Sync + 'static {
    /// The name by which it is called.
    const FUNCTION: &'static str;

    /// What of the occurrences is its result.
    const WANTED: Wanted;

    /// Its documentation.
    fn described(&self) -> Option<&Documentation>;
}

/// The aggregate function of a search.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Searching<F>(pub(super) F);

impl<F> Described for Searching<F> {
    const PARAMETERS: &'static [Parameter] = PARAMETERS;

    fn check(constants: &Constants) -> Result<()> {
        check(constants)
    }
}

impl<F: PatternSearch> Aggregating for Searching<F> {
    const NAME: &'static str = F::FUNCTION;

    const NULLABLE: bool = false;

    const HOLISTIC: bool = true;

    type State = SequenceState;

    fn result_type(fields: &[FieldRef]) -> Result<DataType> {
        Ok(F::WANTED.result_type(fields[TS].data_type()))
    }

    fn state_fields(_fields: &[FieldRef]) -> Vec<Field> {
        Events::state_fields()
    }

    fn state(fields: &[FieldRef], constants: &Constants) -> Result<SequenceState> {
        SequenceState::new(fields, constants, F::WANTED)
    }

    /// False, 0 or an empty list.
    fn of_nothing(result: &DataType) -> Result<ScalarValue> {
        ScalarValue::new_default(result)
    }

    fn documentation(&self) -> Option<&Documentation> {
        self.0.described()
    }
}
