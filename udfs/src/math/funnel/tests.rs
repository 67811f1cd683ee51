//! Funnels against a search of all chains, which follows the definition.

use std::collections::BTreeSet;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::math::events::EventLog;

/// A row: its time and its mask.
type Row = (i64, u32);

/// Every combination of modes.
fn all_modes() -> Vec<Modes> {
    (0..64)
        .map(|bits| Modes {
            order: bits & 1 != 0,
            reentry: bits & 2 != 0,
            deduplication: bits & 4 != 0,
            increase: bits & 8 != 0,
            once: bits & 16 != 0,
            clickhouse: bits & 32 != 0,
        })
        .filter(|modes| modes.order || !modes.reentry)
        .collect()
}

/// The times of the deepest chain, with every chain kept: those of the last start, of these the
/// earliest. `ends` are the times after which chains end.
fn all_chains(rows: &[Row], ends: &[i64], steps: usize, window: u64, modes: Modes) -> Vec<i64> {
    let mut events: Vec<(i64, isize, usize)> = Vec::new();
    for (number, &(time, mask)) in rows.iter().enumerate() {
        let held = (0..steps).filter(|step| mask >> step & 1 == 1);
        events.extend(held.map(|step| (time, step as isize, number)));
        if mask == 0 {
            events.push((time, -1, number));
        }
    }
    events.extend(ends.iter().map(|&time| (time, isize::MAX, 0)));
    events.sort_unstable();
    let mut chains: Vec<BTreeSet<Vec<usize>>> = vec![BTreeSet::new(); steps];
    let mut best: Vec<i64> = Vec::new();
    let mut conclude = |chains: &mut Vec<BTreeSet<Vec<usize>>>| {
        let deepest = chains.iter().rfind(|chains| !chains.is_empty());
        let times = deepest.into_iter().flatten().map(|chain| {
            let times: Vec<i64> = chain.iter().map(|&row| rows[row].0).collect();
            times
        });
        let last = times.clone().map(|times| times[0]).max();
        if let Some(found) = times.filter(|times| Some(times[0]) == last).min()
            && found.len() >= best.len()
        {
            best = found;
        }
        chains.iter_mut().for_each(BTreeSet::clear);
    };
    for (time, step, row) in events {
        let Ok(step) = usize::try_from(step) else {
            if modes.order && !chains[0].is_empty() {
                break;
            }
            continue;
        };
        if step > MOST_STEPS {
            conclude(&mut chains);
        } else if step == 0 {
            chains[0].insert(vec![row]);
        } else if modes.deduplication && !chains[step].is_empty() {
            if !modes.once || chains[step].iter().any(|chain| !chain.contains(&row)) {
                break;
            }
        } else if chains[step - 1].is_empty() {
            if modes.order && !chains[0].is_empty() && !modes.reentry {
                break;
            }
        } else {
            let goes = |chain: &&Vec<usize>| {
                let [first, last] = [chain[0], chain[chain.len() - 1]].map(|row| rows[row].0);
                time.abs_diff(first) <= window
                    && !(modes.once && chain.contains(&row))
                    && !(modes.increase && last == time)
            };
            let longer: Vec<Vec<usize>> = chains[step - 1]
                .iter()
                .filter(goes)
                .map(|chain| [chain.as_slice(), &[row]].concat())
                .collect();
            chains[step].extend(longer);
        }
    }
    conclude(&mut chains);
    best
}

fn log(rows: &[Row]) -> EventLog {
    let mut log = EventLog::default();
    log.grow(1);
    for &(time, mask) in rows {
        log.append(0, &[mask], &[time]);
    }
    log
}

