//! Object stores: from URLs and configured credentials to places to read and write.

use std::sync::Arc;

use datafusion::execution::object_store::{DefaultObjectStoreRegistry, ObjectStoreRegistry};

use crate::{EngineError, Runtimes, Settings};

/// The registry that an engine's tables find their stores in.
pub(crate) fn registry(
    _settings: &Settings,
    _runtimes: &Runtimes,
) -> Result<Arc<dyn ObjectStoreRegistry>, EngineError> {
    Ok(Arc::new(DefaultObjectStoreRegistry::new()))
}
