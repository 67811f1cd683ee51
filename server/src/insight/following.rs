//! The answer of a DoGet, whose call ends with it.

use std::pin::Pin;
use std::task::{Context, Poll};

use arrow_flight::FlightData;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt};
use prost::Message;
use tonic::Status;

use super::Call;

/// Passes messages on. The call ends with the last, with an error, or when nobody reads on.
pub(crate) fn follow(
    call: Call,
    messages: impl Stream<Item = Result<FlightData, Status>> + Send + 'static,
) -> BoxStream<'static, Result<FlightData, Status>> {
    match call.is_traced() {
        true => Box::pin(Followed {
            messages: messages.boxed(),
            call,
        }),
        false => messages.boxed(),
    }
}

struct Followed {
    messages: BoxStream<'static, Result<FlightData, Status>>,
    call: Call,
}

impl Stream for Followed {
    type Item = Result<FlightData, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = self.messages.poll_next_unpin(context);
        match &polled {
            Poll::Ready(Some(Ok(message))) => {
                let bytes = u64::try_from(message.encoded_len()).unwrap_or(u64::MAX);
                self.call.add_bytes(bytes);
            }
            Poll::Ready(Some(Err(status))) => self.call.fail(status),
            Poll::Ready(None) => self.call.succeed(),
            Poll::Pending => {}
        }
        polled
    }
}

impl Drop for Followed {
    fn drop(&mut self) {
        // Before what counts as running goes, so that a server which ends still tells of it.
        self.call.fail(&Status::cancelled(""));
    }
}
