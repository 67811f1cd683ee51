//! Throughput of one large answer.

use std::time::Instant;

use arrow_flight::Ticket;

use super::clients::{Flight, bytes, flight, rows, ticket};
use super::{median, say};

const SQL: &str = "SELECT * FROM t";

/// Times ours and the bare one in turn, as bytes that are counted and as batches that are decoded.
pub(super) async fn compare(ours: &str, bare: &str, wanted: usize, pairs: usize) {
    let (mut ours, mut bare) = (flight(ours).await, flight(bare).await);
    let bare_ticket = Ticket::new("all");
    let size = bytes(&mut bare, bare_ticket.clone()).await;
    assert_eq!(rows(&mut bare, bare_ticket.clone()).await, wanted);
    let first = ticket(&mut ours, SQL).await;
    assert_eq!(rows(&mut ours, first).await, wanted);

    for decoded in [false, true] {
        let mut ratios = Vec::new();
        for _ in 0..pairs {
            let asked = ticket(&mut ours, SQL).await;
            let our_time = timed(&mut ours, asked, decoded).await;
            let bare_time = timed(&mut bare, bare_ticket.clone(), decoded).await;
            ratios.push(bare_time / our_time);
        }
        let how = if decoded { "decoded" } else { "bytes only" };
        let (least, most) = spread(&ratios);
        say(&format!(
            "stream, {how}: {wanted} rows, {} MiB: {:.2} of the bare throughput ({least:.2} to {most:.2})",
            size >> 20,
            median(ratios)
        ));
    }
}

async fn timed(client: &mut Flight, ticket: Ticket, decoded: bool) -> f64 {
    let begin = Instant::now();
    if decoded {
        rows(client, ticket).await;
    } else {
        bytes(client, ticket).await;
    }
    begin.elapsed().as_secs_f64()
}

pub(super) fn spread(values: &[f64]) -> (f64, f64) {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    (least, values.iter().copied().fold(0.0, f64::max))
}
