//! Which steps that follow one another can be served by rows of one time, each of them once.
//!
//! That is a matching of steps with rows, found by augmenting paths (Kuhn 1955). A step that can
//! be served by as many rows as there are steps always finds one that is left, so that no more
//! rows of it need be looked at.

use super::MOST_STEPS;
use super::held::bits;
use crate::math::events::Event;

/// No step.
const NONE: u8 = u8::MAX;

/// Rows of one time, and which of them serve the steps from one to another.
#[derive(Debug, Default)]
pub(super) struct Matching {
    /// Rows that can serve each step.
    rows: [Vec<u32>; MOST_STEPS],
    /// The step that each row serves.
    served: Vec<u8>,
    /// The row that serves each step.
    serving: [u32; MOST_STEPS],
    /// The search in which each row was looked at last.
    seen: Vec<u32>,
    searches: u32,
    /// The steps served are those from the first to before the second.
    first: usize,
    next: usize,
}

impl Matching {
    /// Takes the rows of a time, of which none serves a step yet.
    pub(super) fn take(&mut self, rows: &[Event], all: u32) {
        for step in &mut self.rows {
            step.clear();
        }
        for (number, row) in (0..).zip(rows) {
            for step in bits(row.mask & all) {
                if self.rows[step].len() < MOST_STEPS {
                    self.rows[step].push(number);
                }
            }
        }
        self.served.clear();
        self.served.resize(rows.len(), NONE);
        self.seen.clear();
        self.seen.resize(rows.len(), 0);
        self.searches = 0;
        self.first = 0;
        self.next = 0;
    }

    /// The first step from which all up to `step` can be served. Some row can serve `step`, and
    /// it is later than at the last call.
    pub(super) fn first_with(&mut self, step: usize) -> usize {
        if step != self.next {
            // Nothing serves a step between.
            self.release_before(self.next);
            self.first = step;
        }
        while self.first < step && !self.serve(step) {
            self.release_before(self.first + 1);
        }
        if self.first == step {
            self.serve(step);
        }
        self.next = step + 1;
        self.first
    }

    /// Frees the rows that serve the steps before `end`.
    fn release_before(&mut self, end: usize) {
        for step in self.first..end {
            self.served[self.serving[step] as usize] = NONE;
        }
        self.first = end;
    }

    fn serve(&mut self, step: usize) -> bool {
        self.searches += 1;
        self.augment(step)
    }

    /// Finds a row for `step`, if need be by giving other rows to other steps.
    fn augment(&mut self, step: usize) -> bool {
        for place in 0..self.rows[step].len() {
            let row = self.rows[step][place];
            let at = row as usize;
            if self.seen[at] == self.searches {
                continue;
            }
            self.seen[at] = self.searches;
            if self.served[at] == NONE || self.augment(usize::from(self.served[at])) {
                self.served[at] = step as u8;
                self.serving[step] = row;
                return true;
            }
        }
        false
    }

    pub(super) fn heap_size(&self) -> usize {
        let rows: usize = self.rows.iter().map(Vec::capacity).sum();
        (rows + self.seen.capacity()) * size_of::<u32>() + self.served.capacity()
    }
}
