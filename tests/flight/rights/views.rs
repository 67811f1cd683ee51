//! Views show what they show, and no way leads through them.

use super::*;

/// Ada reads a view of the German customers, none of the tables, and makes views of her own.
const ADA: &str = r#"
[roles.reader]
read = ["public.germans", "sandbox.*"]
write = ["sandbox.*"]
privileges = ["ddl"]
"#;

async fn views() -> Guarded {
    let guarded = Guarded::start(&format!("{ADA}{}", user("ada", &["reader"])), |_| {}).await;
    let germans = "CREATE VIEW germans AS SELECT id, name FROM customers WHERE country = 'DE'";
    for sql in TABLES.into_iter().chain([germans]) {
        guarded.server.engine.sql(sql).await.unwrap();
    }
    guarded
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_that_fail_are_tried_on_the_rows_of_a_view_only() {
    let guarded = views().await;
    let ada = raw(&guarded, "ada").await;
    // Customer 2 is none of them: whoever gets an error learns that he exists.
    for (sql, expected) in [
        ("SELECT count(*) FROM germans WHERE 1 / (id - 2) < 100", "4"),
        ("SELECT max(1 / (id - 2)) FROM germans", "1"),
        (
            "SELECT id FROM germans ORDER BY 1 / (id - 2), id LIMIT 1",
            "1",
        ),
        (
            "SELECT count(*) FROM germans WHERE CAST(replace(name, 'bob', 'x') AS VARCHAR) <> '' \
             AND 1 / (id - 2) < 100",
            "3",
        ),
        (
            "SELECT count(*) FROM germans a JOIN germans b ON 1 / (a.id - 2) = 1 / (b.id - 2)",
            "6",
        ),
        (
            "SELECT count(*) FROM germans WHERE CASE WHEN 1 / (id - 2) < 100 THEN true END",
            "4",
        ),
    ] {
        assert_eq!(rows(&ada, sql).await, [expected], "{sql}");
    }
    // Her own rows may fail.
    let (code, message) = ada
        .query("SELECT count(*) FROM germans WHERE 1 / (id - 3) < 100")
        .await
        .unwrap_err();
    assert_eq!(code, Code::InvalidArgument, "{message}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_makes_a_view_that_looks_around_for_others() {
    let guarded = views().await;
    for sql in [
        "CREATE VIEW sandbox.v AS SELECT * FROM information_schema.tables",
        "CREATE VIEW sandbox.v AS SELECT column_name FROM INFORMATION_SCHEMA.COLUMNS",
        "CREATE VIEW sandbox.v AS SELECT * FROM cohortql.information_schema.views",
        "CREATE OR REPLACE VIEW sandbox.v AS SELECT * FROM information_schema.schemata",
        "CREATE VIEW sandbox.v AS SELECT 1 AS x \
         WHERE EXISTS (SELECT 1 FROM information_schema.tables WHERE table_name = 'secrets')",
        "CREATE VIEW sandbox.v AS WITH t AS (SELECT * FROM information_schema.tables) \
         SELECT count(*) AS n FROM t",
    ] {
        let refused = refusals(&guarded, "ada", sql).await;
        for way in ["GetFlightInfo", "PollFlightInfo", "prepared", "DoPut"] {
            let found = refused.iter().find(|(refused, _)| *refused == way);
            let (_, status) = found.unwrap_or_else(|| panic!("{way} of {sql}"));
            assert_eq!(
                status.code(),
                Code::PermissionDenied,
                "{way} of {sql}: {status:?}"
            );
        }
    }
    let ada = raw(&guarded, "ada").await;
    let (code, _) = ada.query("SELECT * FROM sandbox.v").await.unwrap_err();
    assert_eq!(code, Code::NotFound);
    // What she sees whole she may show.
    let own = "CREATE VIEW sandbox.v AS SELECT count(*) AS n FROM germans";
    ada.query(own).await.unwrap();
    assert_eq!(rows(&ada, "SELECT n FROM sandbox.v").await, ["4"]);
}
