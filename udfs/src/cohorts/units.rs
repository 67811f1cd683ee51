//! The argument `unit`: the calendar period that a function counts in.

use datafusion::error::Result;

use crate::constants::Constants;
use crate::math::periods::Unit;

/// The unit that the constant `unit` names.
///
/// # Errors
///
/// A planning error when it is NULL or no unit.
pub(super) fn unit_of_call(constants: &Constants) -> Result<Unit> {
    constants.required_word("unit", &Unit::ALL.map(|unit| (unit.name(), unit)))
}
