//! `watch`: builds what new files touch, posts what fails, and takes no file twice.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;

use super::models::{project, run, write};
use super::{Run, command, finish};

const ORDERS: &str = "order_id,customer_id,day,status,amount\n1,7,2024-01-01,paid,5\n\
                      2,7,2024-02-01,closed,6\n10,1,2024-02-01,,0\n11,2,2024-02-01,,0\n";
/// What takes longer than this does not come.
const DEADLINE: Duration = Duration::from_secs(60);

const MORE: &str = "order_id,customer_id,day,status,amount\n3,8,2024-03-01,paid,7\n";

/// A project whose orders lie in a folder, with a table of their sum and one that reads no order.
fn shop() -> TempDir {
    let folder = project();
    let config = std::fs::read_to_string(folder.path().join("cohortql.toml")).unwrap();
    let config = config
        .replace(
            "location = 'orders.csv'",
            "location = 'orders/'\nformat = 'csv'",
        )
        .replace(
            "select = ['+int_orders', 'fct_events']",
            "select = ['path:own']",
        );
    write(&folder, "cohortql.toml", &config);
    write(&folder, "orders/1.csv", ORDERS);
    let total = "-- materialized: incremental\n-- strategy: merge\n-- key: [customer_id]\n\
                 -- columns: [{name: amount, tests: [{range: {max: 50}}]}]\n\
                 SELECT customer_id, sum(amount) AS amount FROM source.orders GROUP BY customer_id";
    write(&folder, "sql/own/total.sql", total);
    write(&folder, "sql/own/other.sql", "SELECT 1 AS n");
    folder
}

fn once(folder: &TempDir, more: &[&str]) -> Run {
    let mut arguments = vec!["watch", "--once", "--debounce", "1ms"];
    arguments.extend(more);
    run(folder, &arguments)
}

fn totals(folder: &TempDir) -> String {
    let ask = "select customer_id, amount from total order by 1";
    run(folder, &["--format", "csv", "-c", ask]).quiet()
}

/// A watcher, which ends with the test.
struct Watcher {
    process: Child,
    lines: Receiver<String>,
}

impl Watcher {
    fn start(mut command: Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            lines
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Self {
            process,
            lines: receiver,
        }
    }

    /// Reads on until a line holds a text.
    fn until(&self, wanted: &str) {
        let mut said = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(DEADLINE) {
            if line.contains(wanted) {
                return;
            }
            said.push(line);
        }
        panic!("{wanted} is not in {said:#?}");
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn posted(texts: &Receiver<String>) -> String {
    texts.recv_timeout(DEADLINE).unwrap()
}

/// An address that takes posts, and the texts that are posted there.
fn webhook() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/secret", listener.local_addr().unwrap());
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                if line.trim().is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            let answer = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
            stream.write_all(answer.as_bytes()).unwrap();
            if sender
                .send(body["text"].as_str().unwrap().to_owned())
                .is_err()
            {
                return;
            }
        }
    });
    (url, receiver)
}

#[test]
fn what_new_files_touch_is_built_once() {
    let folder = shop();
    let first = once(&folder, &[]).quiet();
    assert!(
        first.starts_with("changed: orders, definitions\n"),
        "{first}"
    );
    assert!(first.contains("2 built, 0 failed"), "{first}");
    assert_eq!(once(&folder, &[]).quiet(), "nothing has changed\n");
    write(&folder, "orders/2.csv", MORE);
    let second = once(&folder, &[]).quiet();
    assert!(second.contains("  1 key anew"), "{second}");
    assert!(!second.contains("other"), "{second}");
    assert_eq!(
        totals(&folder),
        "customer_id,amount\n1,0.00\n2,0.00\n7,11.00\n8,7.00\n"
    );
    assert_eq!(once(&folder, &[]).quiet(), "nothing has changed\n");
}

#[test]
fn a_failure_does_not_move_the_cursor_and_is_posted() {
    let folder = shop();
    let config = std::fs::read_to_string(folder.path().join("cohortql.toml")).unwrap();
    let alert = "[alerts.amount]\nquery = 'select sum(amount) from total'\nabove = 20\n";
    write(&folder, "cohortql.toml", &format!("{config}{alert}"));
    let (url, texts) = webhook();
    let hook = ["--webhook", &url];
    once(&folder, &hook).quiet();
    let wrong = MORE.replace(",7\n", ",60\n");
    write(&folder, "orders/2.csv", &wrong);
    for _ in 0..2 {
        let failed = once(&folder, &hook);
        assert_eq!(failed.code, Some(1), "{}{}", failed.stdout, failed.stderr);
        assert!(!failed.stderr.contains("secret"), "{}", failed.stderr);
        let text = posted(&texts);
        assert_eq!(
            text,
            "1 failed in shop (dev)\n• range_total_amount: 1 wrong"
        );
    }
    write(&folder, "orders/2.csv", &MORE.replace(",7\n", ",17\n"));
    let mended = once(&folder, &hook).quiet();
    assert!(
        mended.contains("amount of shop (dev) is 28, above 20\n"),
        "{mended}"
    );
    assert_eq!(posted(&texts), "amount of shop (dev) is 28, above 20");
    // It is told once, and once more when it is over.
    write(&folder, "orders/3.csv", &MORE.replace(",7\n", ",1\n"));
    assert!(!once(&folder, &hook).quiet().contains("amount of"));
    write(&folder, "orders/2.csv", MORE);
    once(&folder, &hook).quiet();
    let text = posted(&texts);
    assert_eq!(text, "amount of shop (dev) is 19, within its bounds again");
}

