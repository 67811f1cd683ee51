//! What fuzzing tries, one function of bytes each: it takes anything, and panics only where this
//! crate breaks a promise.
//!
//! The targets below `fuzz/` call these functions with what libFuzzer makes up; an ordinary test
//! calls them with the bytes kept below `fuzz/corpus/`. CONTRIBUTING.md says how to run both.

mod arrays;
mod commands;
mod input;
mod parameters;
mod placeholders;
mod recast;
mod streams;
mod tickets;
mod types;

pub use commands::commands;
pub use parameters::parameters;
pub use placeholders::placeholders;
pub use recast::recast;
pub use streams::streams;
pub use tickets::tickets;

#[cfg(test)]
mod replay;
#[cfg(test)]
mod seeds;
#[cfg(test)]
pub(crate) mod sent;

/// A trial: anything, taken as it comes.
pub type Trial = fn(&[u8]);

/// Every trial by the name of its target and of its corpus.
pub const TRIALS: [(&str, Trial); 6] = [
    ("tickets", tickets),
    ("commands", commands),
    ("placeholders", placeholders),
    ("parameters", parameters),
    ("streams", streams),
    ("recast", recast),
];
