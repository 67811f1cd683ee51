//! Flight SQL as clients see it: one file for each promise that the server makes them.

mod adbc;
mod cancel;
mod client;
mod drain;
mod golden;
mod guarded;
mod ingest;
mod jdbc;
mod limits;
mod login;
mod metadata;
mod poll;
mod prepared;
mod profiles;
mod programs;
mod quotas;
mod raw;
mod schemas;
mod server;
mod sessions;
mod statements;
mod streaming;
mod tickets;
mod tls;
mod turns;
mod types;
