//! Changes take privileges, and stay where the principal may write.

use super::super::{batches, cells, failure};
use super::{ROLES, engine, session};
use crate::{Config, Engine, EngineError};

fn denied(error: &EngineError) -> String {
    assert!(matches!(error, EngineError::Denied { .. }), "{error:?}");
    error.to_string()
}

#[tokio::test]
async fn changes_without_a_privilege_are_denied() {
    let engine = engine().await;
    let session = session(&engine, &["sales"]);
    for (sql, what) in [
        (
            "CREATE TABLE t (a INT)",
            "create and drop tables, views and schemas (privilege ddl)",
        ),
        (
            "CREATE VIEW v AS SELECT 1 AS x",
            "create and drop tables, views and schemas (privilege ddl)",
        ),
        (
            "CREATE SCHEMA s",
            "create and drop tables, views and schemas (privilege ddl)",
        ),
        (
            "DROP TABLE orders",
            "create and drop tables, views and schemas (privilege ddl)",
        ),
        (
            "COPY orders TO '/tmp/never.csv'",
            "COPY to files (privilege copy)",
        ),
        (
            "COPY (SELECT 1) TO '/tmp/never.csv'",
            "COPY to files (privilege copy)",
        ),
        (
            "EXPLAIN ANALYZE COPY orders TO '/tmp/never.csv'",
            "COPY to files (privilege copy)",
        ),
        (
            "SET datafusion.execution.batch_size = 1",
            "SET options (privilege set)",
        ),
        (
            "SET TIME ZONE = 'Europe/Berlin'",
            "SET options (privilege set)",
        ),
        (
            "RESET datafusion.execution.batch_size",
            "SET options (privilege set)",
        ),
        (
            "INSERT INTO orders VALUES (1, 1)",
            "write to table \"public.orders\"",
        ),
        ("OPTIMIZE orders", "write to table \"public.orders\""),
        ("VACUUM orders", "write to table \"public.orders\""),
    ] {
        let text = denied(&failure(&session, sql).await);
        assert_eq!(text, format!("user \"ada\" may not {what}"), "{sql}");
    }
    assert!(!std::path::Path::new("/tmp/never.csv").exists());
    assert_eq!(cells(&session, "SELECT count(*) FROM orders").await, "5");
}

#[tokio::test]
async fn changes_stay_where_the_role_writes() {
    let engine = engine().await;
    let session = session(&engine, &["keeper", "german", "sales"]);
    for sql in [
        "CREATE TABLE sandbox.t AS SELECT * FROM orders",
        "INSERT INTO sandbox.t VALUES (9, 9)",
        "CREATE VIEW sandbox.v AS SELECT * FROM sandbox.t",
        "DROP VIEW sandbox.v",
        "CREATE VIEW sandbox.w AS SELECT * FROM orders",
    ] {
        batches(&session, sql).await.unwrap();
    }
    assert_eq!(cells(&session, "SELECT count(*) FROM sandbox.t").await, "6");
    for sql in [
        "CREATE TABLE t (a INT)",
        "CREATE TABLE hidden.t (a INT)",
        "CREATE OR REPLACE VIEW revenue AS SELECT 1 AS x",
        "DROP TABLE orders",
        "DROP VIEW revenue",
        "DROP SCHEMA hidden CASCADE",
        "DROP SCHEMA public CASCADE",
        "CREATE SCHEMA other",
        "CREATE EXTERNAL TABLE sandbox.e STORED AS CSV LOCATION '/etc/passwd'",
        "INSERT INTO customers (id) VALUES (8)",
    ] {
        denied(&failure(&session, sql).await);
    }
    assert_eq!(
        denied(
            &failure(
                &session,
                "CREATE VIEW sandbox.all_of_them AS SELECT * FROM customers"
            )
            .await
        ),
        "user \"ada\" may not make a view of table \"customers\", of which he sees only a part"
    );
    for sql in [
        "CREATE VIEW sandbox.x AS SELECT 1 AS one WHERE EXISTS (SELECT 1 FROM customers)",
        "CREATE VIEW sandbox.x AS WITH c AS (SELECT * FROM customers) SELECT * FROM c",
        "CREATE VIEW sandbox.x AS SELECT 1 AS id UNION ALL SELECT id FROM customers",
    ] {
        denied(&failure(&session, sql).await);
    }
    // A copy holds what its maker sees.
    batches(
        &session,
        "CREATE TABLE sandbox.c AS SELECT name FROM customers",
    )
    .await
    .unwrap();
    let sql = "SELECT DISTINCT name FROM sandbox.c WHERE name IS NOT NULL";
    assert_eq!(cells(&engine.session(), sql).await, "****");
}

