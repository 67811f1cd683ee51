//! Work that belongs on the engine's threads, away from the network's.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use cohortql_engine::Engine;
use futures::{Stream, StreamExt, ready};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout_at};

use crate::error::ServerError;

/// Runs `work` on the compute threads; it stops when nobody waits for it any more.
pub(crate) async fn compute<T: Send + 'static>(
    engine: &Engine,
    work: impl Future<Output = Result<T, ServerError>> + Send + 'static,
) -> Result<T, ServerError> {
    let mut task = Stopping(engine.runtimes().compute().spawn(work));
    (&mut task.0).await.map_err(|_| broken())?
}

/// Runs a stream on the compute threads, two items ahead of its reader, so that an answer of one batch
/// waits for nobody between its schema and its rows; it stops when that goes, and
/// at the deadline even if the reader has not come back for what it was sent.
pub(crate) fn computed<T, S>(engine: &Engine, items: S, deadline: Option<Instant>) -> Computed<T>
where
    T: Send + 'static,
    S: Stream<Item = Result<T, ServerError>> + Send + 'static,
{
    let (sender, receiver) = mpsc::channel(2);
    let send = async move {
        let mut items = pin!(items);
        while let Some(item) = items.next().await {
            if sender.send(item).await.is_err() {
                return;
            }
        }
    };
    let task = engine.runtimes().compute().spawn(async move {
        match deadline {
            None => {
                send.await;
                Ok(())
            }
            Some(deadline) => timeout_at(deadline, send).await,
        }
    });
    Computed {
        receiver,
        task: Some(Stopping(task)),
    }
}

/// The reader's end of a stream on the compute threads.
pub(crate) struct Computed<T> {
    receiver: mpsc::Receiver<Result<T, ServerError>>,
    task: Option<Stopping<Result<(), Elapsed>>>,
}

impl<T> Stream for Computed<T> {
    type Item = Result<T, ServerError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(item) = ready!(self.receiver.poll_recv(context)) {
            return Poll::Ready(Some(item));
        }
        // An end that comes of a panic or a deadline must not look like the end of the rows.
        let Some(task) = self.task.as_mut() else {
            return Poll::Ready(None);
        };
        let ended = ready!(Pin::new(&mut task.0).poll(context));
        self.task = None;
        Poll::Ready(match ended {
            Ok(Ok(())) => None,
            Ok(Err(_)) => Some(Err(ServerError::DeadlineExceeded)),
            Err(_) => Some(Err(broken())),
        })
    }
}

fn broken() -> ServerError {
    ServerError::Internal("work on the compute threads panicked or was stopped".to_owned())
}

struct Stopping<T>(JoinHandle<T>);

impl<T> Drop for Stopping<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use futures::stream;

    use super::*;

    async fn engine() -> Engine {
        Engine::builder()
            .target_partitions(1)
            .build()
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn items_arrive_in_order() {
        let engine = engine().await;
        let mut items = computed(&engine, stream::iter((0..100).map(Ok)), None);
        for expected in 0..100 {
            assert_eq!(items.next().await.unwrap().unwrap(), expected);
        }
        assert!(items.next().await.is_none());
        assert!(items.next().await.is_none());
    }

    #[tokio::test]
    async fn a_deadline_is_an_error_and_not_the_end() {
        let items = stream::iter([Ok(1)]).chain(stream::pending());
        let deadline = Instant::now() + std::time::Duration::from_millis(5);
        let engine = engine().await;
        let mut items = computed(&engine, items, Some(deadline));
        assert_eq!(items.next().await.unwrap().unwrap(), 1);
        let error = items.next().await.unwrap().unwrap_err();
        assert!(matches!(error, ServerError::DeadlineExceeded));
        assert!(items.next().await.is_none());
    }

    #[tokio::test]
    async fn a_panic_is_an_error_and_not_the_end() {
        let items = stream::iter(0..2).map(|item| {
            assert!(item < 1, "as arranged");
            Ok(item)
        });
        let engine = engine().await;
        let mut items = computed(&engine, items, None);
        assert_eq!(items.next().await.unwrap().unwrap(), 0);
        let error = items.next().await.unwrap().unwrap_err();
        assert!(matches!(error, ServerError::Internal(_)));
        assert!(items.next().await.is_none());
        let failed = compute::<()>(&engine, async { panic!("as arranged") }).await;
        assert!(matches!(failed, Err(ServerError::Internal(_))));
    }
}
