//! Sessions, the paths through them, and the credit for conversions.

use crate::registry::Family;

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Sessions, paths, attribution",
        functions: vec![],
    }
}
