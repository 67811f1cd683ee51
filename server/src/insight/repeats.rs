//! Keeps failures that cost nothing to repeat from filling the audit.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::auth::{Login, LoginOutcome, Origin};

/// How long a failure stands for those like it.
const STANDS_FOR: Duration = Duration::from_secs(60);

/// Failures that are remembered; more have come from so many places at once.
const MOST: usize = 8_192;

/// The failures of late, by place and reason.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    seen: Mutex<HashMap<(Origin, LoginOutcome), Seen>>,
}

#[derive(Debug)]
struct Seen {
    since: Instant,
    passed_over: u64,
}

impl Repeats {
    /// How many logins a line about this one stands for; none when it is passed over, and counted for
    /// the next.
    ///
    /// Those that succeed and wrong passwords always have a line: they come at a bounded pace.
    pub(super) fn lines(&self, login: &Login<'_>, now: Instant) -> Option<u64> {
        if matches!(
            login.outcome,
            LoginOutcome::Ok | LoginOutcome::WrongPassword
        ) {
            return Some(1);
        }
        let key = (Origin::of(login.address), login.outcome);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= MOST && !seen.contains_key(&key) {
            seen.retain(|_, seen| now.duration_since(seen.since) < STANDS_FOR);
            if seen.len() >= MOST {
                return None;
            }
        }
        let fresh = Seen {
            since: now,
            passed_over: 0,
        };
        match seen.get_mut(&key) {
            Some(seen) if now.duration_since(seen.since) < STANDS_FOR => {
                seen.passed_over += 1;
                None
            }
            Some(seen) => Some(std::mem::replace(seen, fresh).passed_over + 1),
            None => {
                seen.insert(key, fresh);
                Some(1)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(last: u8, outcome: LoginOutcome) -> Login<'static> {
        Login {
            user: None,
            address: [192, 0, 2, last].into(),
            outcome,
        }
    }

    #[test]
    fn one_line_stands_for_those_of_a_minute() {
        let (repeats, now) = (Repeats::default(), Instant::now());
        let bad = login(1, LoginOutcome::BadToken);
        assert_eq!(repeats.lines(&bad, now), Some(1));
        for _ in 0..3 {
            assert_eq!(repeats.lines(&bad, now), None);
        }
        let other = login(2, LoginOutcome::BadToken);
        assert_eq!(repeats.lines(&other, now), Some(1));
        let ended = login(1, LoginOutcome::SessionEnded);
        assert_eq!(repeats.lines(&ended, now), Some(1));
        assert_eq!(repeats.lines(&bad, now + STANDS_FOR), Some(4));
        assert_eq!(repeats.lines(&bad, now + STANDS_FOR), None);
    }

    #[test]
    fn passwords_have_a_line_each() {
        let (repeats, now) = (Repeats::default(), Instant::now());
        for outcome in [LoginOutcome::Ok, LoginOutcome::WrongPassword] {
            for _ in 0..3 {
                assert_eq!(repeats.lines(&login(1, outcome), now), Some(1));
            }
        }
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let (repeats, now) = (Repeats::default(), Instant::now());
        for number in 0..2 * u32::try_from(MOST).unwrap() {
            let address = std::net::Ipv4Addr::from(number).into();
            let login = Login {
                address,
                ..login(1, LoginOutcome::BadToken)
            };
            repeats.lines(&login, now);
        }
        assert_eq!(repeats.seen.lock().unwrap().len(), MOST);
        let later = now + STANDS_FOR;
        let bad = login(1, LoginOutcome::BadToken);
        assert_eq!(repeats.lines(&bad, later), Some(1));
        assert_eq!(repeats.seen.lock().unwrap().len(), 1);
    }
}
