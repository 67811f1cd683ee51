//! The deepest chain of steps among one group's events: ClickHouse's windowFunnel.
//!
//! A chain is a row of step 1, then one of step 2 and so on, in the order of time, all at most a
//! window after the first; rows at the same time go by step. Looked at from the first event to the
//! last, of all chains that have come to a step only the one that started last matters for what
//! follows, because it stays in its window the longest. So a search keeps one chain a step and
//! looks at each event once.
//!
//! [`Modes`] say which rows a chain may use, and which end the search. Where events at the same
//! time cannot serve one chain together, they are looked at together.

mod chains;
mod held;
mod matching;
mod single;

use std::ops::ControlFlow;

use super::events::Event;
use chains::Chains;
use held::Held;
use matching::Matching;
use single::Single;

/// The most steps of a funnel.
pub(crate) const MOST_STEPS: usize = 32;

/// What ends a search early, and which rows may follow one another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Modes {
    /// A row on which no condition holds ends the search after the first step 1, and so does a
    /// step before which no chain has come.
    pub(crate) order: bool,
    /// With `order`: a step before which no chain has come is passed over.
    pub(crate) reentry: bool,
    /// A step after the first to which a chain has come already ends the search.
    pub(crate) deduplication: bool,
    /// Each row of a chain is later than the one before.
    pub(crate) increase: bool,
    /// A row serves a chain once.
    pub(crate) once: bool,
    /// As in ClickHouse: with `increase` and without `once`, a chain that comes to a step hides
    /// those that came there before it from all events of the same time; with `deduplication` and
    /// `once`, a row that is in every chain may still repeat a step.
    pub(crate) clickhouse: bool,
}

/// What the search does with an event of a step.
enum Verdict {
    /// Sees whether it continues a chain.
    Goes,
    /// Passes over it.
    Ignored,
    /// Ends.
    Ends,
}

impl Modes {
    /// What to do with an event of step `step`, counted from 0, when chains have come to the
    /// first `depth` steps.
    fn verdict(self, step: usize, depth: usize) -> Verdict {
        if step == 0 {
            Verdict::Goes
        } else if depth > step && self.deduplication {
            Verdict::Ends
        } else if depth >= step {
            Verdict::Goes
        } else if self.order && depth > 0 && !self.reentry {
            Verdict::Ends
        } else {
            Verdict::Ignored
        }
    }
}

/// A search for the deepest chain, again and again.
#[derive(Debug)]
pub(crate) struct Funnel {
    window: u64,
    modes: Modes,
    /// The bits of the steps.
    all: u32,
    /// Whether times are wanted, and not only how many there are.
    with_times: bool,
    chains: Chains,
    matching: Matching,
    single: Single,
    depth: usize,
    times: Vec<i64>,
}

impl Funnel {
    /// A search for chains of up to `steps` steps within `window` ticks.
    pub(crate) fn new(steps: usize, window: u64, modes: Modes, with_times: bool) -> Self {
        let steps = steps.clamp(1, MOST_STEPS);
        Self {
            window,
            modes,
            all: u32::MAX >> (MOST_STEPS - steps),
            with_times,
            chains: Chains::new(steps, with_times),
            matching: Matching::default(),
            single: Single::default(),
            depth: 0,
            times: Vec::new(),
        }
    }

    /// How many steps the deepest chain among `events` has, which are in the order of time.
    pub(crate) fn depth(&mut self, events: &[Event]) -> usize {
        self.search(events, &[]);
        self.depth
    }

    /// The times of the deepest chain among `events`, of those the one that started last, each
    /// step as early as can be. Every chain begun ends with an event of `ends`, after the events
    /// of its time. Both are in the order of time.
    pub(crate) fn times(&mut self, events: &[Event], ends: &[Event]) -> &[i64] {
        self.search(events, ends);
        &self.times
    }

    fn search(&mut self, events: &[Event], mut ends: &[Event]) {
        self.depth = 0;
        self.times.clear();
        self.chains.clear();
        self.single.clear();
        let mut row = 0;
        for rows in events.chunk_by(|a, b| a.time == b.time) {
            let time = rows[0].time;
            while let Some((end, others)) = ends.split_first()
                && end.time < time
            {
                self.conclude();
                ends = others;
            }
            if self.look(time, rows, row).is_break() {
                break;
            }
            row += rows.len();
        }
        self.conclude();
    }

    /// Ends every chain that has begun, and remembers the deepest.
    fn conclude(&mut self) {
        let found = if self.is_single() {
            self.single.depth()
        } else {
            self.chains.depth()
        };
        // Chains of later events start later.
        if found > 0 && found >= self.depth {
            self.depth = found;
            if self.with_times {
                self.times.clear();
                match self.is_single() {
                    true => self.single.write_times(self.window, &mut self.times),
                    false => self.times.extend_from_slice(self.chains.deepest()),
                }
            }
        }
        self.chains.clear();
        self.single.clear();
    }

