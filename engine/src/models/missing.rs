//! Models that cannot be built, since the project does not have what they read.

use std::collections::BTreeMap;

use super::graph::Needs;
use super::project::Project;

/// Why sources are of no use and models cannot be built, by their names.
#[derive(Debug, Default)]
pub(super) struct Missing {
    sources: BTreeMap<String, String>,
    models: BTreeMap<String, String>,
}

impl Missing {
    /// Why a model cannot be built, if so.
    pub(super) fn model(&self, name: &str) -> Option<&String> {
        self.models.get(name)
    }

    /// Why what has these needs cannot be had, if so.
    pub(super) fn reason(&self, needs: &Needs) -> Option<&String> {
        let of_sources = needs
            .sources
            .iter()
            .filter_map(|name| self.sources.get(name));
        let of_models = needs.models.iter().filter_map(|name| self.models.get(name));
        of_sources.chain(of_models).next()
    }
}

impl Project {
    /// What cannot be had. A source whose files cannot be opened is no such reason: what reads it
    /// fails.
    pub(super) async fn missing(&self) -> Missing {
        let mut missing = Missing::default();
        for source in self.graph.sources() {
            if let Some(reason) = self.unusable(source).await {
                missing.sources.insert(source.clone(), reason);
            }
        }
        for model in &self.graph.order {
            let reason = missing.reason(self.graph.needs(model)).cloned();
            if let Some(reason) = reason {
                missing.models.insert(model.clone(), reason);
            }
        }
        missing
    }

    /// Why nothing can be made of a source, if so.
    async fn unusable(&self, source: &str) -> Option<String> {
        let catalog = &self.session.shared().catalog;
        match catalog.lacking(source).await {
            Ok(None) => Some(format!("source {source:?} is not in [sources]")),
            Ok(Some(lacking)) if lacking.is_empty() => None,
            Ok(Some(lacking)) => Some(format!(
                "source {source:?} has no {}: map it in [sources.{source}.columns]",
                lacking.join(", ")
            )),
            Err(_) => None,
        }
    }
}
