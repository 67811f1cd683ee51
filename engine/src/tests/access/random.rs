//! Random queries of a user equal the same queries over a plain table of what he sees.

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};

use super::super::cells;
use super::{engine, session};

const COLUMNS: [&str; 6] = ["id", "name", "country", "phone", "born", "score"];

/// What role `german` shows, but for the hash, whose key is drawn anew by each engine.
const SHOWN: &str = "CREATE TABLE hidden.shown AS SELECT id, \
    CASE WHEN name IS NOT NULL THEN '****' END AS name, country, \
    CASE WHEN length(phone) >= 8 THEN concat('****', right(phone, 4)) WHEN phone IS NOT NULL THEN '****' END AS phone, \
    CAST(NULL AS DATE) AS born, CASE WHEN score IS NOT NULL THEN 0.0 END AS score \
    FROM customers WHERE country = 'DE'";

fn condition(random: &mut StdRng, depth: u32) -> String {
    if depth > 0 && random.random_bool(0.5) {
        let (left, right) = (condition(random, depth - 1), condition(random, depth - 1));
        let word = ["AND", "OR"].choose(random).unwrap();
        return format!("({left} {word} {right})");
    }
    [
        "id > 2",
        "id IN (1, 2, 5)",
        "country = 'DE'",
        "country <> 'FR'",
        "name = '****'",
        "name IS NULL",
        "phone LIKE '%78'",
        "born IS NULL",
        "coalesce(score, 1) < 1",
        "id % 2 = 1",
        "NOT (score = 0)",
        "length(name) = 4",
        "id BETWEEN 2 AND 5",
    ]
    .choose(random)
    .unwrap()
    .to_string()
}

fn query(random: &mut StdRng, table: &str, seed: u64) -> String {
    let mut shape = StdRng::seed_from_u64(seed);
    let column = COLUMNS.choose(&mut shape).unwrap();
    let other = COLUMNS.choose(&mut shape).unwrap();
    let filter = condition(random, 2);
    match shape.random_range(0..7) {
        0 => format!("SELECT {column}, {other} AS o FROM {table} WHERE {filter} ORDER BY 1, 2"),
        1 => format!(
            "SELECT {column}, count(*) FROM {table} WHERE {filter} GROUP BY {column} ORDER BY 1"
        ),
        2 => format!("SELECT min({column}), max({other}), count(*) FROM {table} WHERE {filter}"),
        3 => format!(
            "SELECT a.id, b.{column} FROM {table} a LEFT JOIN {table} b ON a.id = b.id + 2 AND {} ORDER BY 1, 2",
            filter
                .replace("id", "b.id")
                .replace("country", "b.country")
                .replace("name", "b.name")
                .replace("phone", "b.phone")
                .replace("born", "b.born")
                .replace("score", "b.score")
        ),
        4 => format!("SELECT DISTINCT {column} FROM {table} WHERE {filter} ORDER BY 1 LIMIT 2"),
        5 => format!(
            "SELECT id FROM {table} WHERE {filter} UNION ALL SELECT max(id) FROM {table} ORDER BY 1"
        ),
        _ => format!(
            "SELECT id FROM {table} o WHERE EXISTS (SELECT 1 FROM {table} WHERE id > o.id AND {filter}) ORDER BY 1"
        ),
    }
}

#[tokio::test]
async fn a_user_sees_a_table_of_what_he_may_see() {
    let engine = engine().await;
    let admin = engine.session();
    cells(&admin, SHOWN).await;
    let user = session(&engine, &["german"]);
    for seed in 0..300 {
        let text = |table| query(&mut StdRng::seed_from_u64(seed), table, seed + 1_000);
        let (asked, plain) = (text("customers"), text("hidden.shown"));
        assert_eq!(
            cells(&user, &asked).await,
            cells(&admin, &plain).await,
            "{asked}"
        );
    }
}
