//! What a descriptor asks for.

use std::sync::Arc;

use arrow_flight::FlightDescriptor;
use arrow_flight::sql::Command;

use super::prepared::Prepared;
use super::said::Said;
use super::{Flight, info};
use crate::caller::Caller;
use crate::error::ServerError;

/// What a client wants to know of, read but not planned yet.
pub(super) enum Asked {
    /// A statement that is said with it.
    Said(Said),
    /// A statement that was prepared before.
    Prepared(Arc<Prepared>),
    /// A table of metadata.
    Metadata(Command),
}

impl Asked {
    /// Whether it is a short query of literals.
    pub(super) fn is_constant(&self) -> bool {
        match self {
            Self::Said(said) => said.is_constant(),
            Self::Prepared(prepared) => prepared.is_constant(),
            Self::Metadata(_) => false,
        }
    }
}

impl Flight {
    /// Reads what a descriptor asks for.
    pub(super) async fn asked(
        &self,
        caller: &Caller,
        descriptor: &FlightDescriptor,
    ) -> Result<Asked, ServerError> {
        let command = info::descriptor_command(descriptor)?;
        match &command {
            Command::CommandPreparedStatementQuery(query) => {
                let (_, prepared) = self.find(caller, &query.prepared_statement_handle)?;
                Ok(Asked::Prepared(prepared))
            }
            Command::CommandStatementQuery(_) | Command::CommandStatementSubstraitPlan(_) => {
                self.said(caller, &command).await.map(Asked::Said)
            }
            _ => Ok(Asked::Metadata(command)),
        }
    }
}
