//! Many clients at once.

use super::clients::{flight, rows, ticket};
use super::say;

/// Queries of each client in a round.
const QUERIES: usize = 20;
const ROUNDS: usize = 5;

/// Runs all clients at once, round after round, and tells how the process has grown since the first.
pub(super) async fn run(address: &str, clients: usize) {
    let mut sizes = Vec::new();
    for _ in 0..ROUNDS {
        let running: Vec<_> = (0..clients)
            .map(|client| {
                let address = address.to_owned();
                tokio::spawn(async move {
                    let mut flight = flight(&address).await;
                    for query in 0..QUERIES {
                        let sql = format!(
                            "SELECT country, sum(amount), count(*) FROM (SELECT * FROM t LIMIT 100000) s \
                             WHERE customer_id >= {} AND quantity <> {} GROUP BY country",
                            client,
                            query % 9
                        );
                        let asked = ticket(&mut flight, &sql).await;
                        assert_eq!(rows(&mut flight, asked).await, 5);
                    }
                })
            })
            .collect();
        for client in running {
            client.await.unwrap();
        }
        sizes.push(resident_bytes());
    }
    let growth = sizes[sizes.len() - 1] as f64 / sizes[0] as f64;
    say(&format!(
        "many: {clients} clients at once, {} queries, no error; memory after the last round is {growth:.2} of \
         that after the first",
        clients * QUERIES * ROUNDS
    ));
}

/// Memory that the process has, which is server and clients together.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS:"))
        .unwrap();
    let kibibytes: u64 = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    kibibytes << 10
}
