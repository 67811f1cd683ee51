//! `rfm_score`: recency, frequency and monetary value of customers as tiles, in two
//! forms of one name.
//!
//! - `rfm_score(customer, ts, amount [, as_of [, tiles [, ties [, tz]]]])`, an aggregate
//!   over raw orders: see [`aggregate`].
//! - `rfm_score(recency_days, frequency, monetary [, tiles [, ties]]) OVER (…)`, a window
//!   function over one row a customer: see [`window`].
//!
//! Definition, in both: among n customers, with `below` of them strictly worse (for r:
//! more days; for f and m: less), the tile is ⌊below · tiles / n⌋ + 1, or, with ties
//! split, SQL's NTILE(tiles) with the worst first; see [`crate::math::tiles`].
//! `score` is 100·r + 10·f + m.

mod aggregate;
mod scores;
mod state;
#[cfg(test)]
mod tests;
mod window;

pub(super) use aggregate::RfmScore;
pub(super) use window::RfmScoreOver;

const NAME: &str = "rfm_score";