#[tokio::test]
async fn files_are_reached_where_the_role_says() {
    let folder = tempfile::TempDir::new().unwrap();
    let allowed = folder.path().join("allowed");
    let other = folder.path().join("allowed-not");
    for folder in [&allowed, &other] {
        std::fs::create_dir(folder).unwrap();
        std::fs::write(folder.join("in.csv"), "a\n1\n").unwrap();
    }
    let config = format!(
        "{ROLES}\n[roles.loader]\nread = [\"sandbox.*\"]\nwrite = [\"sandbox.*\"]\n\
         privileges = [\"ddl\", \"external\", \"copy\"]\nlocations = [\"{}\"]",
        allowed.display()
    );
    let engine = Engine::builder()
        .config(Config::parse(&config).unwrap())
        .target_partitions(2)
        .build()
        .await
        .unwrap();
    batches(engine.default_session(), "CREATE SCHEMA sandbox")
        .await
        .unwrap();
    let session = session(&engine, &["loader"]);
    let (allowed, other) = (allowed.display(), other.display());
    for sql in [
        format!("CREATE EXTERNAL TABLE sandbox.a STORED AS CSV LOCATION '{allowed}/in.csv'"),
        format!("CREATE EXTERNAL TABLE sandbox.b STORED AS CSV LOCATION '{allowed}/*.csv'"),
        format!("COPY sandbox.a TO '{allowed}/out.csv'"),
    ] {
        batches(&session, &sql).await.unwrap();
    }
    for sql in [
        format!("CREATE EXTERNAL TABLE sandbox.c STORED AS CSV LOCATION '{other}/in.csv'"),
        format!(
            "CREATE EXTERNAL TABLE sandbox.c STORED AS CSV LOCATION '{allowed}/../allowed-not/in.csv'"
        ),
        format!(
            "CREATE EXTERNAL TABLE sandbox.c STORED AS CSV LOCATION 'file://{allowed}/%2e%2e/allowed-not/in.csv'"
        ),
        format!("CREATE EXTERNAL TABLE sandbox.c STORED AS CSV LOCATION '{allowed}/../*/in.csv'"),
        "CREATE EXTERNAL TABLE sandbox.c STORED AS CSV LOCATION 's3://bucket/in.csv'".to_owned(),
        "CREATE EXTERNAL TABLE sandbox.c STORED AS CSV LOCATION 'in.csv'".to_owned(),
        format!("COPY sandbox.a TO '{other}/out.csv'"),
        format!("COPY sandbox.a TO 'file:{other}/out.csv'"),
        format!("EXPLAIN ANALYZE COPY sandbox.a TO '{other}/out.csv'"),
        format!("EXPLAIN ANALYZE COPY sandbox.a TO 'file:{other}/out.csv'"),
        "COPY sandbox.a TO 'out.csv'".to_owned(),
    ] {
        let text = denied(&failure(&session, &sql).await);
        assert!(
            text.starts_with("user \"ada\" may not reach files at"),
            "{text}"
        );
    }
}

#[test]
fn roles_are_checked_when_they_are_read() {
    for (text, expected) in [
        (
            "[roles.r]\nread = ['orders']",
            "roles.r.read: expected \"*\", \"schema.*\" or \"schema.table\", got \"orders\"",
        ),
        (
            "[roles.r]\nprivileges = ['root']",
            "roles.r.privileges: expected one of ddl, copy, external, set, files, monitor, got \"root\"",
        ),
        (
            "[roles.r.tables.'a.b']\nmasks = { c = 'blur' }",
            "roles.r.tables.\"a.b\".masks.c: expected one of full, hash, last4, null, got \"blur\"",
        ),
        (
            "[roles.r.tables.'a.b']\ncolumns = ['x']\nmasks = { c = 'full' }",
            "roles.r.tables.\"a.b\".masks.c: expected a column that is listed in columns",
        ),
        (
            "[roles.r.tables.'a.*']\ncolumns = ['x']",
            "roles.r.tables.\"a.*\": expected \"schema.table\", got a pattern",
        ),
        (
            "[roles.r.tables.'a.b']\ncolumns = []",
            "roles.r.tables.\"a.b\".columns: expected names of columns, got none",
        ),
        (
            "[roles.r]\nlocations = ['s3://b/*.csv']",
            "roles.r.locations: expected a file, folder or URL, got the pattern \"s3://b/*.csv\"",
        ),
    ] {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let config = Config::parse(text).unwrap();
        let error = runtime
            .block_on(Engine::builder().config(config).build())
            .unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
    let error = Config::parse("[roles.r]\nreads = []")
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("line 2") && error.contains("reads"),
        "{error}"
    );
}
