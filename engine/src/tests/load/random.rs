//! Loads of random rows, against what brute force makes of them.

use std::collections::BTreeMap;
use std::fmt::Write;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::{Shop, merging, replacing, with_columns};
use crate::load::{Counts, Merge};

/// A row of the table: two columns of the key, a moment, a value, and the mark.
type Row = (i64, i64, Option<bool>);
type Table = BTreeMap<(i64, String), Row>;

/// What a file holds.
#[derive(Debug, Clone)]
struct Line {
    id: Option<i64>,
    shop: String,
    at: i64,
    value: i64,
    fits: bool,
}

fn lines(random: &mut StdRng) -> Vec<Line> {
    let count = random.random_range(1..60);
    let line = |random: &mut StdRng| Line {
        id: (random.random_range(0..30) > 0).then(|| random.random_range(0..12)),
        shop: ["a", "b", ""][random.random_range(0..20).min(2)].to_owned(),
        at: random.random_range(0..5),
        value: random.random_range(0..3),
        fits: random.random_range(0..15) > 0,
    };
    (0..count).map(|_| line(random)).collect()
}

fn text(lines: &[Line]) -> String {
    let mut text = "id,shop,at,value\n".to_owned();
    for line in lines {
        let id = line.id.map_or(String::new(), |id| id.to_string());
        let value = match line.fits {
            true => line.value.to_string(),
            false => "wrong".to_owned(),
        };
        writeln!(text, "{id},{},{},{value}", line.shop, line.at).unwrap();
    }
    text
}

/// What a merge makes of a table, row by row.
fn merged(table: &mut Table, lines: &[Line], ordered: bool, full: bool) -> Counts {
    let mut counts = Counts {
        read: lines.len() as u64,
        ..Counts::default()
    };
    let key = |line: &Line| Some((line.id?, line.shop.clone())).filter(|key| !key.1.is_empty());
    let mut came: BTreeMap<_, Vec<&Line>> = BTreeMap::new();
    let mut spared = Vec::new();
    for line in lines {
        match key(line) {
            Some(key) if line.fits => came.entry(key).or_default().push(line),
            found => {
                counts.quarantined += 1;
                spared.extend(found);
            }
        }
    }
    for (key, lines) in came {
        if lines.len() > 1 && !ordered {
            counts.quarantined += lines.len() as u64;
            spared.push(key);
            continue;
        }
        counts.duplicates += lines.len() as u64 - 1;
        // The last of the greatest.
        let line = lines.iter().max_by_key(|line| line.at).unwrap();
        spared.push(key.clone());
        let before = table.get(&key).copied();
        let mark = match (full, before) {
            (true, _) => Some(false),
            (false, Some((_, _, mark))) => mark,
            (false, None) => None,
        };
        match before {
            None => counts.inserted += 1,
            Some((at, value, before)) => {
                let is_same = (at, value) == (line.at, line.value);
                match is_same && !(full && before == Some(true)) {
                    true => {
                        counts.unchanged += 1;
                        // Its file may stay as it is.
                        continue;
                    }
                    false => counts.updated += 1,
                }
            }
        }
        table.insert(key, (line.at, line.value, mark));
    }
    if full {
        for (key, (_, _, mark)) in table {
            if !spared.contains(key) && *mark != Some(true) {
                *mark = Some(true);
                counts.marked_deleted += 1;
            }
        }
    }
    counts
}

/// The table as SQL sees it; whoever is not marked is not, be it by NULL.
fn told(table: &Table) -> String {
    let rows = table.iter().map(|((id, shop), (at, value, mark))| {
        let mark = mark.unwrap_or(false);
        format!("{id},{shop},{at},{value},{mark}")
    });
    rows.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn merges_are_what_brute_force_makes_of_them() {
    let mut random = StdRng::seed_from_u64(11);
    for _ in 0..6 {
        let shop = Shop::new().await;
        let mut table = Table::new();
        let mut quarantined = 0;
        for step in 0..8 {
            let lines = lines(&mut random);
            let (ordered, full) = (
                random.random_bool(0.5),
                random.random_bool(0.5) || step == 0,
            );
            let merge = Merge {
                key: vec!["id".to_owned(), "shop".to_owned()],
                order_by: ordered.then(|| "at".to_owned()),
                deleted_column: full.then(|| "_deleted".to_owned()),
            };
            let name = format!("{step}.csv");
            let columns = "id BIGINT, shop VARCHAR, at BIGINT, value BIGINT";
            let request = merging(shop.file(&name, &text(&lines)), merge);
            let request = match step {
                0 => with_columns(request, columns),
                _ => request,
            };
            let counts = shop.counts(request).await;
            assert_eq!(
                counts,
                merged(&mut table, &lines, ordered, full),
                "{lines:?}"
            );
            quarantined += counts.quarantined;
            let all = "SELECT id, shop, at, value, coalesce(_deleted, FALSE) FROM orders \
                       ORDER BY id, shop";
            assert_eq!(shop.cells(all).await, told(&table));
            if quarantined > 0 {
                let aside = shop.cells("SELECT count(*) FROM orders_quarantine").await;
                assert_eq!(aside, quarantined.to_string());
            }
        }
    }
}

#[tokio::test]
async fn rows_are_appended_and_replaced_once_each() {
    let mut random = StdRng::seed_from_u64(12);
    let shop = Shop::new().await;
    let mut rows: Vec<String> = Vec::new();
    let mut quarantined = 0;
    for step in 0..12 {
        let lines = lines(&mut random);
        let replaces = random.random_bool(0.3);
        let name = format!("{step}.csv");
        let columns = "id BIGINT, shop VARCHAR, at BIGINT, value BIGINT";
        let request = with_columns(shop.file(&name, &text(&lines)), columns);
        let counts = match replaces {
            true => shop.counts(replacing(request)).await,
            false => shop.counts(request).await,
        };
        if replaces {
            assert_eq!(counts.removed, rows.len() as u64);
            rows.clear();
        }
        let fits = |line: &&Line| line.fits;
        rows.extend(lines.iter().filter(fits).map(|line| {
            let id = line.id.map_or(String::new(), |id| id.to_string());
            format!("{id},{},{},{}", line.shop, line.at, line.value)
        }));
        rows.sort();
        let inserted = lines.iter().filter(fits).count() as u64;
        assert_eq!(
            (counts.read, counts.inserted),
            (lines.len() as u64, inserted)
        );
        quarantined += counts.quarantined;
        let found = shop.cells("SELECT id, shop, at, value FROM orders").await;
        let mut found: Vec<_> = found.lines().collect();
        found.sort_unstable();
        assert_eq!(found, rows);
    }
    let aside = shop.cells("SELECT count(*) FROM orders_quarantine").await;
    assert_eq!(aside, quarantined.to_string());
}
