//! The search against one that tries every way through a pattern, on random events.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::*;
use crate::math::pattern::parse;

const SECOND: u64 = 1_000_000_000;

fn event(time: i64, mask: u32) -> Event {
    let mut event = Event::default();
    (event.time, event.mask) = (time, mask);
    event
}

/// Where the first way through `steps` ends that begins at `at`, and the times that its
/// conditions took. `base` is the event that a time condition measures from. Tries the ways one
/// after another, those first that pass over fewer events first.
fn first_way(
    steps: &[Step],
    events: &[Event],
    at: usize,
    base: usize,
) -> Option<(usize, Vec<i64>)> {
    let Some((step, rest)) = steps.split_first() else {
        return Some((at, Vec::new()));
    };
    let goes_on = |next: usize| first_way(rest, events, next, next);
    let Some(event) = events.get(at) else {
        return match step {
            Step::Skip | Step::Elapsed { open: true, .. } => goes_on(at),
            _ => None,
        };
    };
    match *step {
        Step::Event(condition) if event.mask & condition == 0 => None,
        Step::Event(_) => {
            let (end, mut times) = first_way(rest, events, at + 1, at)?;
            times.insert(0, event.time);
            Some((end, times))
        }
        Step::Any => first_way(rest, events, at + 1, at),
        Step::Skip => (at..events.len()).find_map(goes_on),
        Step::Elapsed { least, most, .. } => (at..events.len())
            .filter(|&next| {
                let ticks = i128::from(events[next].time) - i128::from(events[base].time);
                (i128::from(least)..=i128::from(most)).contains(&ticks)
            })
            .find_map(goes_on),
    }
}

fn first_occurrence(steps: &[Step], events: &[Event], start: usize) -> Option<(usize, Vec<i64>)> {
    let with_skip = [&[Step::Skip], steps].concat();
    first_way(&with_skip, events, start, start)
}

fn random_pattern(random: &mut StdRng) -> String {
    let mut pattern = String::new();
    let mut after_time = false;
    for _ in 0..random.random_range(0..7) {
        let choice = random.random_range(0..10);
        if choice < 5 {
            pattern.push_str(&format!("(?{})", random.random_range(1..4)));
        } else if choice < 6 {
            pattern.push('.');
        } else if choice < 8 {
            pattern.push_str(".*");
        } else if !after_time {
            let comparison = [">=", ">", "<=", "<", "=="][random.random_range(0..5)];
            let seconds = random.random_range(0..5);
            pattern.push_str(&format!("(?t{comparison}{seconds})"));
        }
        after_time = choice >= 8;
    }
    pattern
}

fn random_events(random: &mut StdRng) -> Vec<Event> {
    let span = random.random_range(1..20);
    let masks = if random.random_bool(0.5) { 1..8 } else { 1..4 };
    let mut events: Vec<Event> = (0..random.random_range(0..11))
        .map(|_| {
            event(
                random.random_range(0..span),
                random.random_range(masks.clone()),
            )
        })
        .collect();
    events.sort_unstable_by_key(|event| (event.time, event.mask));
    events
}

#[test]
fn the_search_finds_what_trying_every_way_does() {
    let random = &mut StdRng::seed_from_u64(1);
    let mut found = 0;
    for _ in 0..60_000 {
        let pattern = random_pattern(random);
        let steps = parse(&pattern, 3, SECOND).unwrap();
        let events = random_events(random);
        let mut sequence = Sequence::new(steps.clone());
        let case = format!("{pattern} among {events:?}");

        let occurs = !events.is_empty() && first_occurrence(&steps, &events, 0).is_some();
        assert_eq!(sequence.occurs(&events), occurs, "{case}");
        found += u32::from(occurs && steps.len() > 2);

        let (mut count, mut start) = (0, 0);
        while start < events.len()
            && let Some((end, _)) = first_occurrence(&steps, &events, start)
        {
            count += 1;
            start = end.max(start + 1);
        }
        assert_eq!(sequence.count(&events), count, "{case}");

        let is_event = |length: &usize| matches!(steps[length - 1], Step::Event(_));
        let lengths = (1..=steps.len()).rev().filter(is_event);
        let longest = lengths
            .filter_map(|length| first_occurrence(&steps[..length], &events, 0))
            .next();
        let mut times = Vec::new();
        sequence.for_each_time(&events, |time| times.push(time));
        assert_eq!(times, longest.map_or(vec![], |(_, times)| times), "{case}");
    }
    assert!(found > 10_000, "{found}");
}

/// Times at both ends of what there is, where their difference is beyond an i64.
#[test]
fn the_ends_of_time_are_apart() {
    let events = [event(i64::MIN, 1), event(i64::MAX, 2)];
    let occurs = |pattern: &str| Sequence::new(parse(pattern, 2, SECOND).unwrap()).occurs(&events);
    assert!(occurs("(?1)(?t==18446744073709551615)(?2)"));
    assert!(occurs("(?1)(?t>9223372036854775808)(?2)"));
    assert!(!occurs("(?1)(?t<18446744073709551615)(?2)"));
}

/// More than a word of events, and the words' edges.
#[test]
fn long_histories_are_counted() {
    for length in [63, 64, 65, 127, 128, 1_000] {
        let events: Vec<Event> = (0..length).map(|at| event(at, 1 + at as u32 % 2)).collect();
        let count =
            |pattern: &str| Sequence::new(parse(pattern, 2, SECOND).unwrap()).count(&events) as i64;
        assert_eq!(count("(?1)(?2)"), length / 2);
        assert_eq!(count("(?1).*(?2)"), length / 2);
        assert_eq!(count("(?1)(?t>=3)(?2)"), length / 4);
        assert_eq!(count("(?2)(?1)"), (length - 1) / 2);
        assert_eq!(count(".."), length / 2);
        assert_eq!(count(""), length);
    }
}

/// A hundred thousand events, over which a search that steps back would not end.
#[test]
fn a_long_history_is_searched_in_one_go() {
    let events: Vec<Event> = (0..100_000).map(|at| event(at, 1 << (at % 2))).collect();
    for pattern in [
        "(?1).*(?2).*(?3)",
        "(?1)(?t<=3600)(?2)(?t<=3600)(?1)(?t<=3600)(?3)",
        "(?1).*(?2).*(?2)(?t>60)(?1)(?1)",
        "(?1).*.(?t==50000).*(?2).*(?t>49999)(?2).*(?1)(?1)",
    ] {
        let mut sequence = Sequence::new(parse(pattern, 3, SECOND).unwrap());
        assert!(!sequence.occurs(&events), "{pattern}");
        assert_eq!(sequence.count(&events), 0, "{pattern}");
        sequence.for_each_time(&events, |_| ());
    }
    let mut sequence = Sequence::new(parse("(?1).*(?2)(?t<=3600)(?1)", 2, SECOND).unwrap());
    assert_eq!(sequence.count(&events), 25_000);
}

#[test]
fn the_memory_of_a_search_is_known_before_it() {
    let events: Vec<Event> = (0..100_000).map(|at| event(at, 1 << (at % 2))).collect();
    let mut sequence = Sequence::new(parse("(?1).*(?2)(?t<=3600)(?1)", 2, SECOND).unwrap());
    let before = sequence.heap_size(events.len());
    assert!(sequence.occurs(&events));
    assert!((before..2 * before).contains(&sequence.heap_size(events.len())));
}
