//! Session tokens: what a login is answered with, and what later calls bring.
//!
//! A token is sealed over who logged in, what the login rests on, the session's id and its end,
//! under a key of its own, so that nothing else the server seals opens as one. Sessions that were
//! closed are remembered until their tokens would have expired anyway.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cohortql_engine::Principal;
use cohortql_proto::ticket::v1::claims::Subject;
use cohortql_proto::ticket::v1::{Claims, Login, Purpose};
use cohortql_protocol::{ProtocolError, Seal};
use uuid::Uuid;

use super::directory::refused;
use super::standing::{Grounds, Standing};
use crate::error::ServerError;

/// What session tokens begin with, so that they are known for what they are.
const PREFIX: &str = "cqs_";

/// Closed sessions that are remembered.
const MOST_CLOSED: usize = 1 << 20;

/// What an opened token says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) session: Uuid,
    pub(super) principal: Option<Principal>,
    pub(super) grounds: Grounds,
}

/// Makes and opens session tokens.
#[derive(Debug)]
pub(super) struct Bearers {
    seal: Seal,
    closed: Mutex<HashMap<Uuid, i64>>,
    lifetime: Duration,
}

impl Bearers {
    /// Tokens that are good for `lifetime`, or for as long as what they rest on.
    pub(super) fn new(lifetime: Duration) -> Result<Self, ServerError> {
        Ok(Self {
            seal: Seal::new()?,
            closed: Mutex::default(),
            lifetime,
        })
    }

    /// Whether text is meant to be a session token, of this server or another.
    pub(super) fn is_shaped_so(text: &str) -> bool {
        text.starts_with(PREFIX)
    }

    /// A token for a new session, and the session's id.
    pub(super) fn issue(&self, standing: &Standing) -> Result<(String, Uuid), ServerError> {
        let session = Uuid::new_v4();
        let end = SystemTime::now() + self.lifetime;
        let end = standing.until.map_or(end, |until| until.min(end));
        let principal = standing.principal.as_ref();
        let login = Login {
            user: principal.map_or_else(String::new, |principal| principal.name.clone()),
            roles: principal.map_or_else(Vec::new, |principal| principal.roles.clone()),
            grounds: standing.grounds.to_vec().into(),
        };
        let sealed = self.seal.seal(&Claims {
            purpose: Purpose::Login.into(),
            principal: String::new(),
            session_id: session.to_string(),
            expires_unix_millis: millis(end),
            subject: Some(Subject::Login(login)),
            traceparent: String::new(),
        })?;
        Ok((
            format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed)),
            session,
        ))
    }

    /// What a token says, while it is good.
    pub(super) fn open(&self, text: &str, now: SystemTime) -> Result<Opened, ServerError> {
        let unknown = || refused("the session is not known to this server; log in again");
        let encoded = text.strip_prefix(PREFIX).ok_or_else(unknown)?;
        let sealed = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| unknown())?;
        let claims = self
            .seal
            .open(&sealed, Purpose::Login, "", millis(now))
            .map_err(|error| match error {
                ProtocolError::Expired(_) => refused("the session has expired; log in again"),
                _ => unknown(),
            })?;
        let Some(Subject::Login(login)) = claims.subject else {
            return Err(unknown());
        };
        let session = Uuid::parse_str(&claims.session_id).map_err(|_| unknown())?;
        if self.lock().contains_key(&session) {
            return Err(refused("the session was closed; log in again"));
        }
        let principal = (!login.user.is_empty()).then_some(Principal {
            name: login.user,
            roles: login.roles,
        });
        Ok(Opened {
            session,
            principal,
            grounds: Grounds::try_from(&*login.grounds).map_err(|_| unknown())?,
        })
    }

    /// Closes a session for good.
    pub(super) fn close(&self, session: Uuid, now: SystemTime) -> Result<(), ServerError> {
        let now_millis = millis(now);
        let mut closed = self.lock();
        if closed.len() >= MOST_CLOSED {
            closed.retain(|_, end| *end >= now_millis);
        }
        if closed.len() >= MOST_CLOSED {
            return Err(ServerError::Limit(
                "too many sessions were closed of late; this one ends when its time is over"
                    .to_owned(),
            ));
        }
        closed.insert(session, millis(now + self.lifetime));
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Uuid, i64>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Milliseconds since the Unix epoch.
fn millis(moment: SystemTime) -> i64 {
    let since = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearers() -> Bearers {
        Bearers::new(Duration::from_secs(60)).unwrap()
    }

    fn standing() -> Standing {
        Standing {
            principal: Some(Principal {
                name: "ada".to_owned(),
                roles: vec!["analyst".to_owned()],
            }),
            grounds: [7; 32],
            until: None,
        }
    }

    fn later(seconds: u64) -> SystemTime {
        SystemTime::now() + Duration::from_secs(seconds)
    }

    #[test]
    fn a_token_says_who_logged_in() {
        let bearers = bearers();
        let (token, session) = bearers.issue(&standing()).unwrap();
        let opened = bearers.open(&token, SystemTime::now()).unwrap();
        assert_eq!(opened.principal, standing().principal);
        assert_eq!((opened.session, opened.grounds), (session, [7; 32]));
        assert!(!token.contains("ada"));
        let anybody = Standing {
            principal: None,
            ..standing()
        };
        let (token, _) = bearers.issue(&anybody).unwrap();
        assert_eq!(
            bearers.open(&token, SystemTime::now()).unwrap().principal,
            None
        );
    }

    #[test]
    fn a_token_ends_in_time_and_with_what_it_rests_on() {
        let bearers = bearers();
        let (token, _) = bearers.issue(&standing()).unwrap();
        assert!(bearers.open(&token, later(59)).is_ok());
        let error = bearers.open(&token, later(61)).unwrap_err();
        assert_eq!(error.to_string(), "the session has expired; log in again");
        let short = Standing {
            until: Some(later(10)),
            ..standing()
        };
        let (token, _) = bearers.issue(&short).unwrap();
        assert!(bearers.open(&token, later(9)).is_ok());
        assert!(bearers.open(&token, later(11)).is_err());
    }

    #[test]
    fn closed_sessions_stay_closed() {
        let bearers = bearers();
        let (token, session) = bearers.issue(&standing()).unwrap();
        let (other, _) = bearers.issue(&standing()).unwrap();
        bearers.close(session, SystemTime::now()).unwrap();
        let error = bearers.open(&token, SystemTime::now()).unwrap_err();
        assert_eq!(error.to_string(), "the session was closed; log in again");
        assert!(bearers.open(&other, SystemTime::now()).is_ok());
    }

    #[test]
    fn altered_and_foreign_tokens_are_refused() {
        let bearers = bearers();
        let (token, _) = bearers.issue(&standing()).unwrap();
        let (foreign, _) = self::bearers().issue(&standing()).unwrap();
        let encoded = token.strip_prefix(PREFIX).unwrap();
        let mut sealed = URL_SAFE_NO_PAD.decode(encoded).unwrap();
        let last = sealed.len() - 1;
        sealed[last] ^= 1;
        let altered = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(sealed));
        for text in [&foreign, &altered, "cqs_", "cqs_!", encoded, ""] {
            let error = bearers.open(text, SystemTime::now()).unwrap_err();
            assert_eq!(error.code(), tonic::Code::Unauthenticated);
        }
    }
}
