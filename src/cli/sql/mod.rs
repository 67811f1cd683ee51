//! Reading SQL as text: the tokens, and where one statement ends.
//!
//! The engine parses; this only knows enough to colour a line, to tell whether
//! a statement is finished, to cut a script into statements, and to see what
//! stands before the cursor. It accepts everything: what is wrong with a
//! statement is for the engine to say.

pub(crate) mod keywords;
pub(crate) mod paint;
pub(crate) mod script;
pub(crate) mod token;
