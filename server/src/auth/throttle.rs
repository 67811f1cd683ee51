//! How long a login has to wait after others have failed.
//!
//! Failures are counted for the user that was named, for the place they came from, and for both
//! together. A count grows with each failure and falls again with time; the wait doubles with each
//! failure beyond the first few, up to a bound. Nobody is locked out: who has logged in from a
//! place before waits there for failures of his own name there only, whatever others try elsewhere
//! or beside him.
//!
//! Everything here is a function of the counts and of the moments that are passed in.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Failures that cost nothing: people mistype.
const FREE_FAILURES: u32 = 3;

/// The wait after the first failure beyond those, which doubles with each further one.
const FIRST_WAIT: Duration = Duration::from_millis(250);

/// The longest wait.
const LONGEST_WAIT: Duration = Duration::from_secs(8);

/// In this time, one failure is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

/// Counts go no further, so that they are forgotten within minutes.
const MOST_COUNTED: u32 = 12;

/// How long a place is remembered from which a user has logged in.
const KNOWN_FOR: Duration = Duration::from_secs(7 * 24 * 3_600);

/// Entries of each kind that are kept before the older half goes.
const KEPT: usize = 16_384;

/// Where calls come from: an address, or for IPv6 the network that one customer is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Origin(IpAddr);

impl Origin {
    pub(crate) fn of(address: IpAddr) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
            address => address,
        })
    }
}

/// The failures of late.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    users: Recent<String, Count>,
    origins: Recent<Origin, Count>,
    pairs: Recent<(String, Origin), Count>,
    known: Recent<(String, Origin), Instant>,
}

impl Throttle {
    /// How long a login of `user` from `origin` has to wait at `now`.
    pub(super) fn wait(&self, user: &str, origin: Origin, now: Instant) -> Duration {
        let pair = (user.to_owned(), origin);
        let failures = |count: Option<Count>| count.map_or(0, |count| count.at(now));
        let own = failures(self.pairs.get(&pair));
        if self.is_known(user, origin, now) {
            return wait_after(own);
        }
        let of_user = failures(self.users.get(user));
        let from_here = failures(self.origins.get(&origin));
        wait_after(own.max(of_user).max(from_here))
    }

    /// Whether `user` has logged in from `origin` before.
    pub(super) fn is_known(&self, user: &str, origin: Origin, now: Instant) -> bool {
        let known = self.known.get(&(user.to_owned(), origin));
        known.is_some_and(|since| now.saturating_duration_since(since) < KNOWN_FOR)
    }

    /// Counts a failure.
    pub(super) fn failed(&mut self, user: &str, origin: Origin, now: Instant) {
        count(&mut self.users, user.to_owned(), now);
        count(&mut self.origins, origin, now);
        count(&mut self.pairs, (user.to_owned(), origin), now);
    }

    /// Remembers a login, which clears what was counted for the user at this place.
    pub(super) fn succeeded(&mut self, user: &str, origin: Origin, now: Instant) {
        let pair = (user.to_owned(), origin);
        self.pairs.remove(&pair);
        self.known.put(pair, now);
    }
}

fn count<K: Hash + Eq + Clone>(counts: &mut Recent<K, Count>, key: K, now: Instant) {
    let next = match counts.get(&key) {
        Some(count) => count.one_more(now),
        None => Count {
            failures: 1,
            since: now,
        },
    };
    counts.put(key, next);
}

/// The wait that so many failures cost.
fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE_FAILURES) {
        None | Some(0) => Duration::ZERO,
        Some(beyond) => {
            let doubled = 2_u32.saturating_pow(beyond - 1);
            FIRST_WAIT.saturating_mul(doubled).min(LONGEST_WAIT)
        }
    }
}

/// Failures as they were counted last.
#[derive(Debug, Clone, Copy)]
struct Count {
    failures: u32,
    since: Instant,
}

impl Count {
    /// What is left of them at `now`.
    fn at(self, now: Instant) -> u32 {
        let passed = now.saturating_duration_since(self.since).as_secs();
        let forgotten = passed / FORGOTTEN_AFTER.as_secs();
        let left = u64::from(self.failures).saturating_sub(forgotten);
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    fn one_more(self, now: Instant) -> Self {
        Self {
            failures: (self.at(now) + 1).min(MOST_COUNTED),
            since: now,
        }
    }
}

/// A map that forgets the older half of its entries when it is full, so that made-up names take
/// neither memory nor time.
#[derive(Debug)]
struct Recent<K, V> {
    young: HashMap<K, V>,
    old: HashMap<K, V>,
}

impl<K, V> Default for Recent<K, V> {
    fn default() -> Self {
        Self {
            young: HashMap::new(),
            old: HashMap::new(),
        }
    }
}

impl<K: Hash + Eq, V: Copy> Recent<K, V> {
    fn get<Q>(&self, key: &Q) -> Option<V>
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.young.get(key).or_else(|| self.old.get(key)).copied()
    }

