//! Segments: scores and tiles of customers by what they did.

use crate::registry::Family;

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Segments",
        functions: vec![],
    }
}