#[test]
fn files_are_found_as_they_come() {
    let folder = shop();
    let mut watch = command(["watch", "--debounce", "50ms", "--poll", "1h"]);
    watch.arg("--project").arg(folder.path());
    let watcher = Watcher::start(watch);
    watcher.until("2 built, 0 failed");
    write(&folder, "orders/2.csv", MORE);
    watcher.until("changed: orders");
    watcher.until("1 key anew");
    watcher.until("1 built, 0 failed");
    // The cursor is written after that, at a moment that nobody tells: whoever is killed before it
    // finds the file anew, and nothing is doubled.
    drop(watcher);
    let after = once(&folder, &[]).quiet();
    assert!(
        after.contains("unchanged") || after == "nothing has changed\n",
        "{after}"
    );
    assert_eq!(
        totals(&folder),
        "customer_id,amount\n1,0.00\n2,0.00\n7,11.00\n8,7.00\n"
    );
}

#[test]
fn what_cannot_be_watched_is_named() {
    let folder = shop();
    let refused = |arguments: &[&str]| {
        let ended = run(&folder, arguments);
        assert_eq!(ended.code, Some(2), "{}", ended.stdout);
        ended.stderr
    };
    let cron = refused(&["watch", "--cron", "noon"]);
    assert!(
        cron.contains("--cron must be minute, hour, day, month and weekday"),
        "{cron}"
    );
    let every = refused(&["watch", "--every", "soon"]);
    assert!(every.contains("--every"), "{every}");
    let both = refused(&["watch", "--once", "--every", "1h"]);
    assert!(both.contains("cannot be used with"), "{both}");
    let hook = refused(&["watch", "--webhook", "slack"]);
    assert!(
        hook.contains("--webhook: expected an address with http:// or https://"),
        "{hook}"
    );
    let misspelt = refused(&["watch", "totl"]);
    assert!(misspelt.contains("did you mean"), "{misspelt}");
    let mut nowhere = command(["watch", "--once"]);
    let empty = TempDir::new().unwrap();
    let nowhere = finish(nowhere.current_dir(empty.path()).output().unwrap());
    assert_eq!(nowhere.code, Some(2), "{}", nowhere.stderr);
}

#[test]
fn builds_go_by_the_clock() {
    let folder = shop();
    let mut watch = command(["watch", "--every", "1h"]);
    watch.arg("--project").arg(folder.path());
    Watcher::start(watch).until("2 built, 0 failed");
}

#[test]
fn watchers_of_other_models_do_not_take_the_files_of_one_another() {
    let folder = shop();
    write(
        &folder,
        "sql/own/rows.sql",
        "-- materialized: table\nSELECT count(*) AS n FROM source.orders",
    );
    once(&folder, &["total"]).quiet();
    let rows = once(&folder, &["rows"]).quiet();
    assert!(rows.contains("1 built, 0 failed"), "{rows}");
    assert_eq!(once(&folder, &["rows"]).quiet(), "nothing has changed\n");
    // So is a model that is written anew.
    write(
        &folder,
        "sql/own/rows.sql",
        "-- materialized: table\nSELECT 2 AS n FROM source.orders",
    );
    let rows = once(&folder, &["rows"]).quiet();
    assert!(rows.starts_with("changed: definitions\n"), "{rows}");
    assert!(rows.contains("1 built, 0 failed"), "{rows}");
    assert_eq!(once(&folder, &["total"]).quiet(), "nothing has changed\n");
}

#[test]
fn a_webhook_that_takes_nothing_stops_nothing_and_is_not_named() {
    let folder = shop();
    let closed = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let url = format!("http://{closed}/secret");
    write(&folder, "orders/1.csv", &ORDERS.replace(",6\n", ",60\n"));
    let failed = once(&folder, &["--webhook", &url]);
    assert_eq!(failed.code, Some(1), "{}", failed.stderr);
    assert!(
        failed.stderr.contains("the webhook takes nothing: "),
        "{}",
        failed.stderr
    );
    assert!(!failed.stderr.contains("secret"), "{}", failed.stderr);
}
