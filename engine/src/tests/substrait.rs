//! Substrait plans: what SQL says, said in a plan, and what is none.

use std::collections::BTreeMap;

use datafusion_substrait::logical_plan::producer::to_substrait_plan;
use datafusion_substrait::substrait::proto::rel::RelType;
use datafusion_substrait::substrait::proto::{FilterRel, Plan, PlanRel, Rel, plan_rel};
use prost::Message;

use super::{batches, engine, records};
use crate::config::RoleConfig;
use crate::{Engine, EngineError, Principal, Session, StatementKind, SubstraitPlan};

const TABLES: [&str; 3] = [
    "CREATE TABLE orders AS SELECT * FROM (VALUES \
     (1, 'ada', DATE '2024-01-05', 10.5), (2, 'bob', DATE '2024-02-06', 20.0), \
     (3, 'ada', DATE '2024-03-07', 30.25), (4, NULL, NULL, NULL)) AS o(id, customer, day, amount)",
    "CREATE TABLE customers AS SELECT * FROM (VALUES ('ada', 'DE', 'a@example.org'), \
     ('bob', 'FR', 'b@example.org')) AS c(name, country, email)",
    "CREATE VIEW by_country AS SELECT country, sum(amount) AS total FROM orders \
     JOIN customers ON name = customer GROUP BY country",
];

async fn engine_with_tables() -> Engine {
    let engine = engine().await;
    for sql in TABLES {
        batches(engine.default_session(), sql).await.unwrap();
    }
    engine
}

/// What a query is in Substrait.
async fn substrait(session: &Session, sql: &str) -> Plan {
    let statements = session.parse(sql).unwrap();
    let planned = session.plan(&statements[0]).await.unwrap();
    let state = session.context().state();
    let plan = state.optimize(planned.logical_plan()).unwrap();
    *to_substrait_plan(&plan, &state).unwrap()
}

async fn run(session: &Session, plan: &Plan) -> Result<String, EngineError> {
    let plan = SubstraitPlan::decode(&plan.encode_to_vec())?;
    let planned = session.plan_substrait(&plan).await?;
    assert_eq!(planned.kind(), StatementKind::Query);
    let promised = planned.schema();
    let stream = session.execute(planned).await?;
    assert_eq!(stream.schema(), promised);
    let batches = stream.collect().await?;
    let table = arrow::util::pretty::pretty_format_batches(&batches).unwrap();
    Ok(table.to_string())
}

#[tokio::test]
async fn a_plan_answers_as_the_query_does() {
    let engine = engine_with_tables().await;
    let session = engine.default_session();
    for sql in [
        "SELECT 1 AS one, 'x' AS text, NULL AS nothing",
        "SELECT id, customer, amount * 2 AS twice FROM orders WHERE amount > 15 ORDER BY id",
        "SELECT country, count(*) AS n, sum(amount) AS total FROM orders \
         JOIN customers ON name = customer GROUP BY country ORDER BY country",
        "SELECT id FROM orders LEFT JOIN customers ON name = customer \
         WHERE country IS NULL OR country = 'DE' ORDER BY id",
        "SELECT id, row_number() OVER (PARTITION BY customer ORDER BY id) AS n FROM orders ORDER BY id",
        "SELECT id FROM orders UNION ALL SELECT 9 ORDER BY id LIMIT 3 OFFSET 1",
        "SELECT id FROM orders WHERE customer IN (SELECT name FROM customers WHERE country = 'DE') \
         ORDER BY id",
        "SELECT * FROM by_country ORDER BY country",
        "SELECT upper(customer) AS who, count(*) AS n FROM orders GROUP BY 1 ORDER BY 1",
        "SELECT month, count(*) AS n FROM (SELECT cohort_month(day) AS month FROM orders) \
         GROUP BY month ORDER BY month",
        "SELECT DISTINCT customer FROM orders ORDER BY customer NULLS FIRST",
        "SELECT CASE WHEN amount > 15 THEN 'much' ELSE 'little' END AS how FROM orders ORDER BY id",
    ] {
        let wanted = batches(session, sql).await.unwrap();
        let wanted = arrow::util::pretty::pretty_format_batches(&wanted).unwrap();
        let plan = substrait(session, sql).await;
        assert_eq!(
            run(session, &plan).await.unwrap(),
            wanted.to_string(),
            "{sql}"
        );
    }
}

#[tokio::test]
async fn a_plan_is_recorded_like_a_statement() {
    let engine = engine_with_tables().await;
    let session = engine.default_session();
    let plan = substrait(session, "SELECT id FROM orders").await;
    let records = records(&engine);
    run(session, &plan).await.unwrap();
    let records = records.lock().unwrap();
    let record = records.last().unwrap();
    assert!(record.sql.starts_with("substrait plan "), "{}", record.sql);
    assert!(record.sql.ends_with(&record.fingerprint.to_string()));
    assert_eq!(record.tables.read, ["public.orders"]);
}

