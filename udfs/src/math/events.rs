//! Events of many groups: when each happened, and which conditions held.
//!
//! Events are appended as they come, 16 bytes each. Only when something is asked for they are
//! sorted, by counting, into their groups, and in each group by time where they are not already.

use crate::math::chunked::Chunked;
use crate::math::counting_sort;

/// What happened in one row of a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Event {
    /// When, in ticks of the column.
    pub(crate) time: i64,
    /// The conditions that held, from the lowest bit; or another number that tells events apart.
    pub(crate) mask: u32,
    group: u32,
}

/// The events of many groups, in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct EventLog {
    groups: usize,
    events: Chunked<Event>,
}

/// The events of some groups, group after group.
#[derive(Debug)]
pub(crate) struct Sorted {
    events: Vec<Event>,
    /// Where each group's events end.
    ends: Vec<usize>,
}

/// Times and masks of some groups, group after group.
#[derive(Debug)]
pub(crate) struct Lists {
    pub(crate) times: Vec<i64>,
    pub(crate) masks: Vec<u32>,
    /// Where each group's end.
    pub(crate) ends: Vec<usize>,
}

impl Lists {
    /// No groups yet, with room for so many events and groups.
    pub(crate) fn with_capacity(rows: usize) -> Self {
        Self {
            times: Vec::with_capacity(rows),
            masks: Vec::with_capacity(rows),
            ends: Vec::with_capacity(rows),
        }
    }
}

impl Sorted {
    /// The events of each group, by time, those at the same time by mask.
    pub(crate) fn groups(&self) -> impl ExactSizeIterator<Item = &[Event]> {
        let mut start = 0;
        self.ends
            .iter()
            .map(move |&end| &self.events[std::mem::replace(&mut start, end)..end])
    }
}

impl EventLog {
    /// Makes it `groups` groups, at most 2³², the new ones without events.
    pub(crate) fn grow(&mut self, groups: usize) {
        self.groups = groups;
    }

