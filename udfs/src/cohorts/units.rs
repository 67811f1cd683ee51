//! The argument `unit`: the calendar period that a function counts in.

use datafusion::error::Result;

use crate::constants::Constants;
use crate::math::periods::Unit;

/// What it may be, for messages.
const UNITS: &str = "'day', 'week', 'month', 'quarter' or 'year'";

/// The unit that the constant `unit` names.
///
/// # Errors
///
/// A planning error when it is NULL or no unit.
pub(super) fn unit_of_call(constants: &Constants) -> Result<Unit> {
    match constants.text("unit")? {
        Some(name) => Unit::parse(name).ok_or_else(|| constants.out_of_range("unit", UNITS)),
        None => Err(constants.missing("unit", UNITS)),
    }
}
