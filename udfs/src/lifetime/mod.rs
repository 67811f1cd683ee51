//! Lifetime value: what customers will still buy, and what that is worth.

mod bgnbd_alive;
mod bgnbd_expected;
mod bgnbd_fit;
mod clv_summary;
mod fitted;
mod gamma_gamma_expected;
mod gamma_gamma_fit;
mod params;
#[cfg(test)]
mod testing;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Lifetime value",
        functions: vec![
            Entry::aggregate(clv_summary::ClvSummary),
            Entry::aggregate(bgnbd_fit::BgnbdFit),
            Entry::per_row(bgnbd_expected::BgnbdExpected),
            Entry::per_row(bgnbd_alive::BgnbdAlive),
            Entry::aggregate(gamma_gamma_fit::GammaGammaFit),
            Entry::per_row(gamma_gamma_expected::GammaGammaExpected),
        ],
    }
}
