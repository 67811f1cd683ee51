//! What became of logins, for the log and for whoever follows them.
//!
//! A login is a handshake, or a password that came with another call and was compared. Tokens and
//! certificates that come with each call are no logins as long as they are good.

use std::net::IpAddr;
use std::sync::OnceLock;

use super::authenticator::Peer;
use super::bearer::Bearers;
use super::credentials::Credentials;
use crate::error::ServerError;

/// A login.
#[derive(Debug)]
pub(crate) struct Login<'a> {
    /// Who has logged in, or as whom somebody has tried to, if he said.
    pub(crate) user: Option<&'a str>,
    /// Where from.
    pub(crate) address: IpAddr,
    /// What became of it.
    pub(crate) outcome: LoginOutcome,
}

impl<'a> Login<'a> {
    /// One that was refused, with what came and the error that it was answered with.
    pub(super) fn refused(
        credentials: Option<&'a Credentials>,
        peer: &'a Peer,
        error: &ServerError,
    ) -> Self {
        let by_certificate = || peer.certificate.as_ref()?.first().map(String::as_str);
        let (user, refused) = match credentials {
            Some(Credentials::Password { user, .. }) => {
                (Some(user.as_str()), LoginOutcome::WrongPassword)
            }
            Some(Credentials::Bearer(text)) if Bearers::is_shaped_so(text) => {
                (None, LoginOutcome::SessionEnded)
            }
            Some(Credentials::Bearer(_)) => (None, LoginOutcome::BadToken),
            None if peer.certificate.is_some() => {
                (by_certificate(), LoginOutcome::UnknownCertificate)
            }
            None => (None, LoginOutcome::NoCredentials),
        };
        Self {
            user,
            address: peer.address,
            outcome: match error {
                ServerError::Unauthenticated(_) => refused,
                ServerError::Limit(_) => LoginOutcome::TooMany,
                _ => LoginOutcome::Failed,
            },
        }
    }
}

/// What became of a login.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum LoginOutcome {
    /// It succeeded.
    Ok,
    /// The user or the password is wrong.
    WrongPassword,
    /// A token is of nobody, is not good any more, or was never good.
    BadToken,
    /// A session token has come to its end.
    SessionEnded,
    /// A certificate is of none of the users, or of several.
    UnknownCertificate,
    /// Nothing came that says who it is.
    NoCredentials,
    /// What came cannot be read.
    Unreadable,
    /// Too many others are waiting.
    TooMany,
    /// The server itself failed.
    Failed,
}

impl LoginOutcome {
    /// One word for it; `ok` when it succeeded, else why not.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::WrongPassword => "wrong_password",
            Self::BadToken => "bad_token",
            Self::SessionEnded => "session_ended",
            Self::UnknownCertificate => "unknown_certificate",
            Self::NoCredentials => "no_credentials",
            Self::Unreadable => "unreadable",
            Self::TooMany => "too_many",
            Self::Failed => "failed",
        }
    }
}

type Follower = Box<dyn Fn(&Login<'_>) + Send + Sync>;

/// Tells of logins.
#[derive(Default)]
pub(super) struct Logins {
    follower: OnceLock<Follower>,
}

impl Logins {
    /// Has `follower` told of each from now on. There is one at most.
    pub(super) fn follow(&self, follower: Follower) {
        // A second one is not there: the authenticator is followed where it is made.
        let _ = self.follower.set(follower);
    }

    pub(super) fn tell(&self, login: &Login<'_>) {
        let (user, address) = (login.user.unwrap_or_default(), login.address);
        match login.outcome {
            LoginOutcome::Ok => tracing::info!(user, %address, "somebody has logged in"),
            // Whoever comes without knows no better, or asks whether he needs one.
            LoginOutcome::NoCredentials => {}
            why => tracing::warn!(user, %address, why = why.word(), "a login has failed"),
        }
        if let Some(follower) = self.follower.get() {
            follower(login);
        }
    }
}
