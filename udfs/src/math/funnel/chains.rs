//! Of the chains that have come to each step, the one that started last.

use super::MOST_STEPS;

/// One chain a step.
#[derive(Debug)]
pub(super) struct Chains {
    steps: usize,
    /// To how many steps chains have come.
    depth: usize,
    /// When the chain of each step started; none beyond `depth`.
    starts: [Option<i64>; MOST_STEPS],
    /// The times of the chain of each step, `steps` places a step; none when they are not wanted.
    times: Vec<i64>,
}

impl Chains {
    pub(super) fn new(steps: usize, with_times: bool) -> Self {
        Self {
            steps,
            depth: 0,
            starts: [None; MOST_STEPS],
            times: vec![0; if with_times { steps * steps } else { 0 }],
        }
    }

    pub(super) fn steps(&self) -> usize {
        self.steps
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn clear(&mut self) {
        self.starts[..self.depth].fill(None);
        self.depth = 0;
    }

    /// When the chain of step `step` started.
    pub(super) fn start(&self, step: usize) -> Option<i64> {
        self.starts[step]
    }

    /// The times of the chain that is the deepest; empty when there is none.
    pub(super) fn deepest(&self) -> &[i64] {
        match self.depth.checked_sub(1) {
            Some(step) => &self.times[step * self.steps..][..=step],
            None => &[],
        }
    }

    /// The chain of the step before `first` goes on at `time` with the steps from `first` to
    /// `last`; one begins when that is the first of all. Of two that started at the same time
    /// the one stays that came here before.
    pub(super) fn go(&mut self, first: usize, last: usize, time: i64) {
        let start = match first.checked_sub(1) {
            Some(before) => self.starts[before],
            None => Some(time),
        };
        if start <= self.starts[last] {
            return;
        }
        self.depth = self.depth.max(last + 1);
        self.starts[last] = start;
        if self.times.is_empty() {
            return;
        }
        let to = last * self.steps;
        if let Some(before) = first.checked_sub(1) {
            let from = before * self.steps;
            self.times.copy_within(from..from + first, to);
        }
        self.times[to + first..=to + last].fill(time);
    }

    pub(super) fn heap_size(&self) -> usize {
        self.times.capacity() * size_of::<i64>()
    }
}
