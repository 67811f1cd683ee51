//! What an operator sees of a server: the audit, metrics and health.

mod audit;
mod http;
mod metrics;
mod rotating;

use std::sync::Arc;

use cohortql_engine::Engine;

use crate::error::ServerError;
use audit::Audit;
pub use audit::AuditConfig;
pub(crate) use http::{Status, serve as serve_http};
use metrics::Metrics;

/// Follows the statements of an engine for as long as it lives.
#[derive(Debug)]
pub(crate) struct Insight {
    metrics: Arc<Metrics>,
    audit: Option<Arc<Audit>>,
}

impl Insight {
    /// Opens the audit, where there is to be one, and begins to follow.
    pub(crate) fn start(
        engine: &Engine,
        audit: Option<&AuditConfig>,
    ) -> Result<Arc<Self>, ServerError> {
        let audit = audit.map(Audit::start).transpose()?.map(Arc::new);
        let metrics = Arc::new(Metrics::new(engine, audit.as_ref()));
        let insight = Arc::new(Self { metrics, audit });
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

    /// What is counted.
    pub(crate) fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }
}
