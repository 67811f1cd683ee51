//! A load that is killed at any moment leaves the table as it was or as it is to be, and the same load
//! then makes it whole.

use std::fmt::Write;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{Project, said};

const COLUMNS: &str = "id BIGINT, value BIGINT";
const ROWS: u64 = 30_000;

/// A file of which every hundredth row does not fit.
fn text(number: u64) -> String {
    let mut text = "id,value\n".to_owned();
    for row in 0..ROWS {
        let id = number * ROWS + row;
        match row % 100 {
            7 => writeln!(text, "{id},wrong").unwrap(),
            _ => writeln!(text, "{id},{number}").unwrap(),
        }
    }
    text
}

#[test]
fn a_killed_load_loses_and_doubles_nothing() {
    let random = &mut StdRng::seed_from_u64(5);
    let project = Project::new();
    let good = ROWS - ROWS / 100;
    let mut killed = 0;
    for number in 0..14 {
        let file = format!("{number}.csv");
        project.file(&file, &text(number));
        let mut arguments = vec!["load", &file, "--into", "orders", "--columns", COLUMNS];
        if number % 2 == 1 {
            arguments.extend(["--mode", "merge", "--key", "id"]);
        }
        let mut command = project.command(&arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        // Nobody sends anything: it is a clock that a test may wait for.
        let (_sender, never) = mpsc::channel::<()>();
        let _ = never.recv_timeout(Duration::from_millis(random.random_range(20..900)));
        child.kill().unwrap();
        killed += u32::from(!child.wait().unwrap().success());
        if number > 0 {
            let rows = project.rows("SELECT count(*) FROM orders");
            let before = number * good;
            assert!(
                rows == before.to_string() || rows == (before + good).to_string(),
                "{rows} rows after {number} loads"
            );
        }
        said(&project.command(&arguments).output().unwrap());
        let counts = "SELECT count(*), count(DISTINCT id) FROM orders";
        let all = (number + 1) * good;
        assert_eq!(project.rows(counts), format!("{all},{all}"));
        let aside = "SELECT count(*), count(DISTINCT raw) FROM orders_quarantine";
        let all = (number + 1) * (ROWS / 100);
        assert_eq!(project.rows(aside), format!("{all},{all}"));
    }
    assert!(killed > 0, "every load was over before it could be killed");
}
