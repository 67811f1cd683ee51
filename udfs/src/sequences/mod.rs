//! Sequences: patterns of events in the order of time.

use crate::registry::Family;

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Sequences",
        functions: vec![],
    }
}
