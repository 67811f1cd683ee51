//! What this server does not serve, each said in one sentence.

use arrow_flight::sql::Command;

use crate::error::ServerError;

fn unsupported(message: impl Into<String>) -> ServerError {
    ServerError::Unsupported(message.into())
}

/// A command that GetFlightInfo, GetSchema or DoPut cannot serve.
pub(super) fn command(command: &Command) -> ServerError {
    match command {
        Command::CommandStatementIngest(_) => {
            ServerError::Invalid("expected the rows of an ingestion by DoPut".to_owned())
        }
        other => {
            let name = other.type_url().rsplit(['/', '.']).next().unwrap_or("");
            let name: String = name.chars().take(64).collect();
            unsupported(format!("{name} cannot be served by this call"))
        }
    }
}

/// An action that is not in the list of actions.
pub(super) fn action(name: &str) -> ServerError {
    match name {
        "BeginTransaction" | "EndTransaction" | "BeginSavepoint" | "EndSavepoint" => transactions(),
        other => {
            let name: String = other.chars().take(64).collect();
            unsupported(format!("there is no action {name:?}"))
        }
    }
}

pub(super) fn transactions() -> ServerError {
    unsupported("transactions and savepoints are not supported; every statement stands alone")
}

pub(super) fn temporary() -> ServerError {
    unsupported("temporary tables are not supported; make a table and drop it after use")
}

pub(super) fn update_of_query() -> ServerError {
    ServerError::Invalid("expected a statement that changes something, got a query".to_owned())
}

pub(super) fn list_flights() -> ServerError {
    unsupported("results are not listed; ask for tables with GetTables")
}

pub(super) fn exchange() -> ServerError {
    unsupported("DoExchange is not supported")
}
