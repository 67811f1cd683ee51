//! The integration tests: one binary, so that the engine is linked once.
//!
//! `runner` drives every `.slt` file through the embedded engine and through
//! Flight SQL; the other modules hold what SQL alone cannot say.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod bad_input;
mod cli;
mod examples;
mod flight;
mod load;
mod matrix;
mod models;
mod peers;
mod plans;
mod readme;
mod runner;
mod support;
mod tables;
mod tidy;
