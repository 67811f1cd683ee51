//! Substrait: plans that other engines and libraries write, taken in place of SQL.
//!
//! Tables and functions are found in the session, so that a plan can do no more than the SQL of the
//! same session. Plans read; nothing that changes something can be said in one.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;
use datafusion_substrait::logical_plan::consumer::from_substrait_plan;
use datafusion_substrait::substrait::{proto::Plan, version::version};
use futures::FutureExt;
use prost::Message;

use crate::{EngineError, Fingerprint};

/// A Substrait plan whose names are not resolved yet. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct SubstraitPlan {
    plan: Arc<Plan>,
    text: Arc<str>,
    fingerprint: Fingerprint,
}

impl SubstraitPlan {
    /// Reads the bytes of a `substrait.Plan`.
    ///
    /// # Errors
    /// [`EngineError::Syntax`] where they are none.
    pub fn decode(bytes: &[u8]) -> Result<Self, EngineError> {
        let refused = |message| EngineError::Syntax {
            message,
            location: None,
        };
        let plan = Plan::decode(bytes)
            .map_err(|error| refused(format!("expected a Substrait plan, got {error}")))?;
        if plan.relations.is_empty() {
            return Err(refused(
                "expected a Substrait plan with a relation, got one without".to_owned(),
            ));
        }
        let fingerprint = Fingerprint::of_bytes(bytes);
        Ok(Self {
            plan: Arc::new(plan),
            text: format!("substrait plan {fingerprint}").into(),
            fingerprint,
        })
    }

    /// The version of Substrait that is understood, such as `0.85.0`.
    pub fn version() -> String {
        let version = version();
        format!(
            "{}.{}.{}",
            version.major_number, version.minor_number, version.patch_number
        )
    }

    /// What stands for it where the text of a statement is shown.
    pub fn text(&self) -> &Arc<str> {
        &self.text
    }

    pub(crate) fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Resolves its names.
    pub(crate) async fn resolve(&self, state: &SessionState) -> Result<LogicalPlan, EngineError> {
        // The consumer takes what a plan refers to as given, and panics where it is not there.
        let consumed = AssertUnwindSafe(from_substrait_plan(state, &self.plan)).catch_unwind();
        match consumed.await {
            Ok(plan) => plan.map_err(|error| EngineError::planning(&error, state)),
            Err(_) => Err(EngineError::Plan {
                message: "the Substrait plan refers to something that it does not hold".to_owned(),
                location: None,
            }),
        }
    }
}
