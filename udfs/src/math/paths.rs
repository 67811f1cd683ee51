//! Paths through sessions: which event follows which, and how far from the session's start.

use crate::math::sessions::{SessionRule, Sessions, elapsed};

/// All transitions of one customer between the same two events at the same depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Edge {
    /// The place of the event that is left within its session, from 1.
    pub(crate) depth: u32,
    /// The number of the event that is left.
    pub(crate) source: u32,
    /// The number of the event that follows it.
    pub(crate) target: u32,
    /// How many transitions there are.
    pub(crate) n: i64,
    /// How long they take together, in ticks.
    pub(crate) ticks: u128,
}

/// Finds the edges of one customer after the other.
#[derive(Debug)]
pub(crate) struct Paths {
    /// The longest time between two events of a session, in ticks.
    gap: u64,
    /// The largest depth that is wanted.
    depth: u32,
    /// The transitions of the last customer, for their memory.
    steps: Vec<(u32, u32, u32, u64)>,
}

impl Paths {
    pub(crate) fn new(gap: u64, depth: u32) -> Self {
        Self {
            gap,
            depth,
            steps: Vec::new(),
        }
    }

    /// Bytes on the heap.
    pub(crate) fn heap_size(&self) -> usize {
        self.steps.capacity() * size_of::<(u32, u32, u32, u64)>()
    }

    /// Appends to `edges` those of one customer, by depth, source and target. `events` are times
    /// and the numbers of what happened, in their order.
    pub(crate) fn append(
        &mut self,
        events: impl Iterator<Item = (i64, u32)>,
        edges: &mut Vec<Edge>,
    ) {
        self.steps.clear();
        let mut sessions = Sessions::new(SessionRule {
            gap: self.gap,
            max_length: u64::MAX,
        });
        let mut last = None;
        let mut depth = 0;
        for (time, event) in events {
            let session = sessions.next(time);
            match last {
                Some((of, from, source)) if of == session => {
                    depth += 1;
                    if depth <= self.depth as usize {
                        let step = (depth as u32, source, event, elapsed(from, time));
                        self.steps.push(step);
                    }
                }
                _ => depth = 0,
            }
            last = Some((session, time, event));
        }
        self.steps.sort_unstable();
        let first = edges.len();
        for &(depth, source, target, ticks) in &self.steps {
            match edges[first..].last_mut() {
                Some(edge) if (edge.depth, edge.source, edge.target) == (depth, source, target) => {
                    edge.n += 1;
                    edge.ticks += u128::from(ticks);
                }
                _ => edges.push(Edge {
                    depth,
                    source,
                    target,
                    n: 1,
                    ticks: ticks.into(),
                }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use rand::rngs::StdRng;
    use rand::{Rng, SeedableRng};

    use super::*;

    fn edge(depth: u32, source: u32, target: u32, n: i64, ticks: u128) -> Edge {
        Edge {
            depth,
            source,
            target,
            n,
            ticks,
        }
    }

    #[test]
    fn edges_begin_anew_with_each_session() {
        let events = [(0, 7), (4, 8), (9, 7), (20, 7), (30, 8), (41, 8)];
        let mut edges = Vec::new();
        Paths::new(10, 9).append(events.into_iter(), &mut edges);
        assert_eq!(edges, [edge(1, 7, 8, 2, 14), edge(2, 8, 7, 1, 5)]);
    }

    #[test]
    fn the_ends_of_time_are_apart() {
        let events = [(i64::MIN, 1), (i64::MAX, 1), (i64::MAX, 1)];
        let mut edges = Vec::new();
        Paths::new(u64::MAX, 9).append(events.into_iter(), &mut edges);
        let far = u128::from(u64::MAX);
        assert_eq!(edges, [edge(1, 1, 1, 1, far), edge(2, 1, 1, 1, 0)]);
    }

    /// Random events against a map of the transitions of sessions that are cut first.
    #[test]
    fn edges_equal_those_of_cut_sessions() {
        let mut edges = Vec::new();
        for seed in 0..300 {
            let random = &mut StdRng::seed_from_u64(seed);
            let (gap, depth) = (random.random_range(0..20), random.random_range(1..6));
            let mut events: Vec<(i64, u32)> = (0..random.random_range(0..50))
                .map(|_| (random.random_range(0..300), random.random_range(0..4)))
                .collect();
            events.sort_unstable();
            let sessions = events.chunk_by(|a, b| (b.0 - a.0) as u64 <= gap);
            let mut wanted: BTreeMap<(u32, u32, u32), (i64, u128)> = BTreeMap::new();
            for session in sessions {
                for (place, pair) in session.windows(2).enumerate().take(depth as usize) {
                    let key = (place as u32 + 1, pair[0].1, pair[1].1);
                    let (n, ticks) = wanted.entry(key).or_default();
                    *n += 1;
                    *ticks += (pair[1].0 - pair[0].0) as u128;
                }
            }
            edges.clear();
            Paths::new(gap, depth).append(events.into_iter(), &mut edges);
            let wanted: Vec<Edge> = wanted
                .into_iter()
                .map(|((depth, source, target), (n, ticks))| edge(depth, source, target, n, ticks))
                .collect();
            assert_eq!(edges, wanted, "seed {seed}");
        }
    }
}
