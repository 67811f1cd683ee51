//! What the functions of funnels are called with: their modes and the window.

use datafusion::arrow::datatypes::DataType;
use datafusion::error::Result;

use crate::constants::Constants;
use crate::events::Kept;
use crate::math::funnel::{Funnel, Modes};

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
    modes(constants).map(drop)
}

fn modes(constants: &Constants) -> Result<Modes> {
    let mut modes = Modes::default();
    let text = constants.text("modes")?.unwrap_or_default();
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
            _ => return Err(constants.out_of_range("modes", MODES)),
        }
    }
    if modes.reentry && !modes.order {
        return Err(constants.out_of_range("modes", REENTRY));
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
            modes: modes(constants)?,
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
