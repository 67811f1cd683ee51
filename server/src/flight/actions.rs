//! The actions of DoAction, and their list.

use arrow_flight::sql::{ActionCancelQueryResult, Command, ProstMessageExt};
use arrow_flight::{
    Action, ActionType, CancelFlightInfoRequest, CancelFlightInfoResult, FlightInfo,
    RenewFlightEndpointRequest,
};
use prost::Message;

use super::sessions::{CLOSE_SESSION, GET_SESSION_OPTIONS, SET_SESSION_OPTIONS};
use super::{Flight, info, refusals};
use crate::caller::Caller;
use crate::error::ServerError;

const CREATE_PREPARED_STATEMENT: &str = "CreatePreparedStatement";
const CREATE_PREPARED_SUBSTRAIT_PLAN: &str = "CreatePreparedSubstraitPlan";
const CLOSE_PREPARED_STATEMENT: &str = "ClosePreparedStatement";
const CANCEL_FLIGHT_INFO: &str = "CancelFlightInfo";
const CANCEL_QUERY: &str = "CancelQuery";
const RENEW_FLIGHT_ENDPOINT: &str = "RenewFlightEndpoint";

/// The actions that are served, with what they do, take and give; no others are listed.
const SERVED: [(&str, &str, &str, &str); 9] = [
    (
        CREATE_PREPARED_STATEMENT,
        "Prepares a statement.",
        "ActionCreatePreparedStatementRequest",
        "ActionCreatePreparedStatementResult",
    ),
    (
        CREATE_PREPARED_SUBSTRAIT_PLAN,
        "Prepares a Substrait plan.",
        "ActionCreatePreparedSubstraitPlanRequest",
        "ActionCreatePreparedStatementResult",
    ),
    (
        CLOSE_PREPARED_STATEMENT,
        "Closes a prepared statement.",
        "ActionClosePreparedStatementRequest",
        "N/A",
    ),
    (
        CANCEL_FLIGHT_INFO,
        "Cancels the statement of a FlightInfo.",
        "CancelFlightInfoRequest",
        "CancelFlightInfoResult",
    ),
    (
        CANCEL_QUERY,
        "Cancels the statement of a FlightInfo; CancelFlightInfo does it too.",
        "ActionCancelQueryRequest",
        "ActionCancelQueryResult",
    ),
    (
        RENEW_FLIGHT_ENDPOINT,
        "Prolongs the time for which an endpoint's ticket is good.",
        "RenewFlightEndpointRequest",
        "FlightEndpoint",
    ),
    (
        SET_SESSION_OPTIONS,
        "Sets options of the session, which is made if there is none.",
        "SetSessionOptionsRequest",
        "SetSessionOptionsResult",
    ),
    (
        GET_SESSION_OPTIONS,
        "Tells the options of the session.",
        "GetSessionOptionsRequest",
        "GetSessionOptionsResult",
    ),
    (
        CLOSE_SESSION,
        "Ends the session, with its prepared statements and all that runs in it.",
        "CloseSessionRequest",
        "CloseSessionResult",
    ),
];

/// The actions that are served.
pub(super) fn served() -> impl Iterator<Item = ActionType> {
    SERVED
        .iter()
        .map(|(name, what, request, response)| ActionType {
            r#type: (*name).to_owned(),
            description: format!(
                "{what}\nRequest Message: {request}\nResponse Message: {response}"
            ),
        })
}

/// The name of an action that is served; none for others.
pub(super) fn name(action: &str) -> Option<&'static str> {
    let mut names = SERVED.iter().map(|(name, ..)| *name);
    names.find(|name| *name == action)
}

impl Flight {
    /// Takes an action, and gives the body of its answer where it has one.
    pub(super) async fn act(
        &self,
        caller: &Caller,
        action: Action,
    ) -> Result<Option<Vec<u8>>, ServerError> {
        match action.r#type.as_str() {
            CREATE_PREPARED_STATEMENT => match info::command(&action.body)? {
                command @ Command::ActionCreatePreparedStatementRequest(_) => {
                    self.prepared(caller, &command).await.map(Some)
                }
                _ => Err(mismatch(CREATE_PREPARED_STATEMENT)),
            },
            CREATE_PREPARED_SUBSTRAIT_PLAN => match info::command(&action.body)? {
                command @ Command::ActionCreatePreparedSubstraitPlanRequest(_) => {
                    self.prepared(caller, &command).await.map(Some)
                }
                _ => Err(mismatch(CREATE_PREPARED_SUBSTRAIT_PLAN)),
            },
            CLOSE_PREPARED_STATEMENT => match info::command(&action.body)? {
                Command::ActionClosePreparedStatementRequest(request) => {
                    self.close(caller, &request)?;
                    Ok(None)
                }
                _ => Err(mismatch(CLOSE_PREPARED_STATEMENT)),
            },
            CANCEL_FLIGHT_INFO => {
                let request = CancelFlightInfoRequest::decode(action.body)
                    .map_err(|_| mismatch(CANCEL_FLIGHT_INFO))?;
                let status = self
                    .cancel(caller, &request.info.unwrap_or_default())
                    .await?;
                Ok(Some(CancelFlightInfoResult::new(status).encode_to_vec()))
            }
            CANCEL_QUERY => match info::command(&action.body)? {
                Command::ActionCancelQueryRequest(request) => {
                    let info = FlightInfo::decode(request.info).map_err(|_| {
                        ServerError::Invalid("expected a FlightInfo, got something else".to_owned())
                    })?;
                    let result = ActionCancelQueryResult {
                        // The older action numbers its results as the newer one does.
                        result: self.cancel(caller, &info).await?.into(),
                    };
                    Ok(Some(result.as_any().encode_to_vec()))
                }
                _ => Err(mismatch(CANCEL_QUERY)),
            },
            RENEW_FLIGHT_ENDPOINT => {
                let request = RenewFlightEndpointRequest::decode(action.body)
                    .map_err(|_| mismatch(RENEW_FLIGHT_ENDPOINT))?;
                let endpoint = self.renew(caller, &request.endpoint.unwrap_or_default())?;
                Ok(Some(endpoint.encode_to_vec()))
            }
            other => Err(refusals::action(other)),
        }
    }

    /// Prepares what a command says.
    async fn prepared(&self, caller: &Caller, command: &Command) -> Result<Vec<u8>, ServerError> {
        self.drain.may_start()?;
        let said = self.said(caller, command).await?;
        let created = self.prepare(caller, said).await?;
        Ok(created.as_any().encode_to_vec())
    }
}

fn mismatch(action: &str) -> ServerError {
    let request = SERVED.iter().find(|(name, ..)| *name == action);
    let request = request.map_or("", |(_, _, request, _)| request);
    ServerError::Invalid(format!(
        "expected {request} in the body of {action}, got something else"
    ))
}
