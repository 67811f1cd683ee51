//! What the functions that search for a pattern are called with.

use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;

use crate::constants::Constants;
use crate::math::pattern::{Step, parse};
use crate::parameter::{Kind, Parameter, with_conditions};
use crate::times::nanos_per_tick;

/// Where the time stands among the arguments; the conditions follow it.
pub(super) const TS: usize = 1;

/// Those of each of them.
pub(super) const PARAMETERS: &[Parameter] = &with_conditions::<2, 34>([
    Parameter::required("pattern", Kind::ConstantText),
    Parameter::required("ts", Kind::Time),
]);

/// Checks the pattern.
///
/// # Errors
///
/// A planning error that says where it is wrong, and what should be there.
pub(super) fn check(constants: &Constants) -> Result<()> {
    // Whether it is well formed does not depend on the length of a tick.
    pattern(constants, &DataType::Null).map(drop)
}

/// The pattern of a call whose times are of type `times`.
///
/// # Errors
///
/// Those of [`check`].
pub(super) fn pattern(constants: &Constants, times: &DataType) -> Result<Vec<Step>> {
    let text = constants
        .text("pattern")?
        .ok_or_else(|| constants.missing("pattern", "a pattern such as '(?1).*(?2)'"))?;
    let conditions = constants.given().saturating_sub(TS + 1);
    let tick = nanos_per_tick(times).unsigned_abs();
    parse(text, conditions, tick).map_err(|wrong| {
        let expected = format!(
            "a pattern with {} at character {}",
            wrong.expected, wrong.position
        );
        constants.out_of_range("pattern", &expected)
    })
}
