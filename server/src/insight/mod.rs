//! What an operator sees of a server: the audit, metrics and health, traces.

mod audit;
mod call;
mod following;
mod http;
mod layer;
mod metrics;
mod repeats;
mod rotating;
mod traces;

use std::sync::Arc;
use std::time::Instant;

use cohortql_engine::Engine;

use crate::auth::{Authenticator, Login};
use crate::error::ServerError;
use audit::Audit;
pub use audit::AuditConfig;
pub(crate) use call::Call;
pub(crate) use following::follow;
pub(crate) use http::{Status, serve as serve_http};
pub(crate) use layer::CallLayer;
use metrics::Metrics;
use repeats::Repeats;
use traces::Traces;
pub use traces::TracesConfig;

/// Follows the statements of an engine, and the logins to it, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Insight {
    metrics: Arc<Metrics>,
    audit: Option<Arc<Audit>>,
    repeats: Repeats,
    traces: Option<Arc<Traces>>,
}

impl Insight {
    /// Opens the audit, where there is to be one, and begins to follow. Must be called on the
    /// runtime that is to send traces.
    pub(crate) fn start(
        engine: &Engine,
        audit: Option<&AuditConfig>,
        traces: Option<&TracesConfig>,
    ) -> Result<Arc<Self>, ServerError> {
        let audit = audit.map(Audit::start).transpose()?.map(Arc::new);
        let metrics = Arc::new(Metrics::new(engine, audit.as_ref()));
        let traces = traces.map(Traces::start).transpose()?.map(Arc::new);
        let insight = Arc::new(Self {
            metrics,
            audit,
            repeats: Repeats::default(),
            traces,
        });
        // The engine may outlive the server, and would hold the audit open.
        let following = Arc::downgrade(&insight);
        engine.observe(Arc::new(move |record| {
            if let Some(insight) = following.upgrade() {
                insight.metrics.statement(record);
                if let Some(audit) = &insight.audit {
                    audit.statement(record);
                }
            }
        }));
        Ok(insight)
    }

    /// Begins to follow logins too.
    pub(crate) fn follow(self: &Arc<Self>, authenticator: &Authenticator) {
        // Connections may outlive the server, and would hold the audit open.
        let following = Arc::downgrade(self);
        authenticator.follow(move |login| {
            if let Some(insight) = following.upgrade() {
                insight.login(login);
            }
        });
    }

    fn login(&self, login: &Login<'_>) {
        self.metrics.login(login);
        if let Some(audit) = &self.audit
            && let Some(times) = self.repeats.lines(login, Instant::now())
        {
            audit.login(login, times);
        }
    }

    /// What is counted.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// What calls pass to be traced.
    pub(crate) fn layer(&self) -> CallLayer {
        CallLayer(self.traces.clone())
    }

    /// Sends the traces that have not been sent yet.
    pub(crate) async fn end(&self) {
        if let Some(traces) = self.traces.clone() {
            // It waits on its thread. A panic there has nothing more to send.
            let _ = tokio::task::spawn_blocking(move || traces.end()).await;
        }
    }
}
