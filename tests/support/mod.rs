//! What several test modules share: where things lie, how a test that lacks its
//! surroundings passes over itself, answers as text, and made-up orders.

mod rows;
mod surroundings;

pub(crate) use rows::cells;
pub(crate) use surroundings::{pass_over, reference_data, root, shipped};
