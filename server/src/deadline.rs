//! Ends work and streams at the client's deadline and at the server's shutdown.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::{Stream, StreamExt};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use crate::error::ServerError;

/// Waits for `work` until the deadline; then drops it, which stops it.
pub(crate) async fn within<T, E: Into<ServerError>>(
    deadline: Option<Instant>,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, ServerError> {
    match deadline {
        None => work.await.map_err(Into::into),
        Some(deadline) => timeout_at(deadline, work)
            .await
            .map_err(|_| ServerError::DeadlineExceeded)?
            .map_err(Into::into),
    }
}

/// Passes `stream` on until the deadline or the end of the server; then drops it, which stops
/// the query behind it, and says why.
pub(crate) fn limited<T, S>(
    stream: S,
    deadline: Option<Instant>,
    closing: &CancellationToken,
) -> impl Stream<Item = Result<T, ServerError>> + Send + use<T, S>
where
    T: Send,
    S: Stream<Item = Result<T, ServerError>> + Send + 'static,
{
    Limited {
        stream: Some(Box::pin(stream)),
        deadline: deadline.map(|deadline| Box::pin(sleep_until(deadline))),
        closing: Box::pin(closing.clone().cancelled_owned()),
    }
}

struct Limited<S> {
    stream: Option<Pin<Box<S>>>,
    deadline: Option<Pin<Box<Sleep>>>,
    closing: Pin<Box<WaitForCancellationFutureOwned>>,
}

impl<T, S: Stream<Item = Result<T, ServerError>>> Stream for Limited<S> {
    type Item = Result<T, ServerError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(stream) = self.stream.as_mut() else {
            return Poll::Ready(None);
        };
        let polled = stream.poll_next_unpin(context);
        if let Poll::Ready(Some(_)) = polled {
            return polled;
        }
        let late = self
            .deadline
            .as_mut()
            .is_some_and(|deadline| deadline.as_mut().poll(context).is_ready());
        // The end of a stream that was stopped at the deadline must not look like the last row.
        let reason = if late {
            ServerError::DeadlineExceeded
        } else if polled.is_ready() {
            return polled;
        } else if self.closing.as_mut().poll(context).is_ready() {
            ServerError::ShuttingDown
        } else {
            return Poll::Pending;
        };
        self.stream = None;
        Poll::Ready(Some(Err(reason)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::stream;

    use super::*;

    fn one_then_nothing() -> impl Stream<Item = Result<u8, ServerError>> + Send {
        stream::iter([Ok(1)]).chain(stream::pending())
    }

    #[tokio::test]
    async fn a_stream_ends_at_its_deadline() {
        let deadline = Instant::now() + Duration::from_millis(5);
        let mut items = Box::pin(limited(
            one_then_nothing(),
            Some(deadline),
            &CancellationToken::new(),
        ));
        assert_eq!(items.next().await.unwrap().unwrap(), 1);
        let error = items.next().await.unwrap().unwrap_err();
        assert!(matches!(error, ServerError::DeadlineExceeded));
        assert!(items.next().await.is_none());
    }

    #[tokio::test]
    async fn a_stream_ends_with_the_server() {
        let closing = CancellationToken::new();
        let mut items = Box::pin(limited(one_then_nothing(), None, &closing));
        assert_eq!(items.next().await.unwrap().unwrap(), 1);
        closing.cancel();
        let error = items.next().await.unwrap().unwrap_err();
        assert!(matches!(error, ServerError::ShuttingDown));
    }

    #[tokio::test]
    async fn work_stops_at_the_deadline() {
        let never = std::future::pending::<Result<(), ServerError>>();
        let error = within(Some(Instant::now()), never).await.unwrap_err();
        assert!(matches!(error, ServerError::DeadlineExceeded));
    }
}
