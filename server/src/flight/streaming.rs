//! DoGet: what a ticket leads to, as a stream of messages that ends when anybody says so.

use std::sync::Arc;

use arrow_flight::FlightData;
use cohortql_protocol::{Types, encode};
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::tickets::Subject;
use super::{Answer, Flight, statement};
use crate::bound::Batches;
use crate::caller::Caller;
use crate::compute::computed;
use crate::deadline::limited;
use crate::error::ServerError;
use crate::insight::follow;
use crate::metadata;

impl Flight {
    pub(super) async fn stream(
        &self,
        caller: &Caller,
        subject: Subject,
    ) -> Result<Answer<FlightData>, ServerError> {
        let counted = self.streams.enter(&caller.user)?;
        let mut reader = None;
        let mut stop = CancellationToken::new();
        let (schema, types, batches) = match subject {
            Subject::Statement(id, kept) => {
                let (entered, stopping) = kept.read();
                (reader, stop) = (Some(entered), stopping);
                let batches = tokio::select! {
                    biased;
                    batches = self.statement_batches(caller, id, &kept) => batches?,
                    () = stop.cancelled() => return Err(ServerError::Cancelled),
                };
                let bound = kept.bound();
                (Arc::clone(bound.schema()), bound.types(), batches)
            }
            Subject::Metadata(command) => {
                let (schema, batches) = metadata::answer(caller, &self.options, &command).await?;
                (schema, Types::Plain, batches)
            }
            Subject::Done => {
                let (schema, batches) = statement::nothing();
                (schema, Types::Plain, batches)
            }
        };
        let messages = encode(&schema, types, counted_rows(caller, batches));
        let messages = computed(&caller.engine, messages, caller.deadline);
        let messages = bounded(messages, self.most_bytes(caller));
        let kept = (
            self.drain.enter(),
            counted,
            reader,
            Arc::clone(&caller.open),
        );
        let stopped = self.stopped(caller, stop);
        let messages = limited(messages, caller.deadline, stopped, kept);
        let messages = messages.map_err(Status::from);
        Ok(follow(caller.call.clone(), messages))
    }

    /// Bytes that a result of the caller's may take.
    fn most_bytes(&self, caller: &Caller) -> Option<u64> {
        let (server, session) = (
            self.options.max_result_bytes,
            caller.open.max_result_bytes(),
        );
        match (server, session) {
            (Some(server), Some(session)) => Some(server.min(session)),
            (server, session) => server.or(session),
        }
    }

    /// Resolves when a stream has to end before its last row, with the reason.
    fn stopped(&self, caller: &Caller, stop: CancellationToken) -> BoxFuture<'static, ServerError> {
        let ended = self.ended(caller);
        let reason = async move {
            tokio::select! {
                () = stop.cancelled() => ServerError::Cancelled,
                reason = ended => reason,
            }
        };
        reason.boxed()
    }
}

/// Has the rows told with the call.
fn counted_rows(caller: &Caller, batches: Batches) -> Batches {
    if !caller.call.is_traced() {
        return batches;
    }
    let call = caller.call.clone();
    Box::pin(batches.inspect_ok(move |batch| call.add_rows(batch.num_rows() as u64)))
}

/// Passes messages on until they take more than `most` bytes.
fn bounded<S>(
    messages: S,
    most: Option<u64>,
) -> impl Stream<Item = Result<FlightData, ServerError>> + Send + use<S>
where
    S: Stream<Item = Result<FlightData, ServerError>> + Send,
{
    let most = most.unwrap_or(u64::MAX);
    let mut sent = 0_u64;
    messages.map(move |message| {
        let message = message?;
        let bytes = u64::try_from(message.encoded_len()).unwrap_or(u64::MAX);
        sent = sent.saturating_add(bytes);
        if sent > most {
            return Err(ServerError::Limit(format!(
                "the result takes more than {most} bytes, the most that one may take; \
                 select fewer rows or columns"
            )));
        }
        Ok(message)
    })
}
