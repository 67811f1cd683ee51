//! Experiments: whether a treatment made a difference.

mod compared;
mod cuped_ttest;
mod mann_whitney;
mod prop_ztest;
mod ratio_ttest;
mod srm_test;
mod sums;
#[cfg(test)]
mod testing;
mod variants;
mod welch_ttest;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Experiments",
        functions: vec![
            Entry::aggregate(welch_ttest::WelchTtest),
            Entry::aggregate(prop_ztest::PropZtest),
            Entry::aggregate(mann_whitney::MannWhitney),
            Entry::aggregate(srm_test::SrmTest),
            Entry::aggregate(cuped_ttest::CupedTtest),
            Entry::aggregate(ratio_ttest::RatioTtest),
        ],
    }
}
