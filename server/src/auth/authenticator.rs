//! Finds out whose credentials are.

use std::net::IpAddr;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use cohortql_engine::Principal;
use uuid::Uuid;

use super::attempts::Attempts;
use super::bearer::Bearers;
use super::credentials::Credentials;
use super::directory::{Directory, refused};
use super::identity::Identity;
use super::logins::{Login, LoginOutcome, Logins};
use super::standing::{Grounds, Standing};
use super::throttle::Origin;
use crate::error::ServerError;

/// Where a call comes from.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    /// The address.
    pub(crate) address: IpAddr,
    /// The names in the client certificate, which the TLS handshake has checked.
    pub(crate) certificate: Option<Arc<[String]>>,
}

/// Knows who may come in. The directory can be replaced while it works.
pub(crate) struct Authenticator {
    directory: RwLock<Arc<Directory>>,
    bearers: Bearers,
    attempts: Attempts,
    logins: Logins,
}

/// A login that has succeeded.
pub(crate) struct LoggedIn {
    /// Who it is.
    pub(crate) identity: Identity,
    /// The session token.
    pub(crate) bearer: String,
}

/// Who it is, and by which token if it was one of ours.
struct Recognised {
    standing: Standing,
    session: Option<Uuid>,
    /// Whether a password was compared to find out.
    is_compared: bool,
}

impl Recognised {
    /// Somebody without a session token.
    fn as_of(standing: Standing) -> Self {
        Self {
            standing,
            session: None,
            is_compared: false,
        }
    }
}

impl Authenticator {
    /// An authenticator whose logins last for `session_lifetime`.
    pub(crate) fn new(
        directory: Directory,
        session_lifetime: Duration,
    ) -> Result<Self, ServerError> {
        Ok(Self {
            directory: RwLock::new(Arc::new(directory)),
            bearers: Bearers::new(session_lifetime)?,
            attempts: Attempts::new(),
            logins: Logins::default(),
        })
    }

    /// Puts another directory in force, for everybody at once.
    pub(crate) fn replace(&self, directory: Directory) {
        let mut current = self
            .directory
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *current = Arc::new(directory);
    }

    /// Whether a login is asked for.
    pub(crate) fn is_restricted(&self) -> bool {
        self.directory().is_restricted()
    }

    /// Whether what somebody was let in for is still good.
    pub(crate) fn holds(&self, principal: Option<&Principal>, grounds: &Grounds) -> bool {
        self.directory().holds(principal, grounds)
    }

