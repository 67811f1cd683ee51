//! What is to be told of a project's models: what is there of them, and what tests look at.

use std::collections::BTreeMap;

use super::checks::{Subject, Test};
use super::project::Project;
use crate::EngineError;

/// What a warehouse has of a model.
#[derive(Debug, Clone)]
pub struct InWarehouse {
    /// Rows of its table; a view has none.
    pub rows: Option<u64>,
    /// When it was built, in UTC, by RFC 3339.
    pub built_at: String,
}

impl Project {
    /// The models that the target's warehouse has, by name.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn in_warehouse(&self) -> Result<BTreeMap<String, InWarehouse>, EngineError> {
        let (manifest, _, _) = self.warehouse()?.file.read().await?;
        let models = manifest.models.into_iter();
        // What only stands for a model that cannot be built was not built.
        let built = models.filter(|(_, relation)| relation.definition.is_some());
        let told = built.map(|(name, relation)| {
            let model = InWarehouse {
                rows: relation.rows,
                built_at: relation.built_at,
            };
            (name, model)
        });
        Ok(told.collect())
    }

    /// The models and sources that a test looks at.
    pub fn looked_at(&self, test: &Test) -> Vec<Subject> {
        match &test.subject {
            Some(subject) => vec![subject.clone()],
            None => {
                let models = test.needs.all().cloned().map(Subject::Model);
                let sources = test.needs.sources.iter().cloned().map(Subject::Source);
                models.chain(sources).collect()
            }
        }
    }
}
