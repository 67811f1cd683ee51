//! Experiments: whether a treatment made a difference.

use crate::registry::Family;

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Experiments",
        functions: vec![],
    }
}
