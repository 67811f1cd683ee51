//! The end of the server: what runs may finish, what is new is refused.

use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::error::ServerError;
use crate::gauge::{Entered, Gauge};

/// Knows what runs, and whether more may start. Cloning gives the same.
#[derive(Debug, Clone)]
pub(crate) struct Drain {
    running: Gauge,
    draining: CancellationToken,
    closing: CancellationToken,
}

impl Drain {
    pub(crate) fn new() -> Self {
        Self {
            running: Gauge::new(),
            draining: CancellationToken::new(),
            closing: CancellationToken::new(),
        }
    }

    /// Takes part in what the server waits for before it ends.
    pub(crate) fn enter(&self) -> Entered {
        self.running.enter()
    }

    /// Refuses what is new once the server is about to end.
    pub(crate) fn may_start(&self) -> Result<(), ServerError> {
        match self.draining.is_cancelled() {
            true => Err(ServerError::Draining),
            false => Ok(()),
        }
    }

    /// Cancelled when what still runs has to end.
    pub(crate) fn closing(&self) -> &CancellationToken {
        &self.closing
    }

    /// What work comes to, or that the server ends before.
    pub(crate) async fn unless_closing<T, E: From<ServerError>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        tokio::select! {
            biased;
            outcome = work => outcome,
            () = self.closing.cancelled() => Err(ServerError::ShuttingDown.into()),
        }
    }

    /// Lets nothing new start, and waits for what runs, but no longer than `patience`; then tells
    /// it to end, and waits for `farewell` at most until it has.
    pub(crate) async fn run(&self, patience: Duration, farewell: Duration) {
        self.draining.cancel();
        if timeout(patience, self.running.none()).await.is_err() {
            tracing::info!(
                running = self.running.count(),
                "what still runs is told to end"
            );
        }
        self.closing.cancel();
        let _ = timeout(farewell, self.running.none()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    #[tokio::test]
    async fn what_runs_is_waited_for_and_nothing_new_starts() {
        let drain = Drain::new();
        drain.may_start().unwrap();
        let running = drain.enter();
        let ending = tokio::spawn({
            let drain = drain.clone();
            async move { drain.run(LONG, LONG).await }
        });
        while drain.may_start().is_ok() {
            tokio::task::yield_now().await;
        }
        assert!(!drain.closing().is_cancelled());
        drop(running);
        ending.await.unwrap();
        assert!(drain.closing().is_cancelled());
    }

    #[tokio::test]
    async fn what_does_not_end_is_told_to() {
        let drain = Drain::new();
        let _running = drain.enter();
        drain.run(Duration::ZERO, Duration::ZERO).await;
        let never = std::future::pending::<Result<(), ServerError>>();
        let error = drain.unless_closing(never).await.unwrap_err();
        assert!(matches!(error, ServerError::ShuttingDown));
    }
}
