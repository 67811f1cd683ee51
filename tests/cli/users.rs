//! `user`, `serve --check`, and logins between two runs of the binary.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::{Run, command, finish, finish_with, scratch};
use crate::support::Authority;

const CONFIG: &str = "\
# Kept as it is.
[roles.analyst] # and this
read = ['*']

[users.ada] # the first
certificate = 'ada.example'
";

type Flags<'a> = &'a [&'a str];
type Variables<'a> = &'a [(&'a str, &'a str)];

fn with_config(folder: &Path, arguments: &[&str]) -> Command {
    let config = folder.join("cohortql.toml");
    let mut command = command(arguments);
    command.arg("--config").arg(config);
    command
}

fn run(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = with_config(folder, arguments);
    finish(command.stdin(Stdio::null()).output().unwrap())
}

fn run_with(folder: &Path, arguments: &[&str], input: &str) -> Run {
    finish_with(with_config(folder, arguments), input)
}

/// A server; ends with the test.
struct Server {
    child: Child,
    url: String,
}

impl Server {
    fn start(folder: &Path, listen: &str) -> Self {
        let mut child = with_config(folder, &["serve", "--listen", listen])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let url = line.strip_prefix("listening on ").unwrap().to_owned();
        Self { child, url }
    }

    /// Runs SQL here with more arguments and variables.
    fn ask(&self, more: &[&str], variables: &[(&str, &str)]) -> Run {
        let mut command = command([
            "--connect",
            &self.url,
            "--format",
            "csv",
            "-c",
            "select 1 as n",
        ]);
        command.args(more).envs(variables.iter().copied());
        finish(command.stdin(Stdio::null()).output().unwrap())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn hashes_are_made_from_standard_input() {
    let made = finish_with(command(["user", "hash"]), "correct horse\n").quiet();
    assert!(
        made.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{made}"
    );
    let error = finish_with(command(["user", "hash"]), "short\n").failed();
    assert!(error.contains("at least 8 characters, got 5"), "{error}");
}

#[test]
fn users_are_added_and_all_else_stays() {
    let (folder, file) = scratch();
    std::fs::write(file("cohortql.toml"), CONFIG).unwrap();
    let add = [
        "user",
        "add",
        "bob",
        "--role",
        "analyst",
        "--certificate",
        "bob.example",
    ];
    let added = run_with(folder.path(), &add, "correct horse\n");
    assert_eq!(
        (added.code, added.stdout.as_str()),
        (Some(0), ""),
        "{}",
        added.stderr
    );
    let text = std::fs::read_to_string(file("cohortql.toml")).unwrap();
    assert!(text.starts_with(CONFIG), "{text}");
    assert!(
        text.contains("\n[users.bob]\npassword = \"$argon2id$"),
        "{text}"
    );
    assert!(
        text.contains("roles = [\"analyst\"]\ncertificate = \"bob.example\"\n"),
        "{text}"
    );
    for (arguments, expected) in [
        (vec!["user", "add", "bob"], "user \"bob\" is in"),
        (
            vec!["user", "add", "a:b"],
            "expected a user name without colons",
        ),
        (
            vec!["user", "add", "eve", "--role", "nobody"],
            "users.eve.roles: expected names of [roles], got \"nobody\"",
        ),
        (
            vec!["user", "add", "eve", "--no-password"],
            "--no-password needs --token or --certificate",
        ),
        (
            vec!["user", "add", "eve", "--token", "t", "--expires", "soon"],
            "--expires: expected a date",
        ),
        (
            vec!["user", "add", "eve", "--certificate", "ada.example"],
            "is that of users.",
        ),
    ] {
        let error = run_with(folder.path(), &arguments, "correct horse\n").failed();
        assert!(error.contains(expected), "{arguments:?}: {error}");
    }
    assert_eq!(
        std::fs::read_to_string(file("cohortql.toml")).unwrap(),
        text
    );
    let list = run(folder.path(), &["user", "list"]).quiet();
    assert!(
        list.contains("ada") && list.contains("bob.example"),
        "{list}"
    );
}

#[test]
fn the_first_user_makes_the_file_which_others_do_not_read() {
    let (folder, file) = scratch();
    let list = finish(
        command(["user", "list"])
            .current_dir(folder.path())
            .output()
            .unwrap(),
    );
    assert_eq!(list.quiet(), "there are no users in cohortql.toml\n");
    let mut add = command(["user", "add", "etl", "--no-password", "--token", "nightly"]);
    add.args(["--expires", "2999-01-31"])
        .current_dir(folder.path());
    let added = finish(add.stdin(Stdio::null()).output().unwrap());
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    let token = added.stdout.trim_end();
    assert!(token.starts_with("cql_") && token.len() == 68, "{token}");
    let text = std::fs::read_to_string(file("cohortql.toml")).unwrap();
    assert!(
        !text.contains(token) && text.contains("expires = 2999-01-31"),
        "{text}"
    );
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(file("cohortql.toml"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let list = run(folder.path(), &["user", "list"]).quiet();
    assert!(list.contains("nightly (until 2999-01-31)"), "{list}");
    let server = Server::start(folder.path(), "127.0.0.1:0");
    let answer = server.ask(&[], &[("COHORTQL_TOKEN", token)]).quiet();
    assert_eq!(answer, "n\n1\n");
}

#[test]
fn passwords_and_tokens_come_from_variables_and_files() {
    let (folder, file) = scratch();
    std::fs::write(file("cohortql.toml"), "[roles.analyst]\nread = ['*']\n").unwrap();
    let add = ["user", "add", "ada", "--role", "analyst", "--token", "t"];
    let added = run_with(folder.path(), &add, "correct horse\n");
    let token = added.stdout.trim_end().to_owned();
    std::fs::write(file("password"), "correct horse\n").unwrap();
    std::fs::write(file("token"), format!("{token}\n")).unwrap();
    let (password_file, token_file) = (file("password"), file("token"));
    let (password_file, token_file) = (
        password_file.to_str().unwrap(),
        token_file.to_str().unwrap(),
    );
    let server = Server::start(folder.path(), "127.0.0.1:0");
    let right = ("COHORTQL_PASSWORD", "correct horse");
    let ways: [(Flags, Variables); 5] = [
        (&["--user", "ada"], &[right]),
        (&["--user", "ada", "--password-file", password_file], &[]),
        (&["--token", &token], &[]),
        (&["--token-file", token_file], &[]),
        (&[], &[("COHORTQL_USER", "ada"), right]),
    ];
    for (more, variables) in ways {
        assert_eq!(server.ask(more, variables).quiet(), "n\n1\n", "{more:?}");
    }
    let mistakes: [(Flags, Variables, &str); 5] = [
        (&[], &[], "this server asks for a login"),
        (
            &["--user", "ada"],
            &[("COHORTQL_PASSWORD", "wrong")],
            "the user name or the password is wrong",
        ),
        (&["--user", "ada"], &[], "set COHORTQL_PASSWORD"),
        (&["--token", "cql_wrong"], &[], "the token is not known"),
        (
            &["--user", "ada", "--password-file", "no/such/file"],
            &[right],
            "cannot read no/such/file",
        ),
    ];
    for (more, variables, expected) in mistakes {
        let error = server.ask(more, variables).failed();
        assert!(error.contains(expected), "{more:?}: {error}");
        assert!(!error.contains("correct horse"), "{error}");
    }
}

#[cfg(unix)]
#[test]
fn a_hang_up_signal_has_the_users_read_anew() {
    let (folder, file) = scratch();
    std::fs::write(file("cohortql.toml"), "[roles.analyst]\nread = ['*']\n").unwrap();
    let add = |name: &str| {
        let add = ["user", "add", name, "--no-password", "--token", "t"];
        run(folder.path(), &add).stdout.trim_end().to_owned()
    };
    let first = add("ada");
    let server = Server::start(folder.path(), "127.0.0.1:0");
    let second = add("bob");
    let id = server.child.id().to_string();
    let sent = Command::new("kill").args(["-HUP", &id]).status();
    assert!(sent.unwrap().success());
    // The signal is served in its own time.
    let begin = std::time::Instant::now();
    while server.ask(&["--token", &second], &[]).code != Some(0) {
        assert!(begin.elapsed().as_secs() < 60, "bob is not let in");
    }
    assert_eq!(server.ask(&["--token", &first], &[]).quiet(), "n\n1\n");
}

#[test]
fn the_shell_connects_over_tls() {
    let (folder, file) = scratch();
    let authority = Authority::new();
    let (server, client) = (authority.server(), authority.client("ada.example"));
    for (name, text) in [
        ("server.pem", server.certificate.as_str()),
        ("server.key", &server.key),
        ("ada.pem", &client.certificate),
        ("ada.key", &client.key),
        ("ca.pem", authority.pem()),
    ] {
        std::fs::write(file(name), text).unwrap();
    }
    let text = format!(
        "{CONFIG}[server.tls]\ncertificate = 'server.pem'\nkey = 'server.key'\nclient_ca = 'ca.pem'\n"
    );
    std::fs::write(file("cohortql.toml"), text).unwrap();
    let report = run(folder.path(), &["serve", "--check"]).quiet();
    assert!(
        report.contains("encryption    certificate of localhost"),
        "{report}"
    );
    assert!(report.contains("client certificates optional"), "{report}");
    let server = Server::start(folder.path(), "127.0.0.1:0");
    assert!(server.url.starts_with("grpc+tls://"), "{}", server.url);
    let path = |name: &str| file(name).display().to_string();
    let (ca, certificate, key) = (path("ca.pem"), path("ada.pem"), path("ada.key"));
    let all = [
        "--tls-ca",
        &ca,
        "--tls-cert",
        &certificate,
        "--tls-key",
        &key,
    ];
    assert_eq!(server.ask(&all, &[]).quiet(), "n\n1\n");
    let error = server.ask(&all[..2], &[]).failed();
    assert!(error.contains("this server asks for a login"), "{error}");
    assert!(server.ask(&[], &[]).failed().contains("certificate"));
}

#[test]
fn checking_says_what_a_configuration_comes_to() {
    let (folder, file) = scratch();
    std::fs::write(file("orders.csv"), "id\n1\n").unwrap();
    let good = format!("{CONFIG}[tables.orders]\nlocation = 'orders.csv'\n");
    std::fs::write(file("cohortql.toml"), &good).unwrap();
    let report = run(folder.path(), &["serve", "--check"]).quiet();
    for line in [
        "address       127.0.0.1:50051",
        "users         1 user: 0 with a password, 1 with a certificate, 0 tokens",
        "encryption    none",
        "audit         none",
        "traces        none",
        "http          none",
        "roles         1",
        "tables        1 of 1 declared can be read",
    ] {
        assert!(report.contains(line), "{line}\n{report}");
    }
    let insight = format!(
        "{good}[server]\nhttp_listen = '127.0.0.1:9090'\n[server.audit]\nfile = 'audit.json'\n\
         [server.traces]\nendpoint = 'http://127.0.0.1:4317'\nsample = 0.5\n"
    );
    std::fs::write(file("cohortql.toml"), insight).unwrap();
    let report = run(folder.path(), &["serve", "--check"]).quiet();
    for line in [
        "/audit.json, put aside at 104857600 bytes, 10 of those kept",
        "traces        http://127.0.0.1:4317, 50 % of them",
        "http          127.0.0.1:9090\n",
    ] {
        assert!(report.contains(line), "{line}\n{report}");
    }
    assert!(!file("audit.json").exists());
    for (more, expected) in [
        (
            "[server]\nhttp_listen = 'nowhere'\n",
            "cannot listen on \"nowhere\"",
        ),
        (
            "[server]\nhttp_listen = '127.0.0.1:50051'\n",
            "statements come to that port",
        ),
        (
            "[server.audit]\nfile = 'missing/audit.json'\n",
            "missing/audit.json cannot be written",
        ),
        (
            "[server.traces]\nendpoint = 'collector:4317'\n",
            "server.traces.endpoint: expected http://HOST:PORT",
        ),
        ("[server]\nlisten = '0.0.0.0:50051'\n", "without encryption"),
        (
            "[server.tls]\ncertificate = 'a.pem'\nkey = 'b.key'\n",
            "server.tls.certificate:",
        ),
        (
            "[server.jwt]\nalgorithms = ['RS256']\njwks_file = 'k.json'\n",
            "server.jwt.jwks_file:",
        ),
        ("[tables.gone]\nlocation = 'gone.csv'\n", "gone.csv"),
        (
            "[roles.r.tables.'public.orders']\ncolumns = ['idx']\n",
            "column \"idx\", which it does not have",
        ),
        (
            "[roles.r.tables.'public.orders']\nfilter = 'id = '\n",
            "roles.r.tables.\"public.orders\":",
        ),
        (
            "[roles.r.tables.'public.order']\n",
            "there is no such table",
        ),
        (
            "[users.eve]\ncertificate = 'e'\nroles = ['nobody']\n",
            "got \"nobody\"",
        ),
        ("[users.eve]\n", "users.eve: expected a password"),
    ] {
        std::fs::write(file("cohortql.toml"), format!("{good}{more}")).unwrap();
        let run = run(folder.path(), &["serve", "--check"]);
        assert_eq!(run.code, Some(1), "{more}");
        let line = run.stdout.lines().find(|line| line.contains("error:"));
        assert!(
            line.is_some_and(|line| line.contains(expected)),
            "{}",
            run.stdout
        );
        assert!(run.stderr.contains("one thing is wrong"), "{}", run.stderr);
    }
}
