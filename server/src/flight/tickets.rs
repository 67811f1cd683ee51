//! Tickets and handles: sealed when they are issued, opened and checked when they come back.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arrow_flight::sql::Command;
use arrow_flight::{FlightDescriptor, Ticket};
use bytes::Bytes;
use cohortql_proto::ticket::v1::claims::Subject as Sealed;
use cohortql_proto::ticket::v1::{Claims, Done, Purpose, StatementRef};
use cohortql_protocol::ProtocolError;
use uuid::Uuid;

use super::kept::Kept;
use super::poll::Polled;
use super::{Flight, info};
use crate::bound::Bound;
use crate::caller::Caller;
use crate::error::ServerError;

/// A moment at which nothing has expired: what runs is stopped by its ticket or its descriptor also
/// after their time.
const BEFORE_ALL: i64 = i64::MIN;

/// What a valid ticket gives access to.
pub(super) enum Subject {
    /// The answer of a statement.
    Statement(Uuid, Arc<Kept>),
    /// A table of metadata.
    Metadata(Command),
    /// Nothing: a change has happened already.
    Done,
}

impl Subject {
    /// Whether to answer it takes less time than to hand it to another thread.
    pub(super) fn is_brief(&self) -> bool {
        match self {
            Self::Statement(_, kept) => kept.bound().is_constant(),
            Self::Metadata(_) => false,
            Self::Done => true,
        }
    }
}

impl Flight {
    /// A ticket for a statement's answer, which is kept under `id`.
    pub(super) fn statement_ticket(
        &self,
        caller: &Caller,
        id: Uuid,
        bound: &Bound,
    ) -> Result<Bytes, ServerError> {
        let subject = Sealed::Statement(reference(id, bound.digest()));
        self.result_ticket(caller, bound.session_id(), subject)
    }

    /// What a statement that runs under `id` is polled with.
    pub(super) fn poll_seal(
        &self,
        caller: &Caller,
        id: Uuid,
        bound: &Bound,
    ) -> Result<Bytes, ServerError> {
        Ok(self.seal.seal(&Claims {
            purpose: Purpose::Poll.into(),
            principal: caller.principal.clone(),
            session_id: bound.session_id(),
            expires_unix_millis: after(self.options.ticket_lifetime),
            subject: Some(Sealed::Statement(reference(id, bound.digest()))),
            traceparent: caller.call.traceparent(),
        })?)
    }

    /// The statement of the caller's that is polled with this.
    pub(super) fn open_poll(
        &self,
        caller: &Caller,
        sealed: &[u8],
    ) -> Result<(Uuid, Arc<Polled>), ServerError> {
        self.polled_at(caller, sealed, now())
    }

    /// The statement of the caller's that is to be cancelled by what it is polled with.
    pub(super) fn poll_to_cancel(
        &self,
        caller: &Caller,
        sealed: &[u8],
    ) -> Result<Arc<Polled>, ServerError> {
        let (_, polled) = self.polled_at(caller, sealed, BEFORE_ALL)?;
        Ok(polled)
    }

    fn polled_at(
        &self,
        caller: &Caller,
        sealed: &[u8],
        now: i64,
    ) -> Result<(Uuid, Arc<Polled>), ServerError> {
        let claims = self
            .seal
            .open(sealed, Purpose::Poll, &caller.principal, now)?;
        caller.call.follow(&claims.traceparent);
        let id = match claims.subject {
            Some(Sealed::Statement(reference)) => Uuid::from_slice(&reference.id).ok(),
            _ => None,
        };
        let id = id.ok_or(ProtocolError::NotSealed("descriptor to poll with"))?;
        let polled = self.polls.get(id).ok_or_else(|| {
            ServerError::NotFound(
                "the statement was not polled for long, or its session was closed; run it again"
                    .to_owned(),
            )
        })?;
        Ok((id, polled))
    }

    /// When a ticket of now expires.
    pub(super) fn result_expiry(&self) -> SystemTime {
        SystemTime::now() + self.options.ticket_lifetime
    }

    /// The handle of a ticket of the caller's with a new time.
    pub(super) fn renewed_ticket(
        &self,
        caller: &Caller,
        ticket: &Ticket,
    ) -> Result<Bytes, ServerError> {
        // Opening it says that it is used.
        self.open_ticket(caller, ticket)?;
        let mut claims = self.ticket_claims(caller, ticket, now())?;
        claims.expires_unix_millis = after(self.options.ticket_lifetime);
        Ok(self.seal.seal(&claims)?)
    }

    /// A ticket for the answer of a change that has happened, which is empty.
    pub(super) fn done_ticket(&self, caller: &Caller) -> Result<Bytes, ServerError> {
        self.result_ticket(caller, caller.session.id(), Sealed::Done(Done {}))
    }

