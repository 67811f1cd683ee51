//! Work that belongs on the engine's threads, away from the network's.

use std::future::Future;

use cohortql_engine::Engine;
use tokio::task::JoinHandle;

use crate::error::ServerError;

/// Runs `work` on the compute threads; it stops when nobody waits for it any more.
pub(crate) async fn compute<T: Send + 'static>(
    engine: &Engine,
    work: impl Future<Output = Result<T, ServerError>> + Send + 'static,
) -> Result<T, ServerError> {
    let mut task = Stopping(engine.runtimes().compute().spawn(work));
    match (&mut task.0).await {
        Ok(outcome) => outcome,
        Err(_) => Err(ServerError::Internal(
            "work on the compute threads panicked or was stopped".to_owned(),
        )),
    }
}

struct Stopping<T>(JoinHandle<T>);

impl<T> Drop for Stopping<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}
