//! Baskets: what is bought together.

use crate::registry::Family;

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Baskets",
        functions: vec![],
    }
}
