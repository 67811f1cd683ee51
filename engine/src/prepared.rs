//! Statements that a session keeps under a name, by PREPARE: how many, and in how much memory.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use datafusion::execution::memory_pool::{MemoryConsumer, MemoryPool, MemoryReservation};
use datafusion::logical_expr::{LogicalPlan, Statement};
use tokio::sync::Mutex;

use crate::sql::Size;
use crate::{EngineError, Planned};

/// Statements that a session keeps at most.
const MOST: usize = 100;

/// The names of what a session keeps, each with its share of the memory limit.
#[derive(Debug, Default)]
pub(crate) struct Prepared(Mutex<BTreeMap<String, MemoryReservation>>);

/// What becomes of the names.
pub(crate) enum Naming {
    Kept { name: String, bytes: usize },
    GivenUp(String),
}

impl Naming {
    /// What a statement does to the names, if it does anything.
    pub(crate) fn by(planned: &Planned) -> Option<Self> {
        match planned.logical_plan() {
            LogicalPlan::Statement(Statement::Prepare(prepare)) => Some(Self::Kept {
                name: prepare.name.clone(),
                bytes: Size::of(planned.text()).kept(),
            }),
            LogicalPlan::Statement(Statement::Deallocate(given_up)) => {
                Some(Self::GivenUp(given_up.name.clone()))
            }
            _ => None,
        }
    }
}

impl Prepared {
    /// Does the work that keeps a statement or gives one up, where there is room for what is kept.
    /// Such work waits for that of others, so that what is counted is what is there.
    ///
    /// # Errors
    /// [`EngineError::Resources`] without room; whatever the work fails with.
    pub(crate) async fn changing<T>(
        &self,
        naming: Naming,
        pool: &Arc<dyn MemoryPool>,
        work: impl Future<Output = Result<T, EngineError>>,
    ) -> Result<T, EngineError> {
        let mut held = self.0.lock().await;
        match naming {
            Naming::Kept { name, bytes } => {
                if held.len() >= MOST {
                    return Err(EngineError::Resources {
                        message: format!(
                            "a session keeps {MOST} statements at most: DEALLOCATE one of them \
                             before PREPARE {name}"
                        ),
                    });
                }
                let memory = MemoryConsumer::new(format!("statement {name}")).register(pool);
                memory.try_grow(bytes)?;
                let done = work.await?;
                held.insert(name, memory);
                Ok(done)
            }
            Naming::GivenUp(name) => {
                let done = work.await?;
                held.remove(&name);
                Ok(done)
            }
        }
    }
}