    /// Has `follower` told of each login from now on.
    pub(crate) fn follow(&self, follower: impl Fn(&Login<'_>) + Send + Sync + 'static) {
        self.logins.follow(Box::new(follower));
    }

    /// Takes note of a login that cannot be read.
    pub(crate) fn unreadable(&self, peer: &Peer) {
        self.logins.tell(&Login {
            user: None,
            address: peer.address,
            outcome: LoginOutcome::Unreadable,
        });
    }

    /// Who a call comes from.
    pub(crate) async fn identify(
        &self,
        credentials: Option<&Credentials>,
        peer: &Peer,
    ) -> Result<Identity, ServerError> {
        let recognised = self.recognised(credentials, peer).await?;
        let standing = recognised.standing;
        let identity = Identity::new(standing.principal, standing.grounds, recognised.session);
        if recognised.is_compared {
            self.logged_in(&identity, peer);
        }
        Ok(identity)
    }

    /// Logs somebody in: what came is exchanged for a session token.
    pub(crate) async fn log_in(
        &self,
        credentials: Option<&Credentials>,
        peer: &Peer,
    ) -> Result<LoggedIn, ServerError> {
        let recognised = self.recognised(credentials, peer).await?;
        let standing = recognised.standing;
        // A session token does not last longer for being shown again.
        if let (Some(session), Some(Credentials::Bearer(bearer))) =
            (recognised.session, credentials)
        {
            return Ok(LoggedIn {
                identity: Identity::new(standing.principal, standing.grounds, Some(session)),
                bearer: bearer.clone(),
            });
        }
        let (bearer, session) = self.bearers.issue(&standing)?;
        let identity = Identity::new(standing.principal, standing.grounds, Some(session));
        self.logged_in(&identity, peer);
        Ok(LoggedIn { identity, bearer })
    }

    /// Ends a session: its token is not taken any more.
    pub(crate) fn close(&self, session: Uuid) -> Result<(), ServerError> {
        self.bearers.close(session, SystemTime::now())
    }

    /// Says that somebody has logged in.
    fn logged_in(&self, identity: &Identity, peer: &Peer) {
        self.logins.tell(&Login {
            user: Some(identity.name()),
            address: peer.address,
            outcome: LoginOutcome::Ok,
        });
    }

    /// Whose credentials are; says so when they are not good.
    async fn recognised(
        &self,
        credentials: Option<&Credentials>,
        peer: &Peer,
    ) -> Result<Recognised, ServerError> {
        let recognised = self.recognise(credentials, peer).await;
        if let Err(error) = &recognised {
            self.logins.tell(&Login::refused(credentials, peer, error));
        }
        recognised
    }

    async fn recognise(
        &self,
        credentials: Option<&Credentials>,
        peer: &Peer,
    ) -> Result<Recognised, ServerError> {
        let directory = self.directory();
        if let Some(standing) = directory.anybody() {
            // Whatever was typed in a client, nobody asks for it; a session stays what it is.
            let session = match credentials {
                Some(Credentials::Bearer(text)) => self.session(&directory, text).ok(),
                _ => None,
            };
            let session = session.and_then(|recognised| recognised.session);
            return Ok(Recognised {
                session,
                ..Recognised::as_of(standing)
            });
        }
        match credentials {
            Some(Credentials::Bearer(text)) => self.bearer(&directory, text),
            Some(Credentials::Password { user, password }) => {
                self.password(&directory, user, password, peer).await
            }
            None => match &peer.certificate {
                Some(names) => Ok(Recognised::as_of(directory.by_certificate(names)?)),
                None => Err(refused(
                    "this server asks for a login; connect with a user name and password, or a token",
                )),
            },
        }
    }

    fn bearer(&self, directory: &Directory, text: &str) -> Result<Recognised, ServerError> {
        if Bearers::is_shaped_so(text) {
            return self.session(directory, text);
        }
        let standing = directory.by_token(text, SystemTime::now())?;
        Ok(Recognised::as_of(standing))
    }

    /// Who a session token is of, while what it rests on is as it was.
    fn session(&self, directory: &Directory, text: &str) -> Result<Recognised, ServerError> {
        let opened = self.bearers.open(text, SystemTime::now())?;
        if !directory.holds(opened.principal.as_ref(), &opened.grounds) {
            return Err(refused(
                "the session has ended, as the user or the roles have changed; log in again",
            ));
        }
        Ok(Recognised {
            session: Some(opened.session),
            ..Recognised::as_of(Standing {
                principal: opened.principal,
                grounds: opened.grounds,
                until: None,
            })
        })
    }

    /// A user and a password, or a token in the password's place, whatever the user is called then:
    /// some tools know no other way to send one.
    async fn password(
        &self,
        directory: &Arc<Directory>,
        user: &str,
        password: &str,
        peer: &Peer,
    ) -> Result<Recognised, ServerError> {
        if let Ok(recognised) = self.bearer(directory, password) {
            return Ok(recognised);
        }
        let fingerprint = directory.fingerprint(user, password);
        if let Some(standing) = directory.verified(fingerprint) {
            return Ok(Recognised::as_of(standing));
        }
        let compare = {
            let directory = Arc::clone(directory);
            let (user, password) = (user.to_owned(), password.to_owned());
            move || {
                // It is compared first, so that nothing is faster for a user who is not there.
                let is_right = directory.password(&user).verify(&password);
                let standing = directory.by_password(&user).filter(|_| is_right)?;
                directory.keep(fingerprint, standing.clone());
                Some(standing)
            }
        };
        let known = || directory.verified(fingerprint);
        let origin = Origin::of(peer.address);
        match self.attempts.attempt(user, origin, known, compare).await? {
            Some(standing) => Ok(Recognised {
                is_compared: true,
                ..Recognised::as_of(standing)
            }),
            None => Err(refused("the user name or the password is wrong")),
        }
    }

    fn directory(&self) -> Arc<Directory> {
        let current = self
            .directory
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current)
    }
}

#[cfg(test)]
mod tests;
