//! Made-up order lines of a shop for coffee, since no real baskets may be shipped.
//!
//! A basket begins with what its customer came for and takes each companion of
//! that with a fixed chance, then some of what anybody buys. The companions are
//! what basket lift should find. The same seed gives the same lines.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Builder, RecordBatch, StringBuilder};
use arrow::error::ArrowError;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

const BASKETS: i64 = 5_000;
const SEED: u64 = 1_997;

/// Items, each with how often it is taken.
type Shares = &'static [(&'static str, f64)];

/// What somebody comes for, how often, and what goes with it how often.
const MISSIONS: &[(&str, f64, Shares)] = &[
    (
        "espresso beans",
        0.30,
        &[("oat milk", 0.35), ("descaler", 0.15)],
    ),
    (
        "filter coffee",
        0.22,
        &[("paper filters", 0.55), ("oat milk", 0.10)],
    ),
    ("green tea", 0.14, &[("teapot", 0.12), ("honey", 0.30)]),
    (
        "hand grinder",
        0.05,
        &[("espresso beans", 0.40), ("cleaning brush", 0.35)],
    ),
    (
        "espresso machine",
        0.03,
        &[
            ("descaler", 0.45),
            ("espresso beans", 0.60),
            ("milk jug", 0.40),
        ],
    ),
    ("gift card", 0.06, &[("wrapping paper", 0.50)]),
];

/// What anybody may add, and how often.
const EXTRAS: Shares = &[
    ("oat milk", 0.10),
    ("honey", 0.05),
    ("shortbread", 0.12),
    ("dark chocolate", 0.14),
    ("paper filters", 0.04),
    ("milk jug", 0.02),
];

/// Order lines: `basket_id`, `item`.
pub(super) fn order_lines() -> Result<RecordBatch, ArrowError> {
    let mut random = StdRng::seed_from_u64(SEED);
    let mut baskets = Int64Builder::new();
    let mut items = StringBuilder::new();
    for basket in 1..=BASKETS {
        for item in fill(&mut random) {
            baskets.append_value(basket);
            items.append_value(item);
        }
    }
    let baskets: ArrayRef = Arc::new(baskets.finish());
    let items: ArrayRef = Arc::new(items.finish());
    RecordBatch::try_from_iter([("basket_id", baskets), ("item", items)])
}

/// The items of one basket, at least one, each once.
fn fill(random: &mut StdRng) -> Vec<&'static str> {
    let mut basket: Vec<&'static str> = Vec::new();
    let mut put = |item| {
        if !basket.contains(&item) {
            basket.push(item);
        }
    };
    let mut luck: f64 = random.random();
    for &(item, share, companions) in MISSIONS {
        if luck < share {
            put(item);
            for &(companion, chance) in companions {
                if random.random_bool(chance) {
                    put(companion);
                }
            }
            break;
        }
        luck -= share;
    }
    for &(item, chance) in EXTRAS {
        if random.random_bool(chance) {
            put(item);
        }
    }
    if basket.is_empty() {
        basket.push("dark chocolate");
    }
    basket
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_lines_every_time() {
        let lines = order_lines().unwrap();
        assert_eq!(lines, order_lines().unwrap());
        assert!(lines.num_rows() > 5_000);
        let shares: f64 = MISSIONS.iter().map(|mission| mission.1).sum();
        assert!(shares <= 1.0);
    }
}
