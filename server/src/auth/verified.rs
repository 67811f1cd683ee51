//! Passwords that were found right a short while ago, so that calls which bring one each time are
//! not slow.
//!
//! They are known by a keyed hash, whose key is drawn anew with each reading of the configuration
//! and lives in memory only.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use ring::hmac::{HMAC_SHA256, Key, sign};
use ring::rand::SystemRandom;

use super::standing::Standing;
use crate::error::ServerError;

/// How long a password is taken for right.
const KEPT_FOR: Duration = Duration::from_secs(5 * 60);

/// How many are kept.
const MOST: usize = 4_096;

/// The keyed hash of a user's name and a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Fingerprint([u8; 32]);

/// Right passwords.
pub(super) struct Verified {
    key: Key,
    kept: Mutex<HashMap<Fingerprint, (Standing, Instant)>>,
}

impl std::fmt::Debug for Verified {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Verified")
    }
}

impl Verified {
    pub(super) fn new() -> Result<Self, ServerError> {
        let key = Key::generate(HMAC_SHA256, &SystemRandom::new()).map_err(|_| {
            ServerError::Internal("the system gives no randomness for a key".to_owned())
        })?;
        Ok(Self {
            key,
            kept: Mutex::default(),
        })
    }

    /// What a user's name and a password are known by. Names hold no zero byte.
    pub(super) fn fingerprint(&self, user: &str, password: &str) -> Fingerprint {
        let tag = sign(&self.key, format!("{user}\0{password}").as_bytes());
        let mut bytes = [0_u8; 32];
        for (byte, computed) in bytes.iter_mut().zip(tag.as_ref()) {
            *byte = *computed;
        }
        Fingerprint(bytes)
    }

    /// Who it was, if it was right of late.
    pub(super) fn find(&self, fingerprint: Fingerprint, now: Instant) -> Option<Standing> {
        let kept = self.lock();
        let (standing, since) = kept.get(&fingerprint)?;
        let is_fresh = now.saturating_duration_since(*since) < KEPT_FOR;
        is_fresh.then(|| standing.clone())
    }

    /// Remembers a right one.
    pub(super) fn keep(&self, fingerprint: Fingerprint, standing: Standing, now: Instant) {
        let mut kept = self.lock();
        if kept.len() >= MOST {
            kept.retain(|_, (_, since)| now.saturating_duration_since(*since) < KEPT_FOR);
        }
        if kept.len() < MOST {
            kept.insert(fingerprint, (standing, now));
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Fingerprint, (Standing, Instant)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing() -> Standing {
        Standing {
            principal: None,
            grounds: [1; 32],
            until: None,
        }
    }

    #[test]
    fn a_password_is_right_for_a_while_and_for_its_user() {
        let verified = Verified::new().unwrap();
        let now = Instant::now();
        let right = verified.fingerprint("ada", "secret");
        assert_eq!(verified.find(right, now), None);
        verified.keep(right, standing(), now);
        assert_eq!(verified.find(right, now), Some(standing()));
        assert_eq!(verified.find(right, now + KEPT_FOR), None);
        for (user, password) in [("ada", "secrets"), ("bob", "secret"), ("ad", "asecret")] {
            let other = verified.fingerprint(user, password);
            assert_eq!(verified.find(other, now), None);
        }
    }

    #[test]
    fn old_ones_make_room() {
        let verified = Verified::new().unwrap();
        let now = Instant::now();
        for number in 0..MOST + 10 {
            let fingerprint = verified.fingerprint("ada", &number.to_string());
            verified.keep(fingerprint, standing(), now);
        }
        assert_eq!(verified.lock().len(), MOST);
        let later = verified.fingerprint("ada", "later");
        verified.keep(later, standing(), now + KEPT_FOR);
        assert_eq!(verified.lock().len(), 1);
    }

    #[test]
    fn keys_differ() {
        let one = Verified::new().unwrap().fingerprint("ada", "secret");
        let other = Verified::new().unwrap().fingerprint("ada", "secret");
        assert_ne!(one, other);
    }
}
