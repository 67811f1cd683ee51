//! What the targets run: the protocol crate's trials, which its own tests build too.

#[path = "../../src/trials/mod.rs"]
pub mod trials;
