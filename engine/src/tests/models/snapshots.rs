//! Snapshots: history of rows, whatever comes, goes and comes again.

use std::collections::BTreeMap;
use std::fmt::Write;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tempfile::TempDir;

use super::{build, build_with, open, project, told, write};
use crate::models::BuildOptions;
use crate::tests::cells;

const SNAPSHOT: &str = "-- materialized: snapshot\n-- key: [id]\n-- as_of: as_of\n\
                        SELECT id, state FROM source.things";
const CONFIG: &str = "[sources.things]\nlocation = 'things.csv'\n\
                      options = {null_values = 'none'}\n";
const READ: &str = "SELECT id, state, CAST(valid_from AS DATE) AS from_day, \
                    CAST(valid_to AS DATE) AS to_day, is_current FROM history ORDER BY id, from_day";

fn things(text: &str) -> TempDir {
    project(
        CONFIG,
        &[("things.csv", text), ("sql/own/history.sql", SNAPSHOT)],
    )
}

async fn rows(folder: &TempDir) -> String {
    let engine = open(folder).await.unwrap();
    cells(engine.default_session(), READ).await
}

async fn take(folder: &TempDir, day: &str) -> String {
    told(
        &build(folder, &["history"], &[("as_of", day)])
            .await
            .unwrap(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_closed_when_they_change_or_go() {
    let folder = things("id,state\n1,a\n2,b\n3,none\n");
    assert_eq!(take(&folder, "2024-01-01").await, "history 3 rows");
    // Nothing has changed: nothing is added, neither later nor at the same moment.
    assert_eq!(take(&folder, "2024-01-02").await, "history 3 rows");
    assert_eq!(take(&folder, "2024-01-02").await, "history 3 rows");
    write(&folder, &[("things.csv", "id,state\n1,c\n3,none\n4,d\n")]);
    assert_eq!(take(&folder, "2024-01-03").await, "history 5 rows");
    let after = "1,a,2024-01-01,2024-01-03,false\n1,c,2024-01-03,,true\n\
                 2,b,2024-01-01,2024-01-03,false\n3,,2024-01-01,,true\n4,d,2024-01-03,,true";
    assert_eq!(rows(&folder).await, after);
    // What the same moment finds again counts once.
    assert_eq!(take(&folder, "2024-01-03").await, "history 5 rows");
    assert_eq!(rows(&folder).await, after);
    // Corrected data of the same moment take the place of what it found.
    write(
        &folder,
        &[("things.csv", "id,state\n1,a\n2,b\n3,none\n4,e\n")],
    );
    assert_eq!(take(&folder, "2024-01-03").await, "history 4 rows");
    assert_eq!(
        rows(&folder).await,
        "1,a,2024-01-01,,true\n2,b,2024-01-01,,true\n3,,2024-01-01,,true\n4,e,2024-01-03,,true"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_makes_no_history_is_refused() {
    let folder = things("id,state\n1,a\n");
    take(&folder, "2024-01-05").await;
    let earlier = take(&folder, "2024-01-04").await;
    assert!(
        earlier.contains("it was taken at 2024-01-05T00:00:00 before, which is later than as_of, 2024-01-04T00:00:00: --full-refresh begins its history anew"),
        "{earlier}"
    );
    let options = BuildOptions {
        full_refresh: true,
        ..BuildOptions::default()
    };
    let vars = [("as_of", "2024-01-04")];
    let anew = build_with(&folder, &["history"], &vars, options)
        .await
        .unwrap();
    assert_eq!(told(&anew), "history 1 rows");
    assert_eq!(rows(&folder).await, "1,a,2024-01-04,,true");
    let never = told(&build(&folder, &["history"], &[]).await.unwrap());
    assert!(
        never.contains("its moment, as_of, is NULL: give as_of a value"),
        "{never}"
    );
    write(&folder, &[("things.csv", "id,state\n1,a\n1,b\n")]);
    let twice = take(&folder, "2024-01-06").await;
    assert!(
        twice.contains("more than one row with the key 1"),
        "{twice}"
    );
    let other = SNAPSHOT.replace("key: [id]", "key: [no]");
    write(&folder, &[("sql/own/history.sql", &other)]);
    let no_key = take(&folder, "2024-01-06").await;
    assert!(
        no_key.contains("key \"no\" is no column of the query"),
        "{no_key}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_column_is_null_in_what_was_before() {
    let folder = things("id,state,size\n1,a,5\n2,b,6\n");
    take(&folder, "2024-01-01").await;
    let wider = SNAPSHOT.replace("state FROM", "state, size FROM");
    write(
        &folder,
        &[
            ("sql/own/history.sql", &wider),
            ("things.csv", "id,state,size\n1,a,5\n"),
        ],
    );
    take(&folder, "2024-01-02").await;
    let engine = open(&folder).await.unwrap();
    let read = "SELECT id, state, size, is_current FROM history ORDER BY id, valid_from";
    assert_eq!(
        cells(engine.default_session(), read).await,
        "1,a,,false\n1,a,5,true\n2,b,,false"
    );
}

/// The states of each key, worked out day by day.
#[derive(Default)]
struct Replay(BTreeMap<u32, Vec<Stay>>);

/// A state in which a key was from one day to another.
struct Stay {
    state: Option<char>,
    from: u32,
    to: Option<u32>,
}

impl Replay {
    fn take(&mut self, day: u32, now: &BTreeMap<u32, Option<char>>) {
        for (id, held) in &mut self.0 {
            if let Some(last) = held.last_mut().filter(|last| last.to.is_none())
                && now.get(id) != Some(&last.state)
            {
                last.to = Some(day);
            }
        }
        for (id, state) in now {
            let held = self.0.entry(*id).or_default();
            if held.last().is_none_or(|last| last.to.is_some()) {
                held.push(Stay {
                    state: *state,
                    from: day,
                    to: None,
                });
            }
        }
    }

    fn text(&self) -> String {
        let mut text = String::new();
        for (id, held) in &self.0 {
            for Stay { state, from, to } in held {
                let state = state.map_or(String::new(), String::from);
                let to_day = to.map_or(String::new(), |day| format!("2024-01-{day:02}"));
                let current = to.is_none();
                writeln!(text, "{id},{state},2024-01-{from:02},{to_day},{current}").unwrap();
            }
        }
        text.trim_end().to_owned()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn random_days_give_the_history_that_was() {
    let mut random = StdRng::seed_from_u64(11);
    let folder = things("id,state\n");
    let mut replay = Replay::default();
    for day in 1..=9 {
        let mut now = BTreeMap::new();
        let mut text = String::from("id,state\n");
        for id in 1..=12 {
            if random.random_bool(0.75) {
                let state = ['a', 'b', '-'][random.random_range(0..3)];
                let shown = match state {
                    '-' => "none".to_owned(),
                    state => state.to_string(),
                };
                now.insert(id, (state != '-').then_some(state));
                writeln!(text, "{id},{shown}").unwrap();
            }
        }
        write(&folder, &[("things.csv", &text)]);
        let date = format!("2024-01-{day:02}");
        let said = take(&folder, &date).await;
        assert!(said.ends_with("rows"), "{said}");
        replay.take(day, &now);
        if random.random_bool(0.5) {
            take(&folder, &date).await;
        }
    }
    assert_eq!(rows(&folder).await, replay.text());
}
