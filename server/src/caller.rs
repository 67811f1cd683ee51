//! Who is calling, in which session, and until when the answer is wanted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cohortql_engine::{Engine, Session};
use cohortql_protocol::Types;
use tokio::time::Instant;
use tonic::Request;
use tonic::metadata::MetadataMap;

use crate::auth::Identity;
use crate::connection::Connection;
use crate::driver::Driver;
use crate::error::ServerError;
use crate::insight::Call;
use crate::sessions::{OpenSession, Origin, Wishes};
use crate::shelf::Owner;

/// Taken off a client's deadline, so that its own error reaches it before the transport's.
const DEADLINE_MARGIN: Duration = Duration::from_millis(2);

/// What a call says about itself outside its message.
pub(crate) struct Caller {
    /// The user's name.
    pub(crate) user: String,
    /// Who tickets and handles are sealed for: the user, with the roles.
    pub(crate) principal: String,
    /// The engine behind the server.
    pub(crate) engine: Engine,
    /// The session that the call belongs to.
    pub(crate) open: Arc<OpenSession>,
    /// The engine's session, whose options and names count.
    pub(crate) session: Session,
    /// The types that the answer comes in.
    pub(crate) types: Types,
    /// When the client stops waiting.
    pub(crate) deadline: Option<Instant>,
    /// What is told of the call.
    pub(crate) call: Call,
    /// The driver that it comes from.
    pub(crate) driver: Driver,
    /// Whether what it does finds out itself when it has to stop.
    stops_itself: AtomicBool,
}

impl Caller {
    /// Reads a request's headers and connection; the session is made if there is none.
    pub(crate) fn of<T>(request: &Request<T>) -> Result<Self, ServerError> {
        let connection = connection(request)?;
        let metadata = request.metadata();
        let wishes = Wishes::of(metadata)?;
        let sessions = connection.sessions();
        let origin = origin(request)?;
        let open = sessions.open(&origin, metadata)?;
        Ok(Self {
            user: origin.user,
            principal: open.principal().to_owned(),
            engine: sessions.engine().clone(),
            session: open.session(&wishes)?,
            types: wishes.types.unwrap_or_else(|| open.types()),
            open,
            deadline: timeout(metadata).and_then(|timeout| {
                Instant::now().checked_add(timeout.saturating_sub(DEADLINE_MARGIN))
            }),
            call: Call::of(request.extensions()),
            driver: Driver::of(metadata),
            stops_itself: AtomicBool::new(false),
        })
    }

    /// Says that what the call does finds out itself when it has to stop, and says what has become
    /// of it. Nobody else stops it from now on, which would say that nothing has happened.
    pub(crate) fn stops_itself(&self) {
        self.stops_itself.store(true, Ordering::Release);
    }

    /// Waits for ever where what the call does stops itself.
    pub(crate) async fn unless_it_stops_itself(&self) {
        if self.stops_itself.load(Ordering::Acquire) {
            std::future::pending().await
        }
    }

    /// Whose the things are that the server keeps for the caller.
    pub(crate) fn owner(&self) -> Owner {
        Owner {
            user: self.user.clone(),
            session: self.open.id(),
        }
    }
}

/// The connection that a request came over.
pub(crate) fn connection<T>(request: &Request<T>) -> Result<&Arc<Connection>, ServerError> {
    let extensions = request.extensions();
    extensions
        .get::<Arc<Connection>>()
        .ok_or_else(|| ServerError::Internal("a call came without a connection".to_owned()))
}

/// Who a request comes from, and by which ways.
pub(crate) fn origin<T>(request: &Request<T>) -> Result<Origin, ServerError> {
    let connection = connection(request)?;
    // Without it nobody has asked who is calling, and nobody is let in.
    let identity = request
        .extensions()
        .get::<Identity>()
        .ok_or_else(|| ServerError::Internal("a call came without an identity".to_owned()))?;
    Ok(Origin {
        principal: identity.principal().cloned(),
        user: identity.name().to_owned(),
        seal: identity.seal(),
        grounds: identity.grounds(),
        client: Some(connection.peer().address.to_string()),
        connection: connection.number(),
        token: identity.session(),
    })
}

/// Digits that the number of a timeout may have.
const TIMEOUT_DIGITS: usize = 8;

/// The `grpc-timeout` header: up to eight digits and a unit.
fn timeout(metadata: &MetadataMap) -> Option<Duration> {
    let text = metadata.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > TIMEOUT_DIGITS {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(value * 3_600)),
        "M" => Some(Duration::from_secs(value * 60)),
        "S" => Some(Duration::from_secs(value)),
        "m" => Some(Duration::from_millis(value)),
        "u" => Some(Duration::from_micros(value)),
        "n" => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &'static str) -> Option<Duration> {
        let mut metadata = MetadataMap::new();
        metadata.insert("grpc-timeout", text.parse().unwrap());
        timeout(&metadata)
    }

    #[test]
    fn timeouts_have_six_units() {
        assert_eq!(
            parsed("99999999H"),
            Some(Duration::from_secs(99_999_999 * 3_600))
        );
        assert_eq!(parsed("2H"), Some(Duration::from_secs(7_200)));
        assert_eq!(parsed("3M"), Some(Duration::from_secs(180)));
        assert_eq!(parsed("4S"), Some(Duration::from_secs(4)));
        assert_eq!(parsed("250m"), Some(Duration::from_millis(250)));
        assert_eq!(parsed("250u"), Some(Duration::from_micros(250)));
        assert_eq!(parsed("250n"), Some(Duration::from_nanos(250)));
    }

    #[test]
    fn malformed_timeouts_are_none() {
        for text in ["", "S", "5", "5x", "-5S", "123456789S", "9999999999999999H"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }
}
