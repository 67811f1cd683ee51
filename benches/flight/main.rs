//! What serving over Flight SQL costs beside the least that gRPC can do, in one process over loopback.
//!
//! `cargo bench --bench flight` prints three ratios, ours and the bare one measured in turn:
//!
//! - **stream**: 10 million rows of 9 columns by DoGet, beside a service that sends the same batches with
//!   arrow-flight's own encoder and does nothing else;
//! - **select 1**: GetFlightInfo and DoGet of `SELECT 1`, beside a unary call of the health service, over one warm
//!   connection;
//! - **many**: 64 clients at once, each with queries of its own: errors, and how memory grows.
//!
//! `ROWS`, `PAIRS` and `CLIENTS` in the environment make it smaller.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot go on has nothing to say"
)]

mod bare;
mod clients;
mod data;
mod latency;
mod many;
mod stream;

use std::io::{Write, stdout};

use cohortql_engine::Engine;
use cohortql_server::{ServeOptions, serve};
use mimalloc::MiMalloc;
use tokio::net::TcpListener;

/// That of the binary.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// A number from the environment.
fn setting(name: &str, otherwise: usize) -> usize {
    let given = std::env::var(name).ok();
    given
        .and_then(|text| text.parse().ok())
        .unwrap_or(otherwise)
}

/// The middle one.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn say(text: &str) {
    let mut out = stdout().lock();
    writeln!(out, "{text}").unwrap();
}

#[tokio::main]
async fn main() {
    let rows = setting("ROWS", 10_000_000);
    let pairs = setting("PAIRS", 7).max(1);
    let batches = data::batches(rows);
    let engine = Engine::builder().build().await.unwrap();
    engine.register_batches("t", None, batches.clone()).unwrap();

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let ours = listener.local_addr().unwrap().to_string();
    tokio::spawn(serve(
        engine,
        listener,
        ServeOptions::default(),
        std::future::pending(),
    ));
    let bare = bare::start(batches).await;

    stream::compare(&ours, &bare, rows, pairs).await;
    latency::compare(&ours, pairs).await;
    many::run(&ours, setting("CLIENTS", 64)).await;
}
