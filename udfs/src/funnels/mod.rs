//! Funnels: how far customers come along a chain of steps.

use crate::registry::Family;

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Funnels",
        functions: vec![],
    }
}
