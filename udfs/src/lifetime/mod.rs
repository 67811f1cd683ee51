//! Lifetime value: what customers will still buy, and what that is worth.

use crate::registry::Family;

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Lifetime value",
        functions: vec![],
    }
}
