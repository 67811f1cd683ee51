//! Work that belongs on the engine's threads, away from the network's.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use cohortql_engine::Engine;
use futures::{FutureExt, Stream, StreamExt, ready};
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

/// Does `work` here if it takes less time than to hand it to another thread, else on the compute threads.
pub(crate) async fn compute_unless<T: Send + 'static>(
    is_brief: bool,
    engine: &Engine,
    work: impl Future<Output = Result<T, ServerError>> + Send + 'static,
) -> Result<T, ServerError> {
    match is_brief {
        true => work.await,
        false => compute(engine, work).await,
    }
}

/// Items that a stream may be ahead of its reader: an answer of one batch waits for nobody between
/// its schema and its rows.
const AHEAD: usize = 2;

/// Runs a stream on the compute threads, a few items ahead of its reader; it stops when that goes, and
/// at the deadline even if the reader has not come back for what it was sent.
///
/// What is there already is taken at once, so that a short answer takes no task of its own.
pub(crate) fn computed<T, S>(engine: &Engine, items: S, deadline: Option<Instant>) -> Computed<T>
where
    T: Send + 'static,
    S: Stream<Item = Result<T, ServerError>> + Send + 'static,
{
    let mut items = Box::pin(items);
    let mut ready = VecDeque::new();
    while ready.len() <= AHEAD {
        match items.next().now_or_never() {
            Some(Some(item)) => ready.push_back(item),
            Some(None) => return Computed { ready, rest: None },
            None => break,
        }
    }
    let (sender, receiver) = mpsc::channel(AHEAD);
    let send = async move {
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
        ready,
        rest: Some(Rest {
            receiver,
            task: Stopping(task),
        }),
    }
}

/// The reader's end of a stream on the compute threads.
pub(crate) struct Computed<T> {
    ready: VecDeque<Result<T, ServerError>>,
    rest: Option<Rest<T>>,
}

/// What is computed while the reader reads.
struct Rest<T> {
    receiver: mpsc::Receiver<Result<T, ServerError>>,
    task: Stopping<Result<(), Elapsed>>,
}

/// Nothing in it is pinned.
impl<T> Unpin for Computed<T> {}

impl<T> Stream for Computed<T> {
    type Item = Result<T, ServerError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if let Some(item) = self.ready.pop_front() {
            return Poll::Ready(Some(item));
        }
        let Some(rest) = self.rest.as_mut() else {
            return Poll::Ready(None);
        };
        if let Some(item) = ready!(rest.receiver.poll_recv(context)) {
            return Poll::Ready(Some(item));
        }
        // An end that comes of a panic or a deadline must not look like the end of the rows.
        let ended = ready!(Pin::new(&mut rest.task.0).poll(context));
        self.rest = None;
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
        // Beyond what is taken at once.
        let items = stream::iter(0..10).map(|item| {
            assert!(item < 9, "as arranged");
            Ok(item)
        });
        let engine = engine().await;
        let mut items = computed(&engine, items, None);
        for expected in 0..9 {
            assert_eq!(items.next().await.unwrap().unwrap(), expected);
        }
        let error = items.next().await.unwrap().unwrap_err();
        assert!(matches!(error, ServerError::Internal(_)));
        assert!(items.next().await.is_none());
        let failed = compute::<()>(&engine, async { panic!("as arranged") }).await;
        assert!(matches!(failed, Err(ServerError::Internal(_))));
    }
}
