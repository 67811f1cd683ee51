//! Tables of PostgreSQL, from a server of the test's own.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;

use super::{Project, adds_up, number};
use crate::support::{Authority, ClosedPort, Postgres};

/// Rows of every type, and their values as SQL here tells them.
const TYPES: [(&str, &str, &str); 19] = [
    ("boolean", "true", "true"),
    ("smallint", "-32768", "-32768"),
    ("integer", "2147483647", "2147483647"),
    ("bigint", "-9223372036854775808", "-9223372036854775808"),
    ("real", "0.1", "0.1"),
    ("double precision", "0.1", "0.1"),
    ("double precision", "'-Infinity'", "-inf"),
    (
        "numeric(18,2)",
        "-1234567890123456.78",
        "-1234567890123456.78",
    ),
    (
        "numeric",
        "12345678901234567890.0123456789",
        "12345678901234567890.0123456789",
    ),
    ("text", "'a \"b\", é'", "\"a \"\"b\"\", é\""),
    ("varchar(3)", "''", "\"\""),
    ("char(3)", "'a'", "a"),
    ("date", "'0001-02-28'", "0001-02-28"),
    (
        "timestamp",
        "'2024-02-29 23:59:59.123456'",
        "2024-02-29T23:59:59.123456",
    ),
    (
        "timestamptz",
        "'2024-03-31 01:30:00+02'",
        "2024-03-30T23:30:00Z",
    ),
    (
        "uuid",
        "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'",
        "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    ),
    ("json", "'{\"a\": 1}'", "\"{\"\"a\"\": 1}\""),
    ("jsonb", "'[1,2]'", "\"[1, 2]\""),
    ("mood", "'happy'", "happy"),
];

/// What a load from the database leaves behind, with the password that is given.
fn load(project: &Project, url: &str, password: &str, arguments: &[&str]) -> Output {
    let mut command = project.command(["load", url, "--into", "items", "--format", "json"]);
    command.args(arguments).env("PGPASSWORD", password);
    command.output().unwrap()
}

#[track_caller]
fn loaded(project: &Project, url: &str, arguments: &[&str]) -> serde_json::Value {
    let output = load(project, url, Postgres::PASSWORD, arguments);
    let outcome = serde_json::from_str(&super::said(&output)).unwrap();
    adds_up(&outcome);
    outcome
}

#[track_caller]
fn refused(project: &Project, url: &str, password: &str, arguments: &[&str]) -> String {
    let output = load(project, url, password, arguments);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn tables_of_postgresql_are_loaded() {
    let authority = Authority::new();
    let Some(server) = Postgres::start("tables_of_postgresql_are_loaded", &authority.server())
    else {
        return;
    };
    types_and_nulls_come_as_they_are(&server);
    rows_that_have_no_place_are_put_aside(&server);
    extracts_are_merged(&server);
    wrong_requests_are_told(&server);
    passwords_come_from_a_file(&server);
    connections_are_encrypted(&server, &authority);
}

fn types_and_nulls_come_as_they_are(server: &Postgres) {
    let project = Project::new();
    let columns = TYPES.iter().enumerate();
    let columns: Vec<_> = columns
        .map(|(n, (kind, ..))| format!("c{n} {kind}"))
        .collect();
    let values: Vec<_> = TYPES.iter().map(|(_, value, _)| *value).collect();
    let nulls = vec!["NULL"; TYPES.len()];
    server.sql(&format!(
        "CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TABLE types (id int, {}); \
         INSERT INTO types VALUES (1, {}), (2, {})",
        columns.join(", "),
        values.join(", "),
        nulls.join(", ")
    ));
    let outcome = loaded(&project, &server.url(), &["--table", "public.types"]);
    assert_eq!(
        (
            number(&outcome, "inserted"),
            number(&outcome, "quarantined")
        ),
        (2, 0)
    );
    for (n, (kind, _, expected)) in TYPES.iter().enumerate() {
        let found = project.rows(&format!("SELECT c{n} FROM items WHERE id = 1"));
        assert_eq!(found, *expected, "{kind}");
        let nulls = format!("SELECT count(*) FROM items WHERE id = 2 AND c{n} IS NULL");
        assert_eq!(project.rows(&nulls), "1", "{kind}");
    }
    let types = "SELECT arrow_typeof(c7), arrow_typeof(c8), arrow_typeof(c13), arrow_typeof(c14) \
                 FROM items LIMIT 1";
    assert_eq!(
        project.rows(types),
        "\"Decimal128(18, 2)\",\"Decimal128(38, 10)\",Timestamp(µs),\"Timestamp(µs, \"\"UTC\"\")\""
    );
}

fn rows_that_have_no_place_are_put_aside(server: &Postgres) {
    let project = Project::new();
    server.sql(
        "CREATE TABLE odd (id int, at date, n numeric); INSERT INTO odd VALUES \
         (1, 'infinity', 1), (2, '2024-01-01', 'NaN'), (3, '2024-01-01', 0.00000000001), \
         (4, '2024-01-01', 4.5)",
    );
    let outcome = loaded(&project, &server.url(), &["--table", "odd"]);
    assert_eq!(
        (
            number(&outcome, "inserted"),
            number(&outcome, "quarantined")
        ),
        (1, 3)
    );
    let aside = project.rows("SELECT row_number, raw FROM items_quarantine ORDER BY 1 LIMIT 1");
    assert_eq!(
        aside,
        "1,\"{\"\"at\"\":\"\"infinity\"\",\"\"id\"\":\"\"1\"\",\"\"n\"\":\"\"1\"\"}\""
    );
    let source = project.rows("SELECT DISTINCT source FROM items_quarantine");
    assert_eq!(source, format!("{} odd", server.url()));
}

fn extracts_are_merged(server: &Postgres) {
    let project = Project::new();
    server.sql(
        "CREATE TABLE sold AS SELECT n AS id, n % 7 AS kind, repeat('x', 1000) AS note \
         FROM generate_series(1, 20000) AS n",
    );
    let query = "SELECT * FROM sold WHERE kind > 0 -- a comment at the end";
    let full = [
        "--query",
        query,
        "--mode",
        "merge",
        "--key",
        "id",
        "--soft-delete",
    ];
    assert_eq!(
        number(&loaded(&project, &server.url(), &full), "inserted"),
        17_143
    );
    server.sql("UPDATE sold SET kind = 0 WHERE id <= 7; UPDATE sold SET kind = 9 WHERE id = 14");
    let outcome = loaded(&project, &server.url(), &full);
    let counts = ["inserted", "updated", "unchanged", "marked_deleted"];
    let counts = counts.map(|name| number(&outcome, name));
    assert_eq!(counts, [1, 0, 17_137, 6]);
    let deleted = project.rows("SELECT count(*) FROM items WHERE _deleted");
    assert_eq!(deleted, "6");
}

fn wrong_requests_are_told(server: &Postgres) {
    let project = Project::new();
    let url = server.url();
    for (arguments, expected) in [
        (
            &["--table", "nothing"][..],
            "relation \"nothing\" does not exist",
        ),
        (
            &["--table", "nowhere.odd"],
            "relation \"nowhere.odd\" does not exist",
        ),
        (
            &["--query", "SELECT id, id FROM odd"],
            "two columns of \"the query\" are named \"id\"",
        ),
        (&["--query", "SELECT 1/0 AS x"], "division by zero"),
        (&["--query", "SELEC 1"], "syntax error"),
        (&["--query", "DELETE FROM odd"], "expected a SELECT"),
        (
            &["--query", "SELECT ARRAY['a'] AS tags"],
            "give --query with what is to become of it",
        ),
        (
            &["--table", "odd", "--mode", "merge", "--key", "ids"],
            "key \"ids\" is no column of table \"items\"; did you mean \"id\"?",
        ),
    ] {
        let error = refused(&project, &url, Postgres::PASSWORD, arguments);
        assert!(error.contains(expected), "{error}");
    }
    let table = ["--table", "odd"];
    let error = refused(&project, &url, "of-somebody-else", &table);
    assert!(
        error.contains("password authentication failed for user \"shop\""),
        "{error}"
    );
    assert!(!error.contains("of-somebody-else"), "{error}");
    let error = refused(&project, &url, "", &table);
    assert!(error.contains("set PGPASSWORD"), "{error}");
    let with_password = url.replace("shop@", "shop:of-somebody-else@");
    let error = refused(&project, &with_password, "", &table);
    assert!(
        error.contains("carries a password") && !error.contains("of-somebody"),
        "{error}"
    );
    let elsewhere = url
        .replace("/postgres", "/nothing")
        .replace("postgres:/nothing", "postgres:/");
    let error = refused(&project, &elsewhere, Postgres::PASSWORD, &table);
    assert!(
        error.contains("database \"nothing\" does not exist"),
        "{error}"
    );
    let closed = ClosedPort::new();
    let nobody = format!("postgres://shop@{}/postgres", closed.address());
    let error = refused(&project, &nobody, Postgres::PASSWORD, &table);
    assert!(
        error.contains("cannot reach the database") && error.contains("refused"),
        "{error}"
    );
    assert!(!project.path("tables/public/items/_delta_log").exists());
}

fn passwords_come_from_a_file(server: &Postgres) {
    let project = Project::new();
    let file = project.path("passwords");
    let port = server.url();
    let port = port.rsplit_once('/').unwrap().0.rsplit_once(':').unwrap().1;
    std::fs::write(
        &file,
        format!("127.0.0.1:{port}:*:shop:{}\n", Postgres::PASSWORD),
    )
    .unwrap();
    for (mode, succeeds) in [(0o600, true), (0o644, false)] {
        std::fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
        let mut command = project.command(["load", &server.url(), "--into", "items"]);
        command
            .args(["--table", "odd", "--mode", "replace"])
            .env("PGPASSFILE", &file);
        let output = command.output().unwrap();
        assert_eq!(output.status.success(), succeeds, "{output:?}");
    }
}

fn connections_are_encrypted(server: &Postgres, authority: &Authority) {
    let project = Project::new();
    server.sql("CREATE VIEW secure AS SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()");
    project.file("authority.pem", authority.pem());
    let table = ["--table", "secure", "--mode", "replace"];
    let trusting = format!(
        "{}?sslmode=verify-full&sslrootcert={}",
        server.url(),
        project.path("authority.pem").display()
    );
    for (url, encrypted) in [(server.url(), "false"), (trusting, "true")] {
        loaded(&project, &url, &table);
        assert_eq!(project.rows("SELECT ssl FROM items"), encrypted);
    }
    let distrusting = format!("{}?sslmode=require", server.url());
    let error = refused(&project, &distrusting, Postgres::PASSWORD, &table);
    assert!(
        error.contains("cannot reach the database") && error.contains("certificate"),
        "{error}"
    );
}
