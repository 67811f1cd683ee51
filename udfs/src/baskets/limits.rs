//! The constants by which the functions of this family bound what they look for.

use datafusion::error::Result;

use crate::constants::Constants;

/// The least fraction of baskets, which the constant `min_support` gives.
///
/// # Errors
///
/// A planning error when it is NULL or no fraction.
pub(super) fn min_support(constants: &Constants) -> Result<f64> {
    constants
        .double("min_support")?
        .filter(|support| *support > 0.0 && *support <= 1.0)
        .ok_or_else(|| constants.out_of_range("min_support", "a fraction above 0 and at most 1"))
}

/// The most items, which the constant `name` gives; `None` where it does not.
///
/// # Errors
///
/// A planning error when it is below 1.
pub(super) fn most_items(constants: &Constants, name: &str) -> Result<Option<usize>> {
    let most = constants.integer(name)?.map(|most| {
        usize::try_from(most)
            .ok()
            .filter(|most| *most >= 1)
            .ok_or_else(|| constants.out_of_range(name, "at least 1"))
    });
    most.transpose()
}

/// The most items of a set, which the constant `max_length` gives.
///
/// # Errors
///
/// A planning error when it is below 1.
pub(super) fn max_length(constants: &Constants) -> Result<usize> {
    Ok(most_items(constants, "max_length")?.unwrap_or(usize::MAX))
}
