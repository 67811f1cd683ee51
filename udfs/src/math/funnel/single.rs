//! The one chain of a search in which a step may not be repeated and a row serves a chain once.
//!
//! The first row that continues a chain to a step is the step's for good, since a second ends the
//! search, unless every chain holds that row already. So the chains that have come to a step
//! differ in step 1 only, and it is enough to know which rows may be that.

use std::ops::ControlFlow;

use super::{Modes, Verdict};
use crate::math::events::Event;

/// The rows of the chain.
#[derive(Debug, Default)]
pub(super) struct Single {
    /// Rows of step 1, and their times.
    firsts: Vec<(usize, i64)>,
    /// How many of them may stand before step 2.
    eligible: usize,
    /// The rows of the later steps, and their times.
    path: Vec<(usize, i64)>,
}

impl Single {
    pub(super) fn clear(&mut self) {
        self.firsts.clear();
        self.path.clear();
    }

    pub(super) fn depth(&self) -> usize {
        match self.firsts.is_empty() {
            true => 0,
            false => 1 + self.path.len(),
        }
    }

    /// Looks at the rows of one time, the first of which has number `first`.
    pub(super) fn look(
        &mut self,
        modes: Modes,
        window: u64,
        steps: impl Iterator<Item = usize>,
        rows: &[Event],
        first: usize,
    ) -> ControlFlow<()> {
        let earlier = self.firsts.len();
        for step in steps {
            let numbered = (first..).zip(rows);
            for (row, event) in numbered.filter(|(_, event)| event.mask >> step & 1 == 1) {
                let time = event.time;
                if step == 0 {
                    self.firsts.push((row, time));
                    continue;
                }
                let depth = self.depth();
                let is_held = depth > step && !modes.clickhouse && !self.differs(step, window, row);
                match modes.verdict(step, depth) {
                    Verdict::Goes => {}
                    Verdict::Ends if is_held => continue,
                    Verdict::Ends => return ControlFlow::Break(()),
                    Verdict::Ignored => continue,
                }
                let before = self.path.last().copied();
                if modes.increase && before.is_some_and(|(_, before)| before >= time) {
                    continue;
                }
                let eligible = match before {
                    Some(_) => self.eligible,
                    None if modes.increase => earlier,
                    None => self.firsts.len(),
                };
                let in_path = self.path.iter().any(|&(other, _)| other == row);
                let start = self.start(eligible, &self.path, row, time, window);
                if !in_path && start.is_some() {
                    self.eligible = eligible;
                    self.path.push((row, time));
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Whether some chain that has come to step `step` does not hold `row`.
    fn differs(&self, step: usize, window: u64, row: usize) -> bool {
        let path = &self.path[..step];
        let Some(&(_, last)) = path.last() else {
            return true;
        };
        !path.iter().any(|&(other, _)| other == row)
            && self.start(self.eligible, path, row, last, window).is_some()
    }

    /// The last of the first `eligible` rows of step 1 that are neither on `path` nor `row`, if
    /// its window reaches to `time`.
    fn start(
        &self,
        eligible: usize,
        path: &[(usize, i64)],
        row: usize,
        time: i64,
        window: u64,
    ) -> Option<i64> {
        let is_free = |&&(first, _): &&(usize, i64)| {
            first != row && path.iter().all(|&(other, _)| other != first)
        };
        let (_, start) = self.firsts[..eligible].iter().rev().find(is_free)?;
        (time.abs_diff(*start) <= window).then_some(*start)
    }

    /// Writes the times of the deepest chain, of those the one that started last.
    pub(super) fn write_times(&self, window: u64, times: &mut Vec<i64>) {
        let start = match self.path.last() {
            Some(&(_, last)) => self.start(self.eligible, &self.path, usize::MAX, last, window),
            None => self.firsts.last().map(|&(_, time)| time),
        };
        times.extend(start);
        times.extend(self.path.iter().map(|&(_, time)| time));
    }

    pub(super) fn heap_size(&self) -> usize {
        (self.firsts.capacity() + self.path.capacity()) * size_of::<(usize, i64)>()
    }
}