    /// How many groups there are.
    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.events.len()
    }

    /// Adds the rows for which `keep` holds; the slices have an entry a row.
    pub(crate) fn extend(
        &mut self,
        groups: &[usize],
        masks: &[u32],
        times: &[i64],
        keep: impl Fn(usize, u32) -> bool,
    ) {
        let events = self.events.end(groups.len());
        let before = events.len();
        events.resize(before + groups.len(), Event::default());
        let free = &mut events[before..];
        let mut kept = 0;
        let rows = groups.iter().zip(masks).zip(times).enumerate();
        for (row, ((&group, &mask), &time)) in rows {
            // Written in any case, since to go on or not costs less than a branch that no
            // processor can foresee.
            free[kept] = Event {
                time,
                mask,
                group: group as u32,
            };
            kept += usize::from(keep(row, mask));
        }
        events.truncate(before + kept);
    }

    /// Adds events of one group.
    pub(crate) fn append(&mut self, group: usize, masks: &[u32], times: &[i64]) {
        let events = masks.iter().zip(times).map(|(&mask, &time)| Event {
            time,
            mask,
            group: group as u32,
        });
        self.events.end(times.len()).extend(events);
    }

    /// The events of the first `groups` groups, each group's by time and mask.
    pub(crate) fn sorted(&self, groups: usize) -> Sorted {
        self.sorted_as(groups, |mask| mask)
    }

    /// The same with the masks that `rename` gives them.
    pub(crate) fn sorted_as(&self, groups: usize, rename: impl Fn(u32) -> u32) -> Sorted {
        let (mut ends, total) = self.starts(groups);
        let mut events = vec![Event::default(); total];
        self.scatter(&mut ends, |position, event| {
            events[position] = Event {
                mask: rename(event.mask),
                ..*event
            };
        });
        let mut rest = events.as_mut_slice();
        let mut start = 0;
        for &end in &ends {
            let (group, others) = rest.split_at_mut(end - std::mem::replace(&mut start, end));
            group.sort_unstable_by_key(|event| (event.time, event.mask));
            rest = others;
        }
        Sorted { events, ends }
    }

    /// The times and masks of the first `groups` groups, each group's in the order in which they
    /// came.
    pub(crate) fn lists(&self, groups: usize) -> Lists {
        let (mut ends, total) = self.starts(groups);
        let mut times = vec![0; total];
        let mut masks = vec![0; total];
        self.scatter(&mut ends, |position, event| {
            times[position] = event.time;
            masks[position] = event.mask;
        });
        Lists { times, masks, ends }
    }

    /// Where each of the first `groups` groups starts among their events, and how many these are.
    fn starts(&self, groups: usize) -> (Vec<usize>, usize) {
        let mut starts = vec![0; groups];
        self.events.iter().for_each(|event| {
            if let Some(count) = starts.get_mut(event.group as usize) {
                *count += 1;
            }
        });
        let total = counting_sort::starts(&mut starts);
        (starts, total)
    }

    /// Calls `place` with every event of the groups that have `starts`, and its position; these
    /// become ends.
    fn scatter(&self, starts: &mut [usize], mut place: impl FnMut(usize, &Event)) {
        self.events.iter().for_each(|event| {
            if let Some(position) = starts.get_mut(event.group as usize) {
                place(*position, event);
                *position += 1;
            }
        });
    }

    /// The masks of all events.
    pub(crate) fn masks(&self) -> impl Iterator<Item = u32> {
        self.events.iter().map(|event| event.mask)
    }

    /// Gives every event another mask for its own.
    pub(crate) fn rename(&mut self, mask: impl Fn(u32) -> u32) {
        self.events
            .iter_mut()
            .for_each(|event| event.mask = mask(event.mask));
    }

    /// Forgets the first `groups` groups; the next one becomes number 0.
    pub(crate) fn discard(&mut self, groups: usize) {
        self.groups -= groups;
        if self.groups == 0 {
            self.events = Chunked::default();
            return;
        }
        self.events.retain_mut(|event| {
            let left = (event.group as usize).checked_sub(groups);
            event.group = left.unwrap_or_default() as u32;
            left.is_some()
        });
    }

    /// Bytes on the heap, with those that it takes to sort the events.
    pub(crate) fn heap_size(&self) -> usize {
        (self.events.capacity() + self.events.len()) * size_of::<Event>()
            + self.groups * size_of::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    const GROUPS: usize = 6;

    /// Random batches and lists, against a sorted vector a group; then without the first groups.
    #[test]
    fn groups_have_their_events_in_order() {
        for seed in 0..200 {
            let random = &mut StdRng::seed_from_u64(seed);
            let mut log = EventLog::default();
            log.grow(GROUPS);
            let mut wanted = vec![Vec::new(); GROUPS];
            for _ in 0..random.random_range(0..5) {
                let rows = random.random_range(0..40);
                let groups: Vec<usize> =
                    (0..rows).map(|_| random.random_range(0..GROUPS)).collect();
                let masks: Vec<u32> = (0..rows).map(|_| random.random_range(0..4)).collect();
                let times: Vec<i64> = (0..rows).map(|_| random.random_range(-5..5)).collect();
                let all = random.random_bool(0.3);
                log.extend(&groups, &masks, &times, |_, mask| all || mask != 0);
                for row in (0..rows).filter(|&row| all || masks[row] != 0) {
                    wanted[groups[row]].push((times[row], masks[row]));
                }
                let group = random.random_range(0..GROUPS);
                log.append(group, &masks, &times);
                wanted[group].extend(times.into_iter().zip(masks));
            }
            assert_eq!(log.len(), wanted.iter().map(Vec::len).sum::<usize>());
            assert_lists(&log, &wanted);
            wanted.iter_mut().for_each(|group| group.sort_unstable());
            assert_eq!(found(&log.sorted(GROUPS)), wanted, "seed {seed}");
            let first = random.random_range(0..=GROUPS);
            assert_eq!(found(&log.sorted(first)), wanted[..first], "seed {seed}");
            log.rename(|mask| 3 - mask);
            assert_eq!(found(&log.sorted_as(GROUPS, |mask| 3 - mask)), wanted);
            log.rename(|mask| 3 - mask);
            log.discard(first);
            assert_eq!(log.groups(), GROUPS - first);
            let rest = log.sorted(GROUPS - first);
            assert_eq!(found(&rest), wanted[first..], "seed {seed}");
            let bytes = 2 * size_of::<Event>() * log.len();
            assert!(log.heap_size() >= bytes);
        }
    }

    fn found(sorted: &Sorted) -> Vec<Vec<(i64, u32)>> {
        let groups = sorted.groups();
        groups
            .map(|group| group.iter().map(|event| (event.time, event.mask)).collect())
            .collect()
    }

    fn assert_lists(log: &EventLog, wanted: &[Vec<(i64, u32)>]) {
        let lists = log.lists(GROUPS);
        let mut start = 0;
        for (&end, wanted) in lists.ends.iter().zip(wanted) {
            let times = lists.times[start..end].iter().copied();
            let masks = lists.masks[start..end].iter().copied();
            assert_eq!(times.zip(masks).collect::<Vec<_>>(), *wanted);
            start = end;
        }
    }

    #[test]
    fn an_event_takes_sixteen_bytes() {
        assert_eq!(size_of::<Event>(), 16);
    }
}