/// One funnel after another through the same search, so that none may leave anything behind.
#[test]
fn every_mode_finds_the_deepest_chain() {
    let mut beyond = 0;
    for modes in all_modes().into_iter().filter(|modes| !modes.clickhouse) {
        let random = &mut StdRng::seed_from_u64(7);
        for steps in 1..=5 {
            let window = random.random_range(0..4);
            let mut depth = Funnel::new(steps, window, modes, false);
            let mut times = Funnel::new(steps, window, modes, true);
            for _ in 0..150 {
                let span = [2, 4, 9][random.random_range(0..3)];
                let share = [0.2, 0.5, 0.7][random.random_range(0..3)];
                let mut rows: Vec<Row> = (0..random.random_range(0..9))
                    .map(|_| {
                        let bits =
                            (0..steps).map(|step| u32::from(random.random_bool(share)) << step);
                        let mask = bits.sum();
                        (random.random_range(0..span), mask)
                    })
                    .collect();
                let events = log(&rows).sorted(1);
                let events = events.groups().next().unwrap();
                // Which of two rows of one time takes a step is told by their masks.
                rows.sort_unstable();
                let wanted = all_chains(&rows, &[], steps, window, modes);
                assert_eq!(
                    times.times(events, &[]),
                    wanted,
                    "{modes:?} {window} {rows:?}"
                );
                assert_eq!(
                    depth.depth(events),
                    wanted.len(),
                    "{modes:?} {window} {rows:?}"
                );
                beyond += usize::from(wanted.len() > 1);
                let ends = if random.random_bool(0.5) { 1 } else { 2 };
                let ends: Vec<i64> = (0..ends).map(|_| random.random_range(-1..span)).collect();
                let wanted = all_chains(&rows, &ends, steps, window, modes);
                let ends: Vec<Row> = ends.into_iter().map(|time| (time, 1)).collect();
                let ends = log(&ends).sorted(1);
                let ends = ends.groups().next().unwrap();
                assert_eq!(
                    times.times(events, ends),
                    wanted,
                    "{modes:?} {window} {rows:?}"
                );
            }
        }
    }
    assert!(beyond > 4_000, "{beyond}");
}

/// Rows of c1 at 1 and 2 and of c2 at 2: ClickHouse forgets the first when it sees the second.
#[test]
fn a_later_start_hides_nothing_unless_clickhouse_is_asked_for() {
    let events = log(&[(1, 1), (2, 1), (2, 2)]).sorted(1);
    let events = events.groups().next().unwrap();
    let mut modes = Modes {
        increase: true,
        ..Modes::default()
    };
    assert_eq!(Funnel::new(2, 9, modes, true).times(events, &[]), [1, 2]);
    modes.clickhouse = true;
    assert_eq!(Funnel::new(2, 9, modes, true).times(events, &[]), [2]);
}

/// Times may be as far apart as can be.
#[test]
fn the_ends_of_time_are_inside_the_longest_window_only_if_they_are() {
    let events = log(&[(i64::MIN, 1), (-1, 2), (i64::MAX, 4)]).sorted(1);
    let events = events.groups().next().unwrap();
    for modes in all_modes().into_iter().filter(|modes| !modes.order) {
        let mut funnel = Funnel::new(3, i64::MAX as u64, modes, true);
        assert_eq!(funnel.times(events, &[]), [i64::MIN, -1]);
        let mut funnel = Funnel::new(3, u64::MAX, modes, true);
        assert_eq!(funnel.times(events, &[]), [i64::MIN, -1, i64::MAX]);
    }
}

/// A million rows, or many of one time, all of which fulfil one condition, several or all:
/// what would take the square of them would not end.
#[test]
fn a_million_rows_of_one_group_are_looked_at_once() {
    const ROWS: i64 = 1_000_000;
    let spread: Vec<Row> = (0..ROWS).map(|row| (row / 2, 1 << (row % 4))).collect();
    let several: Vec<Row> = (0..ROWS)
        .map(|row| (row / 3, [5, 3, 15][row as usize % 3]))
        .collect();
    let level: Vec<Row> = (0..ROWS / 5)
        .map(|row| (7, 1 + (row % 15) as u32))
        .collect();
    let starts: Vec<Row> = (0..ROWS / 5).map(|row| (row / 2, 1)).collect();
    let all: Vec<Row> = (0..ROWS / 5).map(|row| (row % 1_000, u32::MAX)).collect();
    for rows in [spread, several, level, starts, all] {
        let events = log(&rows).sorted(1);
        let events = events.groups().next().unwrap();
        let steps = if rows[0].1 == u32::MAX { 32 } else { 4 };
        let chosen = |modes: &Modes| !modes.clickhouse && modes.order == modes.reentry;
        for modes in all_modes().into_iter().filter(chosen).step_by(3) {
            let mut funnel = Funnel::new(steps, 5, modes, true);
            assert!(!funnel.times(events, &[]).is_empty());
        }
    }
}
