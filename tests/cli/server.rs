//! `serve` and `--connect`, between two runs of the binary.

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::{Child, Stdio};

use super::{command, purchases, run};
use crate::support::ClosedPort;

/// A running server; ends with the test.
pub(super) struct Server {
    child: Child,
    pub(super) url: String,
}

impl Server {
    pub(super) fn start(arguments: &[&str]) -> Self {
        let mut child = command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let url = line.strip_prefix("listening on ").unwrap().to_owned();
        assert!(
            url.starts_with("grpc://127.0.0.1:") && !url.ends_with(":0"),
            "{url}"
        );
        Self { child, url }
    }

    /// Ends it as a power cut would.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_same_questions_get_the_same_answers_over_the_network() {
    let purchases = purchases();
    let server = Server::start(&["serve", "--listen", "127.0.0.1:0", &purchases]);
    let sql =
        "select customer_id, count(*) as n from cdnow_sample group by 1 order by 2 desc, 1 limit 5";
    let here = run(&[&purchases, "--format", "csv", "-c", sql]).quiet();
    let there = run(&["--connect", &server.url, "--format", "csv", "-c", sql]).quiet();
    assert_eq!(here, there);

    let text = run(&["--connect", &server.url, "-c", "\\queries"]).quiet();
    assert_eq!(text, "no queries are running\n");
    let text = run(&["--connect", &server.url, "-c", "\\d cdnow_sample"]).quiet();
    assert!(text.contains("order_date  ┆ DATE"), "{text}");
    let error = run(&["--connect", &server.url, "-c", "\\cancel q999"]).failed();
    assert!(error.contains("no query \"q999\" is running"), "{error}");
}

#[test]
fn changes_work_and_errors_point_over_the_network() {
    let server = Server::start(&["serve", "--listen", "127.0.0.1:0"]);
    let sql = "create table t as values (1), (2); select count(*) as n from t";
    let there = run(&["--connect", &server.url, "--format", "csv", "-c", sql]).quiet();
    assert_eq!(there, "n\n2\n");
    let error = run(&["--connect", &server.url, "-c", "select\n  nope from t"]).failed();
    assert!(error.contains("--> line 2, column 3"), "{error}");
}

#[test]
fn without_users_only_this_machine_connects() {
    let mut child = command(["serve", "--listen", "127.0.0.1:0"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
    lines.next().unwrap().unwrap();
    let said = lines.next().unwrap().unwrap();
    assert_eq!(
        said,
        "there are no users: everybody on this machine may connect, and nobody else"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(lines.count(), 0);
    let error = run(&["serve", "--listen", "0.0.0.0:0"]).failed();
    assert!(
        error.starts_with("error: cannot listen on 0.0.0.0:"),
        "{error}"
    );
    assert!(
        error.contains("without users") && error.contains("cohortql user add"),
        "{error}"
    );
}

#[test]
fn a_taken_port_is_said_to_be_taken() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    for arguments in [
        vec!["serve", "--listen", &address],
        vec!["demo", "--serve", "--listen", &address],
    ] {
        let error = run(&arguments).failed();
        let expected = format!("error: cannot listen on {address}: another program does already");
        assert!(error.starts_with(&expected), "{error}");
    }
    let error = run(&["serve", "--listen", "nonsense"]).failed();
    assert!(error.contains("expected HOST:PORT"), "{error}");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    let closed = ClosedPort::new();
    let address = closed.address();
    let url = format!("grpc://{address}");
    let error = run(&["--connect", &url, "-c", "select 1"]).failed();
    assert!(error.contains(&address), "{error}");
}

#[cfg(unix)]
#[test]
fn a_signal_ends_the_server_with_success() {
    let mut server = Server::start(&["serve", "--listen", "127.0.0.1:0"]);
    let id = server.child.id().to_string();
    let killed = std::process::Command::new("kill")
        .args(["-TERM", &id])
        .status();
    assert!(killed.unwrap().success());
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[test]
fn the_demo_serves_its_tables_afterwards() {
    let server = Server::start(&["demo", "--serve", "--listen", "127.0.0.1:0"]);
    let sql = "select count(*) as n from purchases";
    let there = run(&["--connect", &server.url, "--format", "csv", "-c", sql]).quiet();
    assert_eq!(there, "n\n6919\n");
}
