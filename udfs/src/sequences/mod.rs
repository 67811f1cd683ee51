//! Sequences: patterns of events in the order of time.

mod call;
mod next_state;
mod search;
mod sequence_count;
mod sequence_match;
mod sequence_match_events;
mod sequence_next;
mod state;

use search::Searching;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Sequences",
        functions: vec![
            Entry::aggregate(Searching(sequence_match::SequenceMatch)),
            Entry::aggregate(Searching(sequence_count::SequenceCount)),
            Entry::aggregate(Searching(sequence_match_events::SequenceMatchEvents)),
            Entry::aggregate(sequence_next::SequenceNext),
        ],
    }
}
