//! Incremental models: which of a model's rows the changes of what it reads can have touched, and
//! the query that finds those anew.
//!
//! A build notes what each table that the model reads held (`note`). The next one compares
//! (`inputs`), follows the model's key from its query down to the tables (`walk`), asks the rows
//! that have come and gone for the values of the key that they touch (`touched`), and runs the
//! query for these alone (`restrict`). Where a step of that cannot be proved to give what a full
//! build gives, there is a full build.

mod inputs;
mod note;
mod restrict;
mod touched;
mod walk;

pub(super) use inputs::{Input, Inputs};
pub(super) use note::Note;
pub(super) use restrict::{Values, restricted};
pub(super) use touched::{Touched, by_changes};
