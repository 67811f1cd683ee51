//! What holds at one time, on all its rows together.

use crate::math::events::Event;

/// The conditions that hold at one time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held {
    pub(super) time: i64,
    /// On some row.
    any: u32,
    /// On more than one.
    pub(super) twice: u32,
    /// Whether some row has several.
    pub(super) several: bool,
    /// Whether some row has none.
    pub(super) none: bool,
}

impl Held {
    pub(super) fn at(time: i64, rows: &[Event], all: u32) -> Self {
        let mut held = Self {
            time,
            any: 0,
            twice: 0,
            several: false,
            none: false,
        };
        for row in rows {
            let mask = row.mask & all;
            held.twice |= held.any & mask;
            held.any |= mask;
            held.several |= !mask.is_power_of_two() && mask != 0;
            held.none |= mask == 0;
        }
        held
    }

    /// The steps that hold, from the first.
    pub(super) fn steps(self) -> impl Iterator<Item = usize> {
        bits(self.any)
    }
}

/// The numbers of the bits that are set, from the lowest.
pub(super) fn bits(mut mask: u32) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let bit = (mask != 0).then(|| mask.trailing_zeros() as usize);
        mask &= mask.wrapping_sub(1);
        bit
    })
}
