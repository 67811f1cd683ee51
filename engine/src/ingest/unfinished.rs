//! Work that is on the list of what runs, and can be stopped until it is through its gate.

use std::pin::pin;
use std::sync::Arc;

use futures::FutureExt;
use futures::future::{BoxFuture, Either, select};

use super::gate::Gate;
use crate::queries::{Phase, Running};
use crate::runtime::Task;
use crate::{EngineError, Session};

impl Session {
    /// Does work under a text when it is its turn, and stops when `stop` resolves: with
    /// [`EngineError::Cancelled`] where nothing has happened, else with what the work comes to, which
    /// was through the gate.
    pub(crate) async fn work_until<T: Send + 'static>(
        &self,
        text: &str,
        stop: impl Future<Output = ()> + Send,
        work: impl for<'a> FnOnce(
            Session,
            &'a Running,
            Arc<Gate>,
        ) -> BoxFuture<'a, Result<T, EngineError>>
        + Send
        + 'static,
    ) -> Result<T, EngineError> {
        let mut running = self.start_text(text);
        let mut stop = Box::pin(stop.map(|()| EngineError::Cancelled));
        let turn = {
            let turn = pin!(self.take_turn(&mut running));
            match select(turn, &mut stop).await {
                Either::Left((turn, _)) => turn,
                Either::Right((reason, _)) => Err(reason),
            }
        };
        running.unless_failed(turn)?;
        running.progress.enter(Phase::Running);
        let stopped = running.stopped.clone();
        let gate = Arc::new(Gate::default());
        let work = {
            let (session, gate) = (self.clone(), Arc::clone(&gate));
            async move {
                let outcome = work(session, &running, gate).await;
                running.ends(&outcome);
                outcome
            }
        };
        let work = Unfinished {
            task: Some(Task::spawn(self.shared().runtimes.compute(), work)),
            gate,
        };
        let reason = select(Box::pin(stopped.reason()), stop);
        work.unless(reason.map(|reason| reason.factor_first().0))
            .await
    }
}

/// Work that is dropped before its time is over only if the gate can still be shut.
struct Unfinished<T> {
    task: Option<Task<Result<T, EngineError>>>,
    gate: Arc<Gate>,
}

impl<T> Unfinished<T> {
    /// What the work comes to, or why it was to stop before.
    async fn unless(mut self, reason: impl Future<Output = EngineError>) -> Result<T, EngineError> {
        let gate = Arc::clone(&self.gate);
        let Some(task) = self.task.as_mut() else {
            return Err(EngineError::Cancelled);
        };
        match select(task, Box::pin(reason)).await {
            Either::Left((outcome, _)) => outcome?,
            Either::Right((reason, _)) if gate.shut() => Err(reason),
            Either::Right((_, task)) => task.await?,
        }
    }
}

impl<T> Drop for Unfinished<T> {
    fn drop(&mut self) {
        if let Some(task) = self.task.take()
            && !self.gate.shut()
        {
            task.detach();
        }
    }
}
