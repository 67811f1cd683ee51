//! One at a time for each key, and not too many waiting.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Queues by key.
#[derive(Debug)]
pub(crate) struct Turns<K: Hash + Eq> {
    most: usize,
    queues: Arc<Mutex<HashMap<K, Queue>>>,
}

#[derive(Debug)]
struct Queue {
    turn: Arc<Semaphore>,
    places: usize,
}

/// A place in a queue, which is given up when this is dropped.
#[derive(Debug)]
pub(crate) struct Place<K: Hash + Eq> {
    key: K,
    turn: Arc<Semaphore>,
    queues: Arc<Mutex<HashMap<K, Queue>>>,
}

impl<K: Hash + Eq + Clone> Turns<K> {
    /// Queues of at most so many.
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            queues: Arc::default(),
        }
    }

    /// A place in the queue of `key`; none when it is full.
    pub(crate) fn place(&self, key: &K) -> Option<Place<K>> {
        let mut queues = lock(&self.queues);
        let queue = queues.entry(key.clone()).or_insert_with(|| Queue {
            turn: Arc::new(Semaphore::new(1)),
            places: 0,
        });
        if queue.places >= self.most {
            return None;
        }
        queue.places += 1;
        Some(Place {
            key: key.clone(),
            turn: Arc::clone(&queue.turn),
            queues: Arc::clone(&self.queues),
        })
    }
}

impl<K: Hash + Eq> Place<K> {
    /// Waits for the turn, which lasts until what is returned is dropped.
    pub(crate) async fn turn(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.turn).acquire_owned().await.ok()
    }
}

impl<K: Hash + Eq> Drop for Place<K> {
    fn drop(&mut self) {
        let mut queues = lock(&self.queues);
        if let Some(queue) = queues.get_mut(&self.key) {
            queue.places -= 1;
            if queue.places == 0 {
                queues.remove(&self.key);
            }
        }
    }
}

fn lock<K>(queues: &Mutex<HashMap<K, Queue>>) -> MutexGuard<'_, HashMap<K, Queue>> {
    queues.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[tokio::test]
    async fn one_of_a_key_at_a_time() {
        let turns = Turns::new(2);
        let (first, second) = (turns.place(&"a").unwrap(), turns.place(&"a").unwrap());
        let turn = first.turn().await.unwrap();
        assert!(second.turn().now_or_never().is_none());
        let other = turns.place(&"b").unwrap();
        assert!(other.turn().now_or_never().is_some());
        drop(turn);
        assert!(second.turn().now_or_never().is_some());
    }

    #[test]
    fn places_are_bounded_and_given_back() {
        let turns = Turns::new(2);
        let first = turns.place(&"a");
        let second = turns.place(&"a");
        assert!(turns.place(&"a").is_none());
        assert!(turns.place(&"b").is_some());
        drop(first);
        assert!(turns.place(&"a").is_some());
        drop(second);
        assert!(lock(&turns.queues).is_empty());
    }
}
