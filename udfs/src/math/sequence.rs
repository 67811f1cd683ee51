//! The search for patterns among events in the order of time.
//!
//! A pattern is found at the earliest event with which it can begin, and each of its steps that
//! pass over events passes over as few as the rest of the pattern allows. So every step comes to
//! the earliest event to which it comes in any occurrence, since two occurrences of which one is
//! ahead first and the other later meet at an event, from which both can go on alike. Behind the
//! last event, steps that need no event still hold: `.*`, and time conditions that are open.
//!
//! To search in steps · events, whatever the pattern, the table says for each step and event
//! whether the rest of the pattern, from this step on, can be found when the step begins at this
//! event. It is filled from the last step to the first. A time condition measures from the event
//! before it if a step took that one, else from the event at which it begins, so that this, too,
//! is known by step and event; both ends of what it spans move one way only. An occurrence is
//! then read off in one go, without a step back.

use crate::math::events::Event;
use crate::math::pattern::Step;

/// A pattern, with the memory for searches.
#[derive(Debug)]
pub(crate) struct Sequence {
    steps: Vec<Step>,
    /// For each step that is an event's: the pattern's length with it, and the conditions that it
    /// needs up to there.
    ends: Vec<(usize, u32)>,
    table: Table,
}

impl Sequence {
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        let mut needed = 0;
        let mut ends = Vec::new();
        for (index, step) in steps.iter().enumerate() {
            if let Step::Event(condition) = step {
                needed |= condition;
                ends.push((index + 1, needed));
            }
        }
        Self {
            steps,
            ends,
            table: Table::default(),
        }
    }

    /// Whether the pattern occurs among `events`, which are sorted by time: never among none.
    pub(crate) fn occurs(&mut self, events: &[Event]) -> bool {
        let needed = self.ends.last().map_or(0, |&(_, needed)| needed);
        if needed & !seen(events) != 0 {
            return false;
        }
        self.table.fill(&self.steps, events);
        self.table.first(0, 0).is_some()
    }

    /// How often the pattern occurs, each time after the last event of the time before.
    pub(crate) fn count(&mut self, events: &[Event]) -> u64 {
        let mut count = 0;
        if !self.occurs(events) {
            return count;
        }
        let mut start = 0;
        while start < events.len()
            && let Some(end) = self.table.walk(&self.steps, events, start, |_| ())
        {
            count += 1;
            // An occurrence without events also takes one.
            start = end.max(start + 1);
        }
        count
    }

    /// Calls `each` with the time of every event that a condition of the pattern took, in the
    /// first of the occurrences of the longest beginning of the pattern that occurs at all.
    pub(crate) fn for_each_time(&mut self, events: &[Event], each: impl FnMut(i64)) {
        let Self { steps, ends, table } = self;
        let seen = seen(events);
        // What has no occurrence has none when it is longer.
        let found = ends.partition_point(|&(length, needed)| {
            needed & !seen == 0 && {
                table.fill(&steps[..length], events);
                table.first(0, 0).is_some()
            }
        });
        if let Some((length, _)) = found.checked_sub(1).and_then(|last| ends.get(last)) {
            table.fill(&steps[..*length], events);
            table.walk(&steps[..*length], events, 0, each);
        }
    }

    /// Bytes on the heap, with those that it takes to search so many events.
    pub(crate) fn heap_size(&self, events: usize) -> usize {
        let words = Table::words(events) * (self.steps.len() + 1);
        self.steps.capacity() * size_of::<Step>()
            + self.ends.capacity() * size_of::<(usize, u32)>()
            + self.table.bits.capacity().max(words) * size_of::<u64>()
    }
}

/// The conditions that hold somewhere.
fn seen(events: &[Event]) -> u32 {
    events.iter().fold(0, |seen, event| seen | event.mask)
}

/// Ticks from one event to one that is not before it.
fn ticks(from: &Event, to: &Event) -> u64 {
    to.time.wrapping_sub(from.time).cast_unsigned()
}

/// How many events before the one at which it begins a time condition measures from.
fn events_back(steps: &[Step], index: usize) -> usize {
    let before = index.checked_sub(1).and_then(|before| steps.get(before));
    usize::from(before.is_some_and(|step| step.takes_one()))
}

