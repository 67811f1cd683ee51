//! Latency of the smallest query.

use std::time::Instant;

use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use super::clients::{channel, rows, ticket};
use super::stream::spread;
use super::{median, say};

/// Calls of each kind in a round.
const CALLS: usize = 500;

/// Times `SELECT 1`, which takes two calls, and a health check, over one connection each, in turn.
pub(super) async fn compare(address: &str, rounds: usize) {
    let mut flight = super::clients::flight(address).await;
    let mut health = HealthClient::new(channel(address).await);
    let mut ratios = Vec::new();
    for round in 0..=rounds {
        let mut ours = Vec::with_capacity(CALLS);
        let mut bare = Vec::with_capacity(CALLS);
        for _ in 0..CALLS {
            let begin = Instant::now();
            let asked = ticket(&mut flight, "SELECT 1").await;
            assert_eq!(rows(&mut flight, asked).await, 1);
            ours.push(begin.elapsed().as_secs_f64());
            let begin = Instant::now();
            let request = HealthCheckRequest {
                service: String::new(),
            };
            health.check(request).await.unwrap();
            bare.push(begin.elapsed().as_secs_f64());
        }
        let (ours, bare) = (median(ours), median(bare));
        // The first round warms the connection up.
        if round > 0 {
            ratios.push(ours / bare);
        }
    }
    let (least, most) = spread(&ratios);
    say(&format!(
        "select 1: {:.2} times a bare unary call ({least:.2} to {most:.2})",
        median(ratios)
    ));
}
