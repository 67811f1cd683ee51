//! Models that cannot be built, since the project does not have what they read.

use std::collections::{BTreeMap, BTreeSet};

use super::project::Project;

impl Project {
    /// Why models cannot be built, by their names. A source whose files cannot be opened is no such
    /// reason: what reads it fails.
    pub(super) async fn missing(&self) -> BTreeMap<String, String> {
        let models = &self.graph.order;
        let sources: BTreeSet<&String> = models
            .iter()
            .flat_map(|model| &self.graph.needs(model).sources)
            .collect();
        let mut unusable = BTreeMap::new();
        for source in sources {
            if let Some(reason) = self.unusable(source).await {
                unusable.insert(source.as_str(), reason);
            }
        }
        let mut missing: BTreeMap<String, String> = BTreeMap::new();
        for model in models {
            let needs = self.graph.needs(model);
            let of_sources = needs
                .sources
                .iter()
                .filter_map(|name| unusable.get(name.as_str()));
            let of_models = needs.models.iter().filter_map(|name| missing.get(name));
            let reason = of_sources.chain(of_models).next().cloned();
            if let Some(reason) = reason {
                missing.insert(model.clone(), reason);
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
