//! The actions on sessions: their options are set and told, and they are ended.

use arrow_flight::Action;
use cohortql_proto::session::close_session_result::Status as Closed;
use cohortql_proto::session::{
    CloseSessionRequest, CloseSessionResult, GetSessionOptionsRequest, GetSessionOptionsResult,
    SetSessionOptionsRequest, SetSessionOptionsResult,
};
use prost::Message;
use tonic::Request;

use super::Flight;
use crate::caller::{connection, origin};
use crate::error::ServerError;
use crate::sessions::{forget, has_cookie};

pub(super) const SET_SESSION_OPTIONS: &str = "SetSessionOptions";
pub(super) const GET_SESSION_OPTIONS: &str = "GetSessionOptions";
pub(super) const CLOSE_SESSION: &str = "CloseSession";

/// The answer to an action on a session.
pub(super) struct SessionAnswer {
    /// The body of the action's result.
    pub(super) body: Vec<u8>,
    /// What the client is to remember, or to forget.
    pub(super) cookie: Option<String>,
}

impl Flight {
    /// Takes an action on the caller's session; none when it is another action.
    pub(super) fn session_action(
        &self,
        request: &Request<Action>,
    ) -> Result<Option<SessionAnswer>, ServerError> {
        let action = request.get_ref();
        let sessions = connection(request)?.sessions();
        let (origin, metadata) = (origin(request)?, request.metadata());
        let (body, cookie) = match action.r#type.as_str() {
            SET_SESSION_OPTIONS => {
                let wanted: SetSessionOptionsRequest = decoded(action)?;
                let session = sessions.open(&origin, metadata)?;
                let errors = session.set(wanted.session_options);
                let cookie = match has_cookie(metadata) {
                    true => None,
                    false => Some(sessions.cookie(&session)?),
                };
                let result = SetSessionOptionsResult { errors };
                (result.encode_to_vec(), cookie)
            }
            GET_SESSION_OPTIONS => {
                let GetSessionOptionsRequest {} = decoded(action)?;
                let session_options = sessions.options(&origin, metadata)?;
                let result = GetSessionOptionsResult { session_options };
                (result.encode_to_vec(), None)
            }
            CLOSE_SESSION => {
                let CloseSessionRequest {} = decoded(action)?;
                let id = sessions.close(&origin, metadata)?;
                if let Some(token) = origin.token {
                    self.authenticator.close(token)?;
                }
                self.prepared.end(id);
                self.results.end(id);
                self.polls.end(id);
                let result = CloseSessionResult {
                    status: Closed::Closed.into(),
                };
                let cookie = has_cookie(metadata).then(forget);
                (result.encode_to_vec(), cookie)
            }
            _ => return Ok(None),
        };
        Ok(Some(SessionAnswer { body, cookie }))
    }
}

fn decoded<M: Message + Default>(action: &Action) -> Result<M, ServerError> {
    M::decode(action.body.clone()).map_err(|_| {
        ServerError::Invalid(format!(
            "expected {0}Request in the body of {0}, got something else",
            action.r#type
        ))
    })
}
