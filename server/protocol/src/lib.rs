//! What travels between the server and its clients: sealed tickets, commands, parameters, batches.
//!
//! This crate knows Arrow, gRPC's messages and bytes, and neither the engine nor DataFusion, so
//! that what strangers send is read by little code, which builds and can be tried on its own.
//!
//! [`info`] reads commands and makes the answers that announce a result, [`polling`] those about
//! one that still runs; [`Rows`] reads what a client puts, [`parameters`] casts it to what a
//! statement wants; [`wire_schema`], [`recast`] and [`encode`] make a result's messages; [`Seal`]
//! makes tickets and handles; [`number_placeholders`] numbers the `?` of a statement.

// The trials name the crate as the fuzz targets do, which build the same files.
#[cfg(test)]
extern crate self as cohortql_protocol;

mod error;
pub mod info;
mod ipc;
pub mod parameters;
mod placeholders;
pub mod polling;
mod rows;
mod seal;
#[cfg(test)]
pub mod trials;
mod wire;

pub use error::ProtocolError;
pub use placeholders::{Numbered, Places, number_placeholders};
pub use rows::Rows;
pub use seal::Seal;
pub use wire::{Messages, Types, encode, recast, wire_schema};
