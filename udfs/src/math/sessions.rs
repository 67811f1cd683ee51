//! Where sessions begin: at the first event, and at each that comes too late for the one before.

use crate::math::counting_sort::starts;

/// What ends a session, in ticks of the times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SessionRule {
    /// The longest time between two events that follow each other within a session.
    pub(crate) gap: u64,
    /// The longest time from the first event of a session to any other.
    pub(crate) max_length: u64,
}

/// The sessions of one customer's events, as far as they have come.
#[derive(Debug)]
pub(crate) struct Sessions {
    rule: SessionRule,
    /// How many sessions have begun.
    number: i64,
    started: i64,
    last: i64,
}

impl Sessions {
    /// No events yet.
    pub(crate) fn new(rule: SessionRule) -> Self {
        Self {
            rule,
            number: 0,
            started: i64::MIN,
            last: i64::MIN,
        }
    }

    /// The number, from 1, of the session that an event at `time` belongs to; `None` if that is
    /// before the last event.
    #[inline]
    pub(crate) fn next(&mut self, time: i64) -> Option<i64> {
        if time < self.last {
            return None;
        }
        let is_first = self.number == 0;
        if is_first
            || elapsed(self.last, time) > self.rule.gap
            || elapsed(self.started, time) > self.rule.max_length
        {
            self.number += 1;
            self.started = time;
        }
        self.last = time;
        Some(self.number)
    }
}

/// The number of the session of each event of many customers, in any order: event `i` is of
/// customer `customers[i]`, all of which are below `count`, at `times[i]`, and has the number 0
/// unless `is_known(i)`.
pub(crate) fn session_numbers(
    rule: SessionRule,
    customers: &[usize],
    count: usize,
    times: &[i64],
    is_known: impl Fn(usize) -> bool,
) -> Vec<i64> {
    let mut ends = vec![0; count];
    let known = || (0..times.len()).filter(|&event| is_known(event));
    known().for_each(|event| ends[customers[event]] += 1);
    let mut events = vec![(0, 0); starts(&mut ends)];
    for event in known() {
        let place = &mut ends[customers[event]];
        events[*place] = (times[event], event);
        *place += 1;
    }
    let mut numbers = vec![0; times.len()];
    let mut start = 0;
    for end in ends {
        let events = &mut events[std::mem::replace(&mut start, end)..end];
        if !events.is_sorted() {
            events.sort_unstable();
        }
        let mut sessions = Sessions::new(rule);
        for &(time, event) in &*events {
            // Sorted times do not go backwards.
            numbers[event] = sessions.next(time).unwrap_or_default();
        }
    }
    numbers
}

/// The ticks from a time to one that is not before it.
#[inline]
pub(crate) fn elapsed(from: i64, to: i64) -> u64 {
    // The distance of any two fits, though their difference may not.
    to.wrapping_sub(from).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn numbers(gap: u64, max_length: u64, times: &[i64]) -> Vec<Option<i64>> {
        let mut sessions = Sessions::new(SessionRule { gap, max_length });
        times.iter().map(|time| sessions.next(*time)).collect()
    }

    #[test]
    fn a_gap_must_be_exceeded() {
        let times = [0, 10, 20, 31, 31, 42];
        let wanted = [1, 1, 1, 2, 2, 3].map(Some);
        assert_eq!(numbers(10, u64::MAX, &times), wanted);
    }

    #[test]
    fn so_must_a_length_which_counts_from_the_sessions_own_start() {
        let times = [0, 10, 20, 25, 35, 45, 46];
        let wanted = [1, 1, 1, 2, 2, 2, 3].map(Some);
        assert_eq!(numbers(10, 20, &times), wanted);
        assert_eq!(numbers(0, 0, &[1, 1, 2]), [1, 1, 2].map(Some));
    }

    #[test]
    fn the_ends_of_time_are_apart() {
        let times = [i64::MIN, i64::MIN, i64::MAX, i64::MAX];
        let wanted = [1, 1, 2, 2].map(Some);
        assert_eq!(numbers(u64::MAX - 1, u64::MAX, &times), wanted);
        assert_eq!(numbers(u64::MAX, u64::MAX - 1, &times), wanted);
        assert_eq!(numbers(u64::MAX, u64::MAX, &times), [Some(1); 4]);
    }

    #[test]
    fn times_that_go_backwards_have_no_number() {
        assert_eq!(
            numbers(5, 5, &[3, 2, 9]),
            [Some(1), None, Some(2)],
            "and change nothing"
        );
    }

    /// Random times against the definition, which looks for the start of each event's session.
    #[test]
    fn sessions_equal_their_definition() {
        for seed in 0..200 {
            let random = &mut StdRng::seed_from_u64(seed);
            let (gap, max_length) = (random.random_range(0..8), random.random_range(0..30));
            let mut times: Vec<i64> = (0..random.random_range(0..60))
                .map(|_| random.random_range(0..200))
                .collect();
            times.sort_unstable();
            let mut starts: Vec<i64> = Vec::new();
            let mut wanted = Vec::new();
            for (index, &time) in times.iter().enumerate() {
                let follows = index > 0 && (time - times[index - 1]) as u64 <= gap;
                let fits = starts
                    .last()
                    .is_some_and(|s| (time - s) as u64 <= max_length);
                if !(follows && fits) {
                    starts.push(time);
                }
                wanted.push(Some(starts.len() as i64));
            }
            assert_eq!(numbers(gap, max_length, &times), wanted, "seed {seed}");
        }
    }
}
