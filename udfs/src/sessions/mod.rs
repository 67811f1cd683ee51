//! Sessions, the paths through them, and the credit for conversions.

mod sessionize;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Sessions, paths, attribution",
        functions: vec![Entry::window(sessionize::Sessionize::new())],
    }
}
