//! Flight SQL as clients see it: one file for each promise that the server makes them.

mod adbc;
mod client;
mod limits;
mod metadata;
mod prepared;
mod schemas;
mod server;
mod statements;
mod streaming;
mod tickets;
mod types;
