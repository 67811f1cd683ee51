//! `cohortql run`, killed at fifty random moments: the next run makes of it what a full one makes.

use std::fmt::Write;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tempfile::TempDir;

const CONFIG: &str = "[project]\nname = 'shop'\n\
                      [sources.events]\nlocation = 'events/'\nformat = 'csv'\n\
                      [targets.full]\nwarehouse = 'full/'\n";
const MODELS: [&str; 5] = [
    "fct_events",
    "fct_sessions",
    "int_users",
    "int_user_days",
    "int_event_orders",
];

fn run(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_cohortql"));
    command
        .arg("run")
        .args(MODELS.map(|model| format!("+{model}")));
    command.args(arguments).arg("--project").arg(folder);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// A file of events of users who come again, some of them late.
fn events(folder: &Path, number: i64, random: &mut StdRng) {
    let mut text =
        "event_time,event_type,product_id,category_id,category_code,brand,price,user_id,\
                    user_session\n"
            .to_owned();
    let start = chrono::NaiveDate::from_ymd_opt(2024, 1, 1).unwrap();
    for _ in 0..random.random_range(5..30) {
        let day = start + chrono::Duration::days(number - random.random_range(0..4));
        let (hour, minute) = (random.random_range(0..24), random.random_range(0..60));
        let kind = ["view", "cart", "purchase"][random.random_range(0..3)];
        let (product, user) = (random.random_range(1..9), random.random_range(1..60));
        let session = random.random_range(0..3);
        writeln!(
            text,
            "{day} {hour:02}:{minute:02}:00,{kind},{product},1,a.b,acme,{product}.5,{user},s{session}"
        )
        .unwrap();
    }
    std::fs::write(folder.join(format!("events/{number:03}.csv")), text).unwrap();
}

/// All rows of the models, sorted.
fn rows(folder: &Path, target: &str) -> Vec<String> {
    let mut rows = Vec::new();
    for model in MODELS {
        let output = Command::new(env!("CARGO_BIN_EXE_cohortql"))
            .args(["--format", "csv", "--target", target, "-c"])
            .arg(format!("SELECT '{model}' AS model, * FROM {model}"))
            .arg("--project")
            .arg(folder)
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        rows.extend(text.lines().map(str::to_owned));
    }
    rows.sort();
    rows
}

#[test]
fn fifty_kills_lose_and_double_nothing() {
    let random = &mut StdRng::seed_from_u64(7);
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    std::fs::create_dir(path.join("events")).unwrap();
    std::fs::write(path.join("cohortql.toml"), CONFIG).unwrap();
    for number in 0..10 {
        events(path, number, random);
    }
    let mut killed = 0;
    let mut number = 10;
    while killed < 50 {
        let mut child = run(path, &[]).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (sender, heard) = mpsc::channel();
        let listener = thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        // Some models further, or some time into the next one, whichever comes first.
        for _ in 0..random.random_range(0..6) {
            if heard.recv_timeout(Duration::from_millis(400)).is_err() {
                break;
            }
        }
        let _ = heard.recv_timeout(Duration::from_millis(random.random_range(0..60)));
        child.kill().unwrap();
        let is_killed = !child.wait().unwrap().success();
        killed += usize::from(is_killed);
        listener.join().unwrap();
        if is_killed && killed % 10 == 0 {
            let whole = run(path, &[]).output().unwrap();
            let said = String::from_utf8_lossy(&whole.stdout);
            assert!(whole.status.success(), "{said}");
            let full = run(path, &["--target", "full", "--full-refresh"]);
            assert!({ full }.output().unwrap().status.success());
            assert_eq!(rows(path, "dev"), rows(path, "full"), "{said}");
        }
        events(path, number, random);
        number += 1;
    }
}
