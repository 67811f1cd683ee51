//! What the functions of funnels are called with: their modes and the window.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::error::Result;

use crate::constants::Constants;
use crate::events::Kept;
use crate::math::funnel::{Funnel, Modes};
use crate::parameter::Parameter;

/// What `modes` may be, for messages.
const MODES: &str = "a comma-separated list of 'strict_order', 'strict_deduplication', \
                     'strict_increase', 'strict_once', 'allow_reentry' and 'clickhouse'";

/// What `'allow_reentry'` asks for, for messages.
const REENTRY: &str = "with 'strict_order' where it has 'allow_reentry'";

/// The constants of a call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    modes: Modes,
    window: u64,
}

/// Checks the constants.
///
/// # Errors
///
/// A planning error for an unknown mode, for modes that do not go together, and for a window
/// that is no length of time.
pub(super) fn check(constants: &Constants) -> Result<()> {
    constants.required_span("window")?;
    modes(constants, "modes").map(drop)
}

/// Checks the window and the modes that `caller` is given and hands on to functions of funnels, as
/// those would. `parameters` are its own, for both in this order; a NULL or what has no value yet
/// is no mistake.
///
/// # Errors
///
/// A planning error that names the caller and its argument.
pub fn check_funnel(
    caller: &str,
    parameters: &'static [Parameter; 2],
    values: [Option<&ScalarValue>; 2],
) -> Result<()> {
    let constants = Constants::of_known(caller, parameters, &values);
    constants.span(parameters[0].name)?;
    modes(&constants, parameters[1].name).map(drop)
}

fn modes(constants: &Constants, name: &str) -> Result<Modes> {
    let mut modes = Modes::default();
    let text = constants.text(name)?.unwrap_or_default();
    if text.trim().is_empty() {
        return Ok(modes);
    }
    for mode in text.split(',') {
        match mode.trim().to_ascii_lowercase().as_str() {
            "strict_order" => modes.order = true,
            "strict_deduplication" => modes.deduplication = true,
            "strict_increase" => modes.increase = true,
            "strict_once" => modes.once = true,
            "allow_reentry" => modes.reentry = true,
            "clickhouse" => modes.clickhouse = true,
            _ => return Err(constants.out_of_range(name, MODES)),
        }
    }
    if modes.reentry && !modes.order {
        return Err(constants.out_of_range(name, REENTRY));
    }
    Ok(modes)
}

impl Call {
    /// Reads the constants of a call whose times are of type `times`.
    ///
    /// # Errors
    ///
    /// Those of [`check`].
    pub(super) fn new(constants: &Constants, times: &DataType) -> Result<Self> {
        Ok(Self {
            modes: modes(constants, "modes")?,
            window: constants.required_span("window")?.ticks(times),
        })
    }

    /// Which rows the search needs.
    pub(super) fn kept(self) -> Kept {
        match self.modes.order {
            true => Kept::All,
            false => Kept::Matching,
        }
    }

    /// A search for chains of so many steps.
    pub(super) fn funnel(self, steps: usize, with_times: bool) -> Funnel {
        Funnel::new(steps, self.window, self.modes, with_times)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameter::Kind;

    const OWN: &[Parameter; 2] = &[
        Parameter::optional("within", Kind::ConstantSpan),
        Parameter::optional("how", Kind::ConstantText),
    ];

    #[test]
    fn a_caller_is_told_of_its_own_arguments() {
        let check = |window: ScalarValue, modes: &str| {
            let values = [Some(&window), Some(&ScalarValue::from(modes))];
            check_funnel("report", OWN, values).map_err(|error| error.message().to_string())
        };
        let hour = || ScalarValue::from(3600_i64);
        assert_eq!(check(hour(), "Strict_Order, allow_reentry"), Ok(()));
        assert_eq!(check(ScalarValue::Null, ""), Ok(()));
        assert!(check_funnel("report", OWN, [None, None]).is_ok());
        for (window, modes, begin, end) in [
            (hour(), "strictly", "\"how\"", "got 'strictly'"),
            (hour(), "allow_reentry", "\"how\"", "got 'allow_reentry'"),
            (ScalarValue::from(-1.5), "", "\"within\"", "got -1.5"),
            (ScalarValue::from("soon"), "", "\"within\"", "got 'soon'"),
            (
                ScalarValue::new_interval_ym(0, 1),
                "",
                "\"within\"",
                "got INTERVAL 0 years 1 mons",
            ),
        ] {
            let error = check(window, modes).unwrap_err();
            let begin = format!("argument {begin} of report must be ");
            assert!(error.starts_with(&begin) && error.ends_with(end), "{error}");
        }
    }
}