#[tokio::test]
async fn bytes_that_are_no_plan_are_refused() {
    let engine = engine_with_tables().await;
    let session = engine.default_session();
    let whole = substrait(session, "SELECT id, amount FROM orders WHERE id > 1").await;
    let whole = whole.encode_to_vec();
    for bytes in [&b""[..], b"SELECT 1", &[0xff; 40]] {
        let error = SubstraitPlan::decode(bytes).unwrap_err();
        assert!(matches!(error, EngineError::Syntax { .. }), "{error:?}");
        assert!(
            error.to_string().contains("expected a Substrait plan"),
            "{error}"
        );
    }
    // Whatever is left of a plan, or stands in it: refused or run, and the session lives on.
    for cut in 0..whole.len() {
        let mut altered = whole.clone();
        altered[cut] ^= 0x15;
        for bytes in [&whole[..cut], &altered] {
            let Ok(plan) = SubstraitPlan::decode(bytes) else {
                continue;
            };
            if let Ok(planned) = session.plan_substrait(&plan).await {
                let stream = session.execute(planned).await;
                if let Ok(stream) = stream {
                    let _ = stream.collect().await;
                }
            }
        }
    }
    assert_eq!(
        super::cells(session, "SELECT count(*) FROM orders").await,
        "4"
    );
}

#[tokio::test]
async fn what_a_plan_names_and_is_not_there_is_named() {
    let engine = engine_with_tables().await;
    let session = engine.default_session();
    let plan = substrait(session, "SELECT id FROM orders").await;
    batches(session, "DROP TABLE orders").await.unwrap();
    let error = run(session, &plan).await.unwrap_err();
    assert!(error.to_string().contains("orders"), "{error}");
    assert!(
        matches!(
            error,
            EngineError::NotFound { .. } | EngineError::Plan { .. }
        ),
        "{error:?}"
    );
}

#[tokio::test]
async fn the_deepest_plan_that_can_be_sent_is_planned_or_refused() {
    let engine = engine_with_tables().await;
    let session = engine.default_session();
    let base = substrait(session, "SELECT id FROM orders WHERE id > 1").await;
    let Some(plan_rel::RelType::Root(root)) = base.relations[0].rel_type.clone() else {
        panic!("expected a root");
    };
    // Messages may be nested 100 deep; a relation takes two of them.
    for (depth, refusal) in [(45, "Filter"), (200, "recursion limit")] {
        let mut input = root.input.clone().unwrap();
        for _ in 0..depth {
            input = Rel {
                rel_type: Some(RelType::Filter(Box::new(FilterRel {
                    input: Some(Box::new(input)),
                    ..FilterRel::default()
                }))),
            };
        }
        let relation = plan_rel::RelType::Rel(input);
        let plan = Plan {
            relations: vec![PlanRel {
                rel_type: Some(relation),
            }],
            ..base.clone()
        };
        let error = run(session, &plan).await.unwrap_err();
        assert!(error.to_string().contains(refusal), "{depth}: {error}");
    }
}

#[tokio::test]
async fn a_plan_sees_what_its_user_sees() {
    let engine = engine_with_tables().await;
    let all = engine.default_session();
    let roles = "[roles.german.tables.\"public.customers\"]\ncolumns = [\"name\", \"country\"]\n\
                 filter = \"country = 'DE'\"\nmasks = { name = \"full\" }";
    let roles: BTreeMap<String, RoleConfig> = crate::Config::parse(roles).unwrap().roles;
    engine.set_roles(roles).unwrap();
    let ada = engine.session_for(
        Principal {
            name: "ada".to_owned(),
            roles: vec!["german".to_owned()],
        },
        None,
    );
    let seen = substrait(&ada, "SELECT name, country FROM customers").await;
    let answer = run(&ada, &seen).await.unwrap();
    assert!(
        answer.contains("DE") && !answer.contains("FR") && !answer.contains("ada"),
        "{answer}"
    );
    for hidden in [
        "SELECT email FROM customers",
        "SELECT id FROM orders",
        "SELECT country FROM customers WHERE email = 'a@example.org'",
        "SELECT country FROM customers ORDER BY email",
        "SELECT country FROM customers JOIN orders ON customer = name",
    ] {
        let plan = substrait(all, hidden).await;
        let error = run(&ada, &plan).await.unwrap_err().to_string();
        assert!(!error.contains("example.org"), "{hidden}: {error}");
    }
}
