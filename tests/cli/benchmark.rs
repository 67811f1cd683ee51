//! The benchmark asks ours and plain SQL the same: their answers are equal on few events.

use super::{run, scratch};
use crate::support::root;

/// Enough for pairs of products that several sessions share.
const EVENTS: &str = "60000";

/// How far rounded doubles may be apart: by their last digit.
const TOLERANCE: f64 = 2e-6;

fn rows(text: &str) -> Vec<Vec<&str>> {
    let lines = text.lines().skip(1);
    lines.map(|line| line.split(',').collect()).collect()
}

fn are_same(one: &str, two: &str) -> bool {
    match (one.parse::<f64>(), two.parse::<f64>()) {
        (Ok(one), Ok(two)) => (one - two).abs() <= TOLERANCE,
        _ => one == two,
    }
}

#[test]
fn reports_and_plain_sql_agree_on_generated_events() {
    let (_folder, path) = scratch();
    let events = path("events").display().to_string();
    run(&["generate", "events", "--rows", EVENTS, "--out", &events]).quiet();
    for question in ["retention", "rfm", "baskets"] {
        let [ours, plain] = ["cohortql", "datafusion"].map(|peer| {
            let sql = root().join(format!("benches/peers/sql/{question}.{peer}.sql"));
            let sql = sql.display().to_string();
            run(&[&events, "-f", &sql, "--format", "csv"]).quiet()
        });
        let mut ours = rows(&ours);
        if question == "retention" {
            // Plain SQL has no cells in which nobody came.
            ours.retain(|row| row[3] != "0");
        }
        let plain = rows(&plain);
        assert!(plain.len() > 10, "{question}: too little to compare");
        assert_eq!(ours.len(), plain.len(), "{question}");
        for (ours, plain) in ours.iter().zip(&plain) {
            let equal = ours.len() == plain.len()
                && ours
                    .iter()
                    .zip(plain)
                    .all(|(ours, plain)| are_same(ours, plain));
            assert!(equal, "{question}: {ours:?} and {plain:?}");
        }
    }
}
