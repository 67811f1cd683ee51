//! Segments: scores and tiles of customers by what they did.

mod customers;
mod gini;
mod inequality;
mod ntile_segment;
mod ranking;
mod rfm_score;
mod rfm_segment;
mod rows;
mod top_share;

use crate::registry::{Entry, Family};

/// The family's functions.
pub(crate) fn family() -> Family {
    Family {
        title: "Segments",
        functions: vec![
            Entry::aggregate(rfm_score::RfmScore),
            Entry::window(rfm_score::RfmScoreOver::new()),
            Entry::per_row(rfm_segment::RfmSegment),
            Entry::aggregate(ntile_segment::NtileSegment),
            Entry::window(ntile_segment::NtileSegmentOver::new()),
            Entry::aggregate(gini::Gini),
            Entry::aggregate(top_share::TopShare),
        ],
    }
}
