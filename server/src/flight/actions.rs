//! The actions of DoAction, and their list.

use arrow_flight::sql::{Any, Command, ProstMessageExt};
use arrow_flight::{Action, ActionType};

use super::{Flight, info, refusals};
use crate::caller::Caller;
use crate::error::ServerError;

const CREATE_PREPARED_STATEMENT: &str = "CreatePreparedStatement";
const CLOSE_PREPARED_STATEMENT: &str = "ClosePreparedStatement";

/// The actions that are served; no others are listed.
pub(super) fn served() -> impl Iterator<Item = ActionType> {
    [
        (
            CREATE_PREPARED_STATEMENT,
            "Prepares a statement.\n\
             Request Message: ActionCreatePreparedStatementRequest\n\
             Response Message: ActionCreatePreparedStatementResult",
        ),
        (
            CLOSE_PREPARED_STATEMENT,
            "Closes a prepared statement.\n\
             Request Message: ActionClosePreparedStatementRequest\n\
             Response Message: N/A",
        ),
    ]
    .into_iter()
    .map(|(name, description)| ActionType {
        r#type: name.to_owned(),
        description: description.to_owned(),
    })
}

impl Flight {
    /// Takes an action, and gives its answer where it has one.
    pub(super) async fn act(
        &self,
        caller: &Caller,
        action: Action,
    ) -> Result<Option<Any>, ServerError> {
        match action.r#type.as_str() {
            CREATE_PREPARED_STATEMENT => match info::command(&action.body)? {
                Command::ActionCreatePreparedStatementRequest(request) => {
                    let created = self.prepare(caller, request).await?;
                    Ok(Some(created.as_any()))
                }
                _ => Err(mismatch(CREATE_PREPARED_STATEMENT)),
            },
            CLOSE_PREPARED_STATEMENT => match info::command(&action.body)? {
                Command::ActionClosePreparedStatementRequest(request) => {
                    self.close(caller, &request)?;
                    Ok(None)
                }
                _ => Err(mismatch(CLOSE_PREPARED_STATEMENT)),
            },
            other => Err(refusals::action(other)),
        }
    }
}

fn mismatch(action: &str) -> ServerError {
    ServerError::Invalid(format!(
        "expected Action{action}Request in the body of {action}, got something else"
    ))
}