    /// Whether there is only one chain after step 1, whose rows have to be known.
    fn is_single(&self) -> bool {
        self.modes.once && self.modes.deduplication
    }

    /// Looks at all rows of one time, of which the first has number `row`.
    fn look(&mut self, time: i64, rows: &[Event], row: usize) -> ControlFlow<()> {
        let held = Held::at(time, rows, self.all);
        let depth = match self.is_single() {
            true => self.single.depth(),
            false => self.chains.depth(),
        };
        if held.none && self.modes.order && depth > 0 {
            return ControlFlow::Break(());
        }
        if self.is_single() {
            self.single
                .look(self.modes, self.window, held.steps(), rows, row)?;
        } else if self.modes.increase {
            self.look_apart(held)?;
        } else if !self.modes.once || !held.several {
            self.look_together(held)?;
        } else if rows.len() == 1 {
            self.look_apart(held)?;
        } else {
            self.look_matched(held, rows)?;
        }
        let steps = self.chains.steps();
        let complete = self.chains.depth() == steps || self.single.depth() == steps;
        match complete && !self.with_times {
            true => ControlFlow::Break(()),
            false => ControlFlow::Continue(()),
        }
    }

    /// Whether a chain that has come to step `step` may go on at `time`.
    fn is_open(&self, step: usize, time: i64) -> bool {
        self.chains
            .start(step)
            .is_some_and(|start| time.abs_diff(start) <= self.window)
    }

    /// Any number of the rows of this time may serve one chain.
    fn look_together(&mut self, held: Held) -> ControlFlow<()> {
        for step in held.steps() {
            match self.modes.verdict(step, self.chains.depth()) {
                Verdict::Ends => return ControlFlow::Break(()),
                Verdict::Ignored => continue,
                Verdict::Goes if step == 0 => self.chains.go(0, 0, held.time),
                Verdict::Goes if self.is_open(step - 1, held.time) => {
                    self.chains.go(step, step, held.time);
                }
                Verdict::Goes => {}
            }
            if self.repeats(held, step, self.chains.depth()) {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// Whether a second row of this time repeats a step to which a chain has come.
    fn repeats(&self, held: Held, step: usize, depth: usize) -> bool {
        self.modes.deduplication && step > 0 && depth > step && held.twice >> step & 1 == 1
    }

    /// One row of this time at most may serve one chain.
    fn look_apart(&mut self, held: Held) -> ControlFlow<()> {
        let hides = self.modes.clickhouse && !self.modes.once;
        let mut depth = self.chains.depth();
        let mut gone: u32 = 0;
        let mut flow = ControlFlow::Continue(());
        for step in held.steps() {
            match self.modes.verdict(step, depth) {
                Verdict::Ends => {
                    flow = ControlFlow::Break(());
                    break;
                }
                Verdict::Ignored => continue,
                Verdict::Goes => {}
            }
            let goes = step == 0 || {
                let hidden = hides && gone >> (step - 1) & 1 == 1;
                !hidden && self.is_open(step - 1, held.time)
            };
            if goes {
                gone |= 1 << step;
                depth = depth.max(step + 1);
            }
            if self.repeats(held, step, depth) {
                flow = ControlFlow::Break(());
                break;
            }
        }
        // From the last step, so that each chain goes on from before this time.
        while gone != 0 {
            let step = gone.ilog2() as usize;
            gone &= !(1 << step);
            self.chains.go(step, step, held.time);
        }
        flow
    }

    /// Rows of this time may serve one chain, each of them once.
    fn look_matched(&mut self, held: Held, rows: &[Event]) -> ControlFlow<()> {
        self.matching.take(rows, self.all);
        let mut depth = self.chains.depth();
        let mut firsts = [None; MOST_STEPS];
        let mut flow = ControlFlow::Continue(());
        for step in held.steps() {
            match self.modes.verdict(step, depth) {
                Verdict::Ends => {
                    flow = ControlFlow::Break(());
                    break;
                }
                Verdict::Ignored => continue,
                Verdict::Goes => {}
            }
            // With more steps at this time a chain comes from an earlier step, to which chains
            // that started later have come.
            let first = self.matching.first_with(step);
            if first == 0 || self.is_open(first - 1, held.time) {
                firsts[step] = Some(self.latest_with_start(first, step));
                depth = depth.max(step + 1);
            }
        }
        for (step, first) in firsts.into_iter().enumerate().rev() {
            if let Some(first) = first {
                self.chains.go(first, step, held.time);
            }
        }
        flow
    }

    /// Of the steps from `first` to `last`, the last to which a chain can go on that started when
    /// the one before `first` did: it came to the steps between earlier than this time.
    fn latest_with_start(&self, mut first: usize, last: usize) -> usize {
        while first > 0 && first < last && self.chains.start(first) == self.chains.start(first - 1)
        {
            first += 1;
        }
        first
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.chains.heap_size()
            + self.matching.heap_size()
            + self.single.heap_size()
            + self.times.capacity() * size_of::<i64>()
    }
}

#[cfg(test)]
mod tests;