    fn put(&mut self, key: K, value: V) {
        if self.young.len() >= KEPT && !self.young.contains_key(&key) {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(key, value);
    }

    fn remove(&mut self, key: &K) {
        self.young.remove(key);
        self.old.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Origin = Origin(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const THERE: Origin = Origin(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

    fn after(failures: u32, now: Instant) -> Throttle {
        let mut throttle = Throttle::default();
        for _ in 0..failures {
            throttle.failed("ada", HERE, now);
        }
        throttle
    }

    #[test]
    fn waits_grow_to_a_bound() {
        let now = Instant::now();
        let waits: Vec<u128> = [0, 3, 4, 5, 6, 7, 8, 9, 12, 1_000]
            .map(|failures| after(failures, now).wait("ada", HERE, now).as_millis())
            .to_vec();
        assert_eq!(
            waits,
            [0, 0, 250, 500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]
        );
    }

    #[test]
    fn failures_are_forgotten() {
        let now = Instant::now();
        let throttle = after(5, now);
        let at = |seconds| throttle.wait("ada", HERE, now + Duration::from_secs(seconds));
        assert_eq!(at(29), Duration::from_millis(500));
        assert_eq!(at(30), Duration::from_millis(250));
        assert_eq!(at(60), Duration::ZERO);
        // However many there were, minutes are enough.
        let throttle = after(10_000, now);
        let later = now + FORGOTTEN_AFTER * (MOST_COUNTED - FREE_FAILURES);
        assert_eq!(throttle.wait("ada", HERE, later), Duration::ZERO);
    }

    #[test]
    fn a_user_is_slowed_everywhere_and_a_place_for_everybody() {
        let now = Instant::now();
        let throttle = after(4, now);
        assert_eq!(throttle.wait("ada", THERE, now), FIRST_WAIT);
        assert_eq!(throttle.wait("bob", HERE, now), FIRST_WAIT);
        assert_eq!(throttle.wait("bob", THERE, now), Duration::ZERO);
    }

    #[test]
    fn who_is_known_does_not_wait_for_the_failures_of_others() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        throttle.succeeded("ada", HERE, now);
        throttle.succeeded("bob", THERE, now);
        for _ in 0..20 {
            // Somebody tries ada's name elsewhere, and other names at bob's place.
            throttle.failed("ada", THERE, now);
        }
        assert_eq!(throttle.wait("ada", HERE, now), Duration::ZERO);
        assert_eq!(throttle.wait("bob", THERE, now), Duration::ZERO);
        assert_eq!(throttle.wait("ada", THERE, now), LONGEST_WAIT);
        for _ in 0..20 {
            throttle.failed("ada", HERE, now);
        }
        assert_eq!(throttle.wait("ada", HERE, now), LONGEST_WAIT);
        throttle.succeeded("ada", HERE, now);
        assert_eq!(throttle.wait("ada", HERE, now), Duration::ZERO);
        assert!(!throttle.is_known("ada", HERE, now + KNOWN_FOR));
    }

    #[test]
    fn addresses_of_one_customer_are_one_origin() {
        let origin = |text: &str| Origin::of(text.parse().unwrap());
        assert_eq!(origin("2001:db8:1:2:3::1"), origin("2001:db8:1:2:4::2"));
        assert_ne!(origin("2001:db8:1:2::1"), origin("2001:db8:1:3::1"));
        assert_eq!(origin("::ffff:192.0.2.1"), HERE);
        assert_ne!(origin("192.0.2.1"), THERE);
    }

    #[test]
    fn made_up_names_take_bounded_room() {
        let now = Instant::now();
        let mut throttle = Throttle::default();
        for number in 0..3 * KEPT {
            throttle.failed(&format!("user {number}"), HERE, now);
        }
        let held = throttle.users.young.len() + throttle.users.old.len();
        assert!(held <= 2 * KEPT, "{held}");
    }
}
