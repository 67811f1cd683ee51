//! `ntile_segment`: customers cut into near-equal parts by a value, in two forms of one
//! name.
//!
//! - `ntile_segment(customer, value, tiles_or_labels [, ties])`, an aggregate that sums
//!   the values of each customer: see [`aggregate`].
//! - `ntile_segment(value, tiles_or_labels [, ties]) OVER (…)`, a window function over
//!   one row a customer: see [`window`].
//!
//! Definition, in both: among n values, with `below` of them strictly smaller, the tile
//! is ⌊below · tiles / n⌋ + 1, or, with ties split, SQL's NTILE(tiles) with the smallest
//! first; see [`crate::math::tiles`]. A label stands for its tile, the first for the
//! smallest values. NULLs have no tile and are not counted.

mod aggregate;
mod segments;
mod state;
#[cfg(test)]
mod tests;
mod window;

pub(super) use aggregate::NtileSegment;
pub(super) use window::NtileSegmentOver;

const NAME: &str = "ntile_segment";
