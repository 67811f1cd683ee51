//! Money: sums that lose nothing.

mod exact_sum;
pub(crate) mod sums;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Money",
        functions: vec![Entry::aggregate(exact_sum::ExactSum)],
    }
}