/// For each step, and for the end of the pattern, the events at which it may begin, as bits.
/// Position `events` is behind all events.
#[derive(Debug, Default)]
struct Table {
    events: usize,
    /// Of 64 bits, in a row.
    words: usize,
    bits: Vec<u64>,
}

impl Table {
    /// How many words a row has for so many events, and the place behind them.
    fn words(events: usize) -> usize {
        events / 64 + 1
    }

    fn fill(&mut self, steps: &[Step], events: &[Event]) {
        let end = events.len();
        self.events = end;
        self.words = Self::words(end);
        self.bits.clear();
        self.bits.resize(self.words * steps.len(), 0);
        // Where the pattern has ended, all is well.
        self.bits.resize(self.words * (steps.len() + 1), u64::MAX);
        for (row, step) in steps.iter().enumerate().rev() {
            match *step {
                Step::Event(condition) => {
                    for (at, event) in events.iter().enumerate() {
                        self.set(
                            row,
                            at,
                            event.mask & condition != 0 && self.get(row + 1, at + 1),
                        );
                    }
                }
                Step::Any => {
                    for at in 0..end {
                        self.set(row, at, self.get(row + 1, at + 1));
                    }
                }
                Step::Skip => {
                    self.set(row, end, self.get(row + 1, end));
                    let last = (0..end).rfind(|&at| self.get(row + 1, at));
                    for at in 0..last.map_or(0, |last| last + 1) {
                        self.set(row, at, true);
                    }
                }
                Step::Elapsed { least, most, open } => {
                    self.set(row, end, open && self.get(row + 1, end));
                    let back = events_back(steps, row);
                    // The first event that is late enough, and the first from there on from
                    // which the pattern goes on.
                    let (mut late, mut next) = (end, None);
                    for at in (back..end).rev() {
                        let base = &events[at - back];
                        while late > at && ticks(base, &events[late - 1]) >= least {
                            late -= 1;
                            if self.get(row + 1, late) {
                                next = Some(late);
                            }
                        }
                        let found = next.is_some_and(|next| ticks(base, &events[next]) <= most);
                        self.set(row, at, found);
                    }
                }
            }
        }
    }

    /// Reads off the first occurrence from `start` on of the steps that the table is of. Calls
    /// `each` with the times of its conditions' events, and returns where it ends.
    fn walk(
        &self,
        steps: &[Step],
        events: &[Event],
        start: usize,
        mut each: impl FnMut(i64),
    ) -> Option<usize> {
        let mut at = self.first(0, start)?;
        for (row, step) in steps.iter().enumerate() {
            match *step {
                Step::Event(_) => {
                    each(events[at].time);
                    at += 1;
                }
                Step::Any => at += 1,
                // Nothing is left to pass over.
                _ if at == events.len() => {}
                Step::Skip => at = self.first(row + 1, at)?,
                Step::Elapsed { least, .. } => {
                    let base = &events[at - events_back(steps, row)];
                    let early = |event: &Event| ticks(base, event) < least;
                    at = self.first(row + 1, at + events[at..].partition_point(early))?;
                }
            }
        }
        Some(at)
    }

    #[inline]
    fn get(&self, row: usize, at: usize) -> bool {
        self.bits[row * self.words + at / 64] >> (at % 64) & 1 == 1
    }

    #[inline]
    fn set(&mut self, row: usize, at: usize, value: bool) {
        self.bits[row * self.words + at / 64] |= u64::from(value) << (at % 64);
    }

    /// The first event from `start` on at which `row` may begin.
    fn first(&self, row: usize, start: usize) -> Option<usize> {
        let words = &self.bits[row * self.words..][..self.words];
        let mut mask = u64::MAX << (start % 64);
        for (index, word) in words.iter().enumerate().skip(start / 64) {
            let word = word & mask;
            if word != 0 {
                let at = index * 64 + word.trailing_zeros() as usize;
                return (at < self.events).then_some(at);
            }
            mask = u64::MAX;
        }
        None
    }
}

#[cfg(test)]
mod tests;
