//! Sessions that have ended while the tokens that lead to them are good.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// How many of one user are remembered. The tokens of those before lead to new sessions, like that
/// of a session in which nothing was set; what was closed is good no more whatever is remembered here.
const MOST_OF_USER: usize = 4_096;

/// Their ids, by user, from the oldest on.
#[derive(Debug, Default)]
pub(super) struct Ended(HashMap<String, VecDeque<(Uuid, Instant)>>);

impl Ended {
    /// Remembers one that ends now.
    pub(super) fn insert(&mut self, user: &str, id: Uuid) {
        let of_user = self.0.entry(user.to_owned()).or_default();
        if of_user.len() >= MOST_OF_USER {
            of_user.pop_front();
        }
        of_user.push_back((id, Instant::now()));
    }

    pub(super) fn contains(&self, user: &str, id: Uuid) -> bool {
        let of_user = self.0.get(user).into_iter().flatten();
        of_user.into_iter().any(|(ended, _)| *ended == id)
    }

    /// Forgets those that ended longer ago than `remembered`, the time for which tokens are good.
    pub(super) fn forget(&mut self, remembered: Duration) {
        self.0.retain(|_, of_user| {
            while of_user
                .front()
                .is_some_and(|(_, since)| since.elapsed() >= remembered)
            {
                of_user.pop_front();
            }
            !of_user.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_of_each_user_are_remembered() {
        let mut ended = Ended::default();
        let other = Uuid::new_v4();
        ended.insert("bob", other);
        let ids: Vec<Uuid> = (0..=MOST_OF_USER).map(|_| Uuid::new_v4()).collect();
        for id in &ids {
            ended.insert("ada", *id);
        }
        assert!(!ended.contains("ada", ids[0]));
        assert!(ids[1..].iter().all(|id| ended.contains("ada", *id)));
        // Whatever one user does, the others' are remembered.
        assert!(ended.contains("bob", other) && !ended.contains("ada", other));
        ended.forget(Duration::from_secs(60));
        assert!(ended.contains("bob", other));
        ended.forget(Duration::ZERO);
        assert!(ended.0.is_empty());
    }
}
