//! Sessions, the paths through them, and the credit for conversions.

mod attribution;
mod keyed_events;
mod path_edges;
pub(crate) mod sessionize;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Sessions, paths, attribution",
        functions: vec![
            Entry::window(sessionize::Sessionize::new()),
            Entry::aggregate(path_edges::PathEdges),
            Entry::aggregate(attribution::Attribution),
        ],
    }
}
