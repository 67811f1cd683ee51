//! Ends work and streams at the client's deadline, and streams when something else stops them.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use futures::{Stream, StreamExt};
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};

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

/// Passes `stream` on until the deadline, or until `stopped` says why it ends before; then drops
/// it, which stops the query behind it, and says why. `kept` lives until the stream has come to its
/// end, or is dropped before.
pub(crate) fn limited<T, S, K>(
    stream: S,
    deadline: Option<Instant>,
    stopped: BoxFuture<'static, ServerError>,
    kept: K,
) -> impl Stream<Item = Result<T, ServerError>> + Send + use<T, S, K>
where
    T: Send,
    S: Stream<Item = Result<T, ServerError>> + Send + 'static,
    K: Send + Unpin,
{
    Limited {
        stream: Some(Box::pin(stream)),
        deadline: deadline.map(|deadline| Box::pin(sleep_until(deadline))),
        stopped,
        kept: Some(kept),
    }
}

struct Limited<S, K> {
    stream: Option<Pin<Box<S>>>,
    deadline: Option<Pin<Box<Sleep>>>,
    stopped: BoxFuture<'static, ServerError>,
    kept: Option<K>,
}

impl<S, K> Limited<S, K> {
    fn end(&mut self) {
        self.stream = None;
        self.kept = None;
    }
}

impl<T, S, K> Stream for Limited<S, K>
where
    S: Stream<Item = Result<T, ServerError>>,
    K: Unpin,
{
    type Item = Result<T, ServerError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let Some(stream) = this.stream.as_mut() else {
            return Poll::Ready(None);
        };
        // Before the next item, for one may always be there.
        let stopped = this.stopped.as_mut().poll(context);
        let polled = match stopped {
            Poll::Ready(_) => Poll::Pending,
            Poll::Pending => stream.poll_next_unpin(context),
        };
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
            // Before whoever reads learns of the end.
            self.end();
            return polled;
        } else if let Poll::Ready(reason) = stopped {
            reason
        } else {
            return Poll::Pending;
        };
        self.end();
        Poll::Ready(Some(Err(reason)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use futures::{FutureExt, stream};

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
            std::future::pending().boxed(),
            (),
        ));
        assert_eq!(items.next().await.unwrap().unwrap(), 1);
        let error = items.next().await.unwrap().unwrap_err();
        assert!(matches!(error, ServerError::DeadlineExceeded));
        assert!(items.next().await.is_none());
    }

    #[tokio::test]
    async fn what_a_stream_keeps_is_gone_when_its_end_is_told() {
        let kept = std::sync::Arc::new(());
        let keeps = std::sync::Arc::clone(&kept);
        let never = std::future::pending().boxed();
        let mut items = Box::pin(limited(stream::iter([Ok(1)]), None, never, keeps));
        assert_eq!(items.next().await.unwrap().unwrap(), 1);
        assert_eq!(std::sync::Arc::strong_count(&kept), 2);
        assert!(items.next().await.is_none());
        assert_eq!(std::sync::Arc::strong_count(&kept), 1);
    }

    #[tokio::test]
    async fn a_stream_ends_when_it_is_stopped() {
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let stopped = stopped.map(|_| ServerError::ShuttingDown).boxed();
        let kept = std::sync::Arc::new(());
        let keeps = std::sync::Arc::clone(&kept);
        // Another item is always there.
        let always = stream::repeat_with(|| Ok(1));
        let mut items = Box::pin(limited(always, None, stopped, keeps));
        assert_eq!(items.next().await.unwrap().unwrap(), 1);
        stop.send(()).unwrap();
        let error = items.next().await.unwrap().unwrap_err();
        assert!(matches!(error, ServerError::ShuttingDown));
        assert_eq!(std::sync::Arc::strong_count(&kept), 1);
    }

    #[tokio::test]
    async fn work_stops_at_the_deadline() {
        let never = std::future::pending::<Result<(), ServerError>>();
        let error = within(Some(Instant::now()), never).await.unwrap_err();
        assert!(matches!(error, ServerError::DeadlineExceeded));
    }
}
