//! What several test modules share: where things lie, and how a test that
//! lacks its surroundings passes over itself.

mod surroundings;

pub(crate) use surroundings::{pass_over, reference_data, root, shipped};