    /// A ticket for a table of metadata: the command itself, sealed.
    pub(super) fn metadata_ticket(
        &self,
        caller: &Caller,
        descriptor: &FlightDescriptor,
    ) -> Result<Bytes, ServerError> {
        let command = Sealed::MetadataCommand(descriptor.cmd.clone());
        self.result_ticket(caller, caller.session.id(), command)
    }

    fn result_ticket(
        &self,
        caller: &Caller,
        session_id: String,
        subject: Sealed,
    ) -> Result<Bytes, ServerError> {
        Ok(self.seal.seal(&Claims {
            purpose: Purpose::Result.into(),
            principal: caller.principal.clone(),
            session_id,
            expires_unix_millis: after(self.options.ticket_lifetime),
            subject: Some(subject),
            traceparent: caller.call.traceparent(),
        })?)
    }

    /// Opens a ticket of the caller's.
    pub(super) fn open_ticket(
        &self,
        caller: &Caller,
        ticket: &Ticket,
    ) -> Result<Subject, ServerError> {
        self.subject_at(caller, ticket, now())
    }

    /// What a ticket of the caller's leads to, to be cancelled.
    pub(super) fn ticket_to_cancel(
        &self,
        caller: &Caller,
        ticket: &Ticket,
    ) -> Result<Subject, ServerError> {
        self.subject_at(caller, ticket, BEFORE_ALL)
    }

    fn subject_at(
        &self,
        caller: &Caller,
        ticket: &Ticket,
        now: i64,
    ) -> Result<Subject, ServerError> {
        let refused = || ServerError::from(ProtocolError::NotSealed("ticket"));
        let claims = self.ticket_claims(caller, ticket, now)?;
        caller.call.follow(&claims.traceparent);
        match claims.subject {
            Some(Sealed::Statement(reference)) => {
                let id = Uuid::from_slice(&reference.id).map_err(|_| refused())?;
                let kept = self.results.get(id).ok_or_else(gone)?;
                if kept.bound().digest() != reference.digest {
                    return Err(refused());
                }
                Ok(Subject::Statement(id, kept))
            }
            Some(Sealed::MetadataCommand(command)) => {
                Ok(Subject::Metadata(info::command(&command)?))
            }
            Some(Sealed::Done(Done {})) => Ok(Subject::Done),
            Some(Sealed::Login(_)) | None => Err(refused()),
        }
    }

    fn ticket_claims(
        &self,
        caller: &Caller,
        ticket: &Ticket,
        now: i64,
    ) -> Result<Claims, ServerError> {
        let Ok(Command::TicketStatementQuery(handle)) = info::command(&ticket.ticket) else {
            return Err(ProtocolError::NotSealed("ticket").into());
        };
        Ok(self.seal.open(
            &handle.statement_handle,
            Purpose::Result,
            &caller.principal,
            now,
        )?)
    }

    /// A handle for a prepared statement.
    pub(super) fn prepared_handle(
        &self,
        caller: &Caller,
        id: Uuid,
        digest: Vec<u8>,
    ) -> Result<Bytes, ServerError> {
        Ok(self.seal.seal(&Claims {
            purpose: Purpose::Prepared.into(),
            principal: caller.principal.clone(),
            session_id: caller.session.id(),
            expires_unix_millis: after(self.options.prepared_lifetime),
            subject: Some(Sealed::Statement(reference(id, digest))),
            // Executing it again and again is not one trace.
            traceparent: String::new(),
        })?)
    }

    /// The id and digest in a prepared statement's handle of the caller's.
    pub(super) fn open_handle(
        &self,
        caller: &Caller,
        handle: &[u8],
    ) -> Result<(Uuid, Bytes), ServerError> {
        let claims = self
            .seal
            .open(handle, Purpose::Prepared, &caller.principal, now())?;
        let Some(Sealed::Statement(reference)) = claims.subject else {
            return Err(ProtocolError::NotSealed("prepared statement handle").into());
        };
        let id = Uuid::from_slice(&reference.id)
            .map_err(|_| ProtocolError::NotSealed("prepared statement handle"))?;
        Ok((id, reference.digest))
    }
}

fn reference(id: Uuid, digest: Vec<u8>) -> StatementRef {
    StatementRef {
        id: Bytes::copy_from_slice(id.as_bytes()),
        digest: digest.into(),
    }
}

fn gone() -> ServerError {
    ServerError::NotFound(
        "the result behind the ticket is not kept any more; run the statement again".to_owned(),
    )
}

fn now() -> i64 {
    after(Duration::ZERO)
}

/// The moment a while from now, in milliseconds since the Unix epoch.
fn after(wait: Duration) -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.saturating_add(wait).as_millis()).unwrap_or(i64::MAX)
}
