//! Lets passwords be tried: at the pace of the [`Throttle`], and on few threads.
//!
//! Logins of one user from one place go one after the other. A comparison takes a core and some
//! megabytes for a while, so only some run at once, and those who have not logged in from where they
//! are before share one queue there: a flood from one place holds the others up by one comparison,
//! and those who are known there not even by that.

use std::num::NonZero;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Semaphore;

use super::throttle::{Origin, Throttle};
use super::turns::Turns;
use crate::error::ServerError;

/// Comparisons at once, at most; half the cores where there are few.
const MOST_WORKERS: usize = 4;

/// Logins that may wait: of one user at one place, and of all at one place who are not known there.
const WAITING_OF_PAIR: usize = 64;
const WAITING_OF_ORIGIN: usize = 1_024;

/// All logins with passwords.
#[derive(Debug)]
pub(super) struct Attempts {
    throttle: Arc<Mutex<Throttle>>,
    workers: Arc<Semaphore>,
    pairs: Turns<(String, Origin)>,
    origins: Turns<Origin>,
}

impl Attempts {
    pub(super) fn new() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self {
            throttle: Arc::default(),
            workers: Arc::new(Semaphore::new((cores / 2).clamp(1, MOST_WORKERS))),
            pairs: Turns::new(WAITING_OF_PAIR),
            origins: Turns::new(WAITING_OF_ORIGIN),
        }
    }

    /// Runs `compare` when its turn has come, and counts what came of it.
    ///
    /// What `known` finds by then is taken instead: another login may have brought the same
    /// password meanwhile.
    pub(super) async fn attempt<T: Send + 'static>(
        &self,
        user: &str,
        origin: Origin,
        known: impl Fn() -> Option<T>,
        compare: impl FnOnce() -> Option<T> + Send + 'static,
    ) -> Result<Option<T>, ServerError> {
        let pair = (user.to_owned(), origin);
        // Many share an address: whoever is known there stays out of the queue of the others.
        let is_known = self.throttle().is_known(user, origin, Instant::now());
        let place = match is_known {
            true => None,
            false => Some(self.origins.place(&origin).ok_or_else(too_many)?),
        };
        let own = self.pairs.place(&pair).ok_or_else(too_many)?;
        let _own_turn = own.turn().await.ok_or_else(closed)?;
        if let Some(found) = known() {
            return Ok(Some(found));
        }
        let wait = self.throttle().wait(user, origin, Instant::now());
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        let turn = match &place {
            None => None,
            Some(place) => Some(place.turn().await.ok_or_else(closed)?),
        };
        let worker = Arc::clone(&self.workers).acquire_owned().await;
        let worker = worker.map_err(|_| closed())?;
        let throttle = Arc::clone(&self.throttle);
        // It counts and holds its places to the end, also when the client has gone meanwhile.
        let compared = tokio::task::spawn_blocking(move || {
            let found = compare();
            let (user, origin) = pair;
            let mut throttle = throttle.lock().unwrap_or_else(PoisonError::into_inner);
            match found {
                Some(_) => throttle.succeeded(&user, origin, Instant::now()),
                None => throttle.failed(&user, origin, Instant::now()),
            }
            drop((turn, worker));
            found
        });
        compared
            .await
            .map_err(|_| ServerError::Internal("the comparison of a password panicked".to_owned()))
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn too_many() -> ServerError {
    ServerError::Limit("too many logins from this address are waiting; try again later".to_owned())
}

fn closed() -> ServerError {
    ServerError::Internal("a queue of logins was closed".to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use futures::future::join_all;

    use super::*;

    fn origin(last: u8) -> Origin {
        Origin::of([192, 0, 2, last].into())
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_run_at_once_than_there_are_workers() {
        let attempts = Attempts::new();
        let most = attempts.workers.available_permits();
        let (running, peak) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let logins = (0..40).map(|number| {
            let (running, peak) = (Arc::clone(&running), Arc::clone(&peak));
            let user = format!("user {number}");
            let attempts = &attempts;
            async move {
                let compare = move || {
                    let now = running.fetch_add(1, Ordering::SeqCst) + 1;
                    peak.fetch_max(now, Ordering::SeqCst);
                    std::thread::yield_now();
                    running.fetch_sub(1, Ordering::SeqCst);
                    Some(())
                };
                attempts
                    .attempt(&user, origin(number), || None, compare)
                    .await
            }
        });
        assert!(
            join_all(logins)
                .await
                .into_iter()
                .all(|found| found.unwrap().is_some())
        );
        assert!(peak.load(Ordering::SeqCst) <= most);
    }

    #[tokio::test]
    async fn the_same_password_at_once_is_compared_once() {
        let attempts = Attempts::new();
        let verified = Arc::new(Mutex::new(None));
        let compared = Arc::new(AtomicUsize::new(0));
        let logins = (0..10).map(|_| {
            let (verified, seen) = (Arc::clone(&verified), Arc::clone(&verified));
            let compared = Arc::clone(&compared);
            let known = move || *seen.lock().unwrap();
            attempts.attempt("ada", origin(1), known, move || {
                compared.fetch_add(1, Ordering::SeqCst);
                *verified.lock().unwrap() = Some(7);
                Some(7)
            })
        });
        for found in join_all(logins).await {
            assert_eq!(found.unwrap(), Some(7));
        }
        assert_eq!(compared.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn failures_slow_the_next_and_nobody_elsewhere() {
        let attempts = Attempts::new();
        let failing = || attempts.attempt("ada", origin(1), || None, || None::<()>);
        for _ in 0..4 {
            assert_eq!(failing().await.unwrap(), None);
        }
        let mut slowed = Box::pin(failing());
        assert!(futures::poll!(&mut slowed).is_pending());
        let begin = Instant::now();
        let other = attempts.attempt("bob", origin(2), || None, || Some(()));
        assert_eq!(other.await.unwrap(), Some(()));
        slowed.await.unwrap();
        assert!(begin.elapsed().as_millis() >= 200, "{:?}", begin.elapsed());
    }

    #[tokio::test]
    async fn waiting_logins_are_bounded() {
        let attempts = Attempts::new();
        let places: Vec<_> = (0..WAITING_OF_ORIGIN)
            .map(|_| attempts.origins.place(&origin(1)))
            .collect();
        let refused = attempts
            .attempt("ada", origin(1), || None, || Some(()))
            .await;
        assert!(matches!(refused, Err(ServerError::Limit(_))));
        let other = attempts
            .attempt("ada", origin(2), || None, || Some(()))
            .await;
        assert_eq!(other.unwrap(), Some(()));
        drop(places);
    }

    #[tokio::test]
    async fn who_is_known_is_not_shut_out_by_a_flood_from_the_same_place() {
        let attempts = Attempts::new();
        let ada = || attempts.attempt("ada", origin(1), || None, || Some(()));
        assert_eq!(ada().await.unwrap(), Some(()));
        let flood: Vec<_> = (0..WAITING_OF_ORIGIN)
            .map(|_| attempts.origins.place(&origin(1)).unwrap())
            .collect();
        let turn = flood[0].turn().await;
        for _ in 0..20 {
            let mut throttle = attempts.throttle();
            throttle.failed("eve", origin(1), Instant::now());
        }
        assert_eq!(ada().await.unwrap(), Some(()));
        drop(turn);
    }
}
