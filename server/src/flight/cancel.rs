//! Cancelling a statement that a FlightInfo stands for, and prolonging its tickets.

use arrow_flight::{CancelStatus, FlightEndpoint, FlightInfo};
use cohortql_protocol::polling;

use super::tickets::Subject;
use super::{Flight, info};
use crate::caller::Caller;
use crate::error::ServerError;

impl Flight {
    /// Cancels what a FlightInfo leads to: what is polled, what waits for its DoGet, and what is
    /// read just now, however long ago its ticket was good. Changes that have happened and metadata
    /// cannot be cancelled.
    pub(super) async fn cancel(
        &self,
        caller: &Caller,
        info: &FlightInfo,
    ) -> Result<CancelStatus, ServerError> {
        let mut found = Vec::new();
        if let Some(sealed) = polling::poll_of(info) {
            let polled = self.poll_to_cancel(caller, &sealed)?;
            found.push(match self.cancel_poll(&polled).await? {
                None => CancelStatus::NotCancellable,
                Some(true) => CancelStatus::Cancelled,
                Some(false) => CancelStatus::Cancelling,
            });
        }
        for ticket in info.endpoint.iter().filter_map(|end| end.ticket.as_ref()) {
            found.push(match self.ticket_to_cancel(caller, ticket)? {
                Subject::Metadata(_) | Subject::Done => CancelStatus::NotCancellable,
                Subject::Statement(id, kept) => {
                    self.results.remove(id);
                    match kept.cancel().await {
                        true => CancelStatus::Cancelled,
                        false => CancelStatus::Cancelling,
                    }
                }
            });
        }
        let has = |status| found.contains(&status);
        if has(CancelStatus::Cancelling) {
            Ok(CancelStatus::Cancelling)
        } else if has(CancelStatus::Cancelled) {
            Ok(CancelStatus::Cancelled)
        } else if has(CancelStatus::NotCancellable) {
            Ok(CancelStatus::NotCancellable)
        } else {
            Err(ServerError::Invalid(
                "expected the FlightInfo of a statement, got one that leads nowhere".to_owned(),
            ))
        }
    }

    /// The endpoint with a ticket that is good from now on for as long as a new one.
    pub(super) fn renew(
        &self,
        caller: &Caller,
        endpoint: &FlightEndpoint,
    ) -> Result<FlightEndpoint, ServerError> {
        let ticket = endpoint.ticket.as_ref().ok_or_else(|| {
            ServerError::Invalid("expected an endpoint with a ticket, got one without".to_owned())
        })?;
        let handle = self.renewed_ticket(caller, ticket)?;
        Ok(info::endpoint(handle, self.result_expiry()))
    }
}
